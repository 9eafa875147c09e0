"""The connection properties: one table that parses them and that docs/connection-plugin.md is written from.

Names and meanings are those that users of Amazon's drivers know. Names are read without regard to case and underscores,
so that `idp_host`, `IdP_Host` and `idpHost` are one.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from broker.client.errors import PropertiesInvalid
from broker.secrets import Secret


class Kind(StrEnum):
    """What a value must look like."""

    TEXT = "text"
    SECRET = "secret"  # noqa: S105 - the name of a kind
    NUMBER = "number"
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class Property:
    """One connection property.

    Attributes:
        default: as documented; "" for none.
        low, high: the limits of a number.
    """

    name: str
    kind: Kind
    meaning: str
    aliases: tuple[str, ...] = ()
    default: str = ""
    low: int = 0
    high: int = 0


def _text(name: str, meaning: str, *aliases: str, default: str = "") -> Property:
    return Property(name, Kind.TEXT, meaning, aliases, default)


def _secret(name: str, meaning: str, *aliases: str) -> Property:
    return Property(name, Kind.SECRET, meaning, aliases)


def _flag(name: str, meaning: str, *aliases: str) -> Property:
    return Property(name, Kind.FLAG, meaning, aliases, "false")


def _number(name: str, meaning: str, *aliases: str, low: int, high: int, default: str = "") -> Property:
    return Property(name, Kind.NUMBER, meaning, aliases, default, low, high)


TABLE: Final = (
    _text(
        "plugin_name",
        "How to sign in: `BrowserSaml`, `device`, `Okta`, `ADFS`, `Ping`, `Azure`, `token`, or the dotted path of a "
        "provider of your own. The names of Amazon's drivers are understood. With a token: `token`.",
        "credentials_provider",
        default="BrowserSaml",
    ),
    _text("broker_url", "The broker's address; else that of `client.toml`.", "url", "endpoint_url"),
    _text("workgroup", "The warehouse; else your only one.", "serverless_work_group", "workgroup_name"),
    _text("database", "The database; else the workgroup's default.", "db_name", "db"),
    _text(
        "login_url",
        "For `BrowserSaml`: the broker's sign-in page, `https://BROKER/sign-in/PROVIDER`, in place of `broker_url` and "
        "`identity_provider`.",
    ),
    _text("identity_provider", "The provider's name at the broker; else you choose in the browser.", "idp_name"),
    _text("preferred_role", "The access role to take, if the provider offers several.", "access_role", "role_arn"),
    _number(
        "listen_port",
        "Where the browser's answer is awaited, on 127.0.0.1; 0 takes any free port.",
        low=0,
        high=65535,
        default="0",
    ),
    _number(
        "idp_response_timeout",
        "Seconds that a sign-in may take; the broker keeps one for ten minutes.",
        low=10,
        high=600,
        default="600",
    ),
    _number(
        "duration",
        "Seconds that a temporary login lasts; else the workgroup's default.",
        "iam_duration",
        "duration_seconds",
        low=1,
        high=86400,
    ),
    _text("idp_host", "The provider's host, for `Okta`, `ADFS` and `Ping`; it may carry a port."),
    _number("idp_port", "The provider's port.", low=1, high=65535, default="443"),
    _text("app_id", "The application's identifier at Okta."),
    _text("app_name", "The application's name at Okta.", default="amazon_aws_redshift"),
    _text("user", "Your name at the provider, for the plug-ins without a browser.", "username", "uid"),
    _secret("password", "Your password at the provider; never in a URL or a profile.", "pwd"),
    _text("login_to_rp", "The relying party at ADFS.", default="urn:amazon:webservices"),
    _text("partner_sp_id", "The service provider at Ping.", default="urn:amazon:webservices"),
    _text("token_file", "For `token`: a file with a service token, read at each sign-in; not open to everybody."),
    _secret("token", "For `token`: a service token, or a session's."),
    _secret("saml_assertion", "For `token`: a SAML response in base64, as a program gets it from the provider."),
    _text("assertion_file", "For `token`: a file with a SAML response, in base64 or as XML."),
    _text(
        "ca_file",
        "PEM of the CAs to trust: for the broker in place of the system's, for a provider beside them.",
    ),
    _flag("ssl_insecure", "Do not check the provider's and the broker's certificates; only for a broker on loopback."),
    _text(
        "credential_store",
        "Where the sign-in is kept: `auto`, `keyring`, `file` or `none`; else as `client.toml` says.",
    ),
    _text("passphrase_file", "What opens the encrypted file, in its first line."),
    _text("application_name", "What the warehouse calls your program.", default="broker"),
    _number("connect_timeout", "Seconds that connecting to the warehouse may take.", low=1, high=600, default="30"),
    _text("profile", "The section of `profiles.toml` to begin with."),
)


@dataclass(frozen=True, slots=True)
class ConnectionProperties:
    """The properties of one connection, parsed; documented in `TABLE`. Hashable, so that equal ones share a session."""

    plugin_name: str = "BrowserSaml"
    broker_url: str = ""
    workgroup: str = ""
    database: str = ""
    login_url: str = ""
    identity_provider: str = ""
    preferred_role: str = ""
    listen_port: int = 0
    idp_response_timeout: int = 600
    duration: int | None = None
    idp_host: str = ""
    idp_port: int = 443
    app_id: str = ""
    app_name: str = "amazon_aws_redshift"
    user: str = ""
    password: Secret | None = None
    login_to_rp: str = "urn:amazon:webservices"
    partner_sp_id: str = "urn:amazon:webservices"
    token_file: str = ""
    token: Secret | None = None
    saml_assertion: Secret | None = None
    assertion_file: str = ""
    ca_file: str = ""
    ssl_insecure: bool = False
    credential_store: str = ""
    passphrase_file: str = ""
    application_name: str = "broker"
    connect_timeout: int = 30
    profile: str = ""

    def need(self, *names: str) -> None:
        """Refuse to go on without these.

        Raises:
            PropertiesInvalid: names what is missing.
        """
        missing = [name for name in names if not getattr(self, name)]
        if missing:
            raise PropertiesInvalid(f"{self.plugin_name} needs {', '.join(f'`{name}`' for name in missing)}.")


_ELSEWHERE: Final = {
    "cluster_id cluster_identifier": "Name the warehouse with `workgroup`.",
    "host server hostaddr port": "Name the broker with `broker_url`; it knows where the warehouse is.",
    "sts_endpoint_url": "Name the broker with `broker_url`.",
    "iam is_serverless serverless_acct_id region iam_disable_cache": "Leave it out.",
    "db_user auto_create db_groups dbgroups_filter force_lowercase group_federation allow_db_user_override": (
        "Leave it out: user and roles follow from your groups at the identity provider."
    ),
    "access_key_id secret_access_key session_token auth_profile web_identity_token": (
        "Sign in with `plugin_name`, or with a `token`."
    ),
    "idp_tenant idp_partition client_id client_secret scope issuer_url idc_region identity_namespace token_type "
    "idc_client_display_name provider_name": "Leave it out: the broker knows the provider; the browser asks the rest.",
    "ssl sslmode ssl_mode sslrootcert": "Leave it out: the broker says how the warehouse's certificate is checked.",
    "autocommit row_factory cursor_factory prepare_threshold context options": (
        'Pass it to the driver: connect(..., driver={"NAME": value}).'
    ),
}
"""What users of Amazon's drivers, or of psycopg, may write, and what to do instead."""


def _folded(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()


_BY_NAME: Final = {_folded(name): each for each in TABLE for name in (each.name, *each.aliases)}
_INSTEAD: Final = {_folded(name): remedy for names, remedy in _ELSEWHERE.items() for name in names.split()}


def recognise(given: Mapping[str, object], origin: str, *, secrets: bool = True) -> dict[str, object]:
    """Values by their canonical names, each of its type.

    Args:
        given: names and values as somebody wrote them; None and "" mean not given.
        origin: where they come from, for error texts.
        secrets: whether secrets may stand there.

    Raises:
        PropertiesInvalid: an unknown or repeated name, a value of the wrong form, or a secret in the wrong place.
    """
    found: dict[str, object] = {}
    for name, value in given.items():
        known = _BY_NAME.get(_folded(name))
        if known is None:
            raise _unknown(name, origin)
        if value is None or value == "":
            continue
        if known.kind is Kind.SECRET and not secrets:
            raise PropertiesInvalid(
                f"{origin}: `{known.name}` is a secret, and may not stand there.",
                remedy=f"Pass it as an argument, or in the environment (BROKER_{known.name.upper()}).",
            )
        if known.name in found:
            raise PropertiesInvalid(f"{origin}: `{known.name}` is given twice.")
        found[known.name] = _value(known, value, origin)
    return found


def parse(values: Mapping[str, object]) -> ConnectionProperties:
    """The properties of recognised values; who gives a token and names no plug-in means `token`."""
    if "plugin_name" not in values and ("token" in values or "token_file" in values):
        values = {**values, "plugin_name": "token"}
    return ConnectionProperties(**values)  # type: ignore[arg-type]  # `recognise` made each of its field's type


def variables(environment: Mapping[str, str]) -> dict[str, str]:
    """The properties in an environment, as `BROKER_` and the canonical name; other variables are not ours."""
    names = {f"BROKER_{each.name.upper()}": each.name for each in TABLE}
    names["BROKER_URL"] = "broker_url"
    return {name: environment[variable] for variable, name in names.items() if environment.get(variable)}


def _value(known: Property, value: object, origin: str) -> object:
    match known.kind:
        case Kind.NUMBER:
            return _as_number(known, value, origin)
        case Kind.FLAG:
            return _as_flag(known, value, origin)
        case Kind.SECRET:
            return value if isinstance(value, Secret) else Secret(_as_text(known, value, origin))
        case Kind.TEXT:
            return _as_text(known, value, origin)


def _as_text(known: Property, value: object, origin: str) -> str:
    text = str(value) if isinstance(value, str) or hasattr(value, "__fspath__") else ""
    if not text or "\0" in text:
        raise PropertiesInvalid(f"{origin}: `{known.name}` must be a text.")
    return text


def _as_number(known: Property, value: object, origin: str) -> int:
    text = str(value) if not isinstance(value, bool) else ""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
    if not known.low <= number <= known.high:
        raise PropertiesInvalid(f"{origin}: `{known.name}` must be a whole number from {known.low} to {known.high}.")
    return number


def _as_flag(known: Property, value: object, origin: str) -> bool:
    match str(value).lower():
        case "true" | "1" | "yes" | "on":
            return True
        case "false" | "0" | "no" | "off":
            return False
        case _:
            raise PropertiesInvalid(f"{origin}: `{known.name}` must be true or false.")


def _unknown(name: str, origin: str) -> PropertiesInvalid:
    if (instead := _INSTEAD.get(_folded(name))) is not None:
        return PropertiesInvalid(f"{origin}: the property `{name[:64]}` has no meaning here.", remedy=instead)
    near = difflib.get_close_matches(_folded(name), _BY_NAME, n=1)
    hint = f" Did you mean `{_BY_NAME[near[0]].name}`?" if near else ""
    return PropertiesInvalid(f"{origin}: unknown property `{name[:64]}`.{hint}")
