"""Which way to sign in a `plugin_name` means, and the protocol of a provider of one's own."""

import difflib
from collections.abc import Callable
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Final, Protocol

from broker.client.api import BrokerApi, provider_tls
from broker.client.errors import PropertiesInvalid, ProviderFailed
from broker.client.model import SignedIn
from broker.client.person import Person
from broker.client.properties import ConnectionProperties
from broker.client.providers import forms, okta
from broker.client.providers.pages import ProviderPages
from broker.client.service_token import read_service_token, read_token
from broker.client.session import SignIn
from broker.client.settings import ClientSettings, is_loopback
from broker.clock import Clock
from broker.secrets import Secret

_LARGEST_RESPONSE: Final = 100_000
"""Characters, as at AWS' AssumeRoleWithSAML."""

_SESSION_TOKEN: Final = "wab1."  # noqa: S105 - how one begins
"""How the tokens of sessions begin."""


class SamlProvider(Protocol):
    """A provider of one's own: `plugin_name` is its dotted path, for instance `mycompany.sso.Provider`."""

    def __init__(self, properties: ConnectionProperties) -> None:
        """Take the connection's properties; the ones that it does not need it ignores."""
        ...

    def saml_response(self) -> str:
        """Sign in, and return the provider's SAML response in base64, as a browser would post it.

        An error of class `broker.client.errors.ClientError` reaches the person as it is.
        """
        ...


class Plugin(StrEnum):
    """The ways to sign in."""

    BROWSER = "BrowserSaml"
    DEVICE = "device"
    OKTA = "Okta"
    ADFS = "ADFS"
    PING = "Ping"
    TOKEN = "token"  # noqa: S105 - the name of a plug-in
    OWN = "own"


_NAMES: Final = {
    "browsersaml": Plugin.BROWSER,
    "browser": Plugin.BROWSER,
    "browserazure": Plugin.BROWSER,
    "browserazuread": Plugin.BROWSER,
    "browserazureoauth2": Plugin.BROWSER,
    "device": Plugin.DEVICE,
    "okta": Plugin.OKTA,
    "adfs": Plugin.ADFS,
    "ping": Plugin.PING,
    "browserazureadoauth2": Plugin.BROWSER,
    "browseridcauthplugin": Plugin.BROWSER,
    "azure": Plugin.BROWSER,
    "azuread": Plugin.BROWSER,
    "entra": Plugin.BROWSER,
    "token": Plugin.TOKEN,
    "basicsaml": Plugin.TOKEN,
    "idptokenauthplugin": Plugin.TOKEN,
}

_AT_PROVIDERS: Final[dict[Plugin, Callable[[ConnectionProperties, ProviderPages], Secret]]] = {
    Plugin.OKTA: okta.saml_response,
    Plugin.ADFS: forms.adfs,
    Plugin.PING: forms.ping,
}


def plugin_of(name: str) -> Plugin:
    """The plug-in of that name, also by the class names of Amazon's drivers.

    Raises:
        PropertiesInvalid: there is none.
    """
    short = name.rpartition(".")[2] if name.startswith(("com.amazon.redshift.plugin.", "redshift_connector.")) else name
    folded = short.lower().removesuffix("credentialsprovider")
    if (known := _NAMES.get(folded)) is not None:
        return known
    if "." in short:
        return Plugin.OWN
    near = difflib.get_close_matches(folded, _NAMES, n=1)
    hint = f" Did you mean {_NAMES[near[0]]}?" if near else ""
    raise PropertiesInvalid(
        f"There is no plug-in {name[:64]!r}.{hint}",
        remedy=f"Take one of {', '.join(each for each in Plugin if each is not Plugin.OWN)}, or the path of your own.",
    )


def sign_in_of(properties: ConnectionProperties, settings: ClientSettings) -> SignIn | None:
    """How to sign in; None for the client's own ways, browser and device.

    Raises:
        PropertiesInvalid: a property is missing.
    """
    plugin = plugin_of(properties.plugin_name)
    if plugin in (Plugin.BROWSER, Plugin.DEVICE):
        return None
    if plugin is Plugin.TOKEN and (properties.token or properties.token_file):
        return _with_token(settings)
    get = _getter(plugin, properties, settings)

    def sign_in(api: BrokerApi, person: Person, clock: Clock) -> SignedIn:
        person.tell(f"Signing in with {properties.plugin_name}.")
        return api.redeem_response(get(), clock())

    return sign_in


def _getter(plugin: Plugin, properties: ConnectionProperties, settings: ClientSettings) -> Callable[[], Secret]:
    if plugin is Plugin.TOKEN:
        return _given(properties)
    if plugin is Plugin.OWN:
        return lambda: _own(properties)
    properties.need("idp_host")
    host = _host(properties)

    def fetch() -> Secret:
        with ProviderPages(host, provider_tls(settings), properties.idp_response_timeout) as pages:
            return _AT_PROVIDERS[plugin](properties, pages)

    return fetch


def _host(properties: ConnectionProperties) -> str:
    """The provider's host with its port; it gets the password, so it must be checked wherever it may be another."""
    host = properties.idp_host if ":" in properties.idp_host else f"{properties.idp_host}:{properties.idp_port}"
    if not host.isprintable() or any(sign in host for sign in "/?#@ \\"):
        raise PropertiesInvalid("`idp_host` must be a host, with a port or without.")
    if properties.ssl_insecure and not is_loopback(f"https://{host}"):
        raise PropertiesInvalid("`ssl_insecure` would send your password to whoever answers for `idp_host`.")
    return host


def _given(properties: ConnectionProperties) -> Callable[[], Secret]:
    """The SAML response that the program has already."""
    if properties.saml_assertion is not None:
        response = properties.saml_assertion
        return lambda: response
    if not properties.assertion_file:
        raise PropertiesInvalid("token needs `token_file`, `token`, `assertion_file` or `saml_assertion`.")
    return lambda: read_assertion(Path(properties.assertion_file))


def _with_token(settings: ClientSettings) -> SignIn:
    """A service token begins a session; a session's own token is one."""

    def sign_in(api: BrokerApi, _person: Person, clock: Clock) -> SignedIn:
        text, _ = read_token(settings)
        if not text.startswith(_SESSION_TOKEN):
            return api.redeem_service_token(*read_service_token(settings), clock())
        token = Secret(text)
        now, identity = clock(), api.whoami(token)
        return SignedIn(
            token, now, identity.expires_at, identity.subject, identity.source_identity, identity.access_role
        )

    return sign_in


def read_assertion(path: Path) -> Secret:
    """The SAML response in a file, in base64; XML is encoded.

    Raises:
        PropertiesInvalid: there is no such file, or it holds something else.
    """
    import base64

    try:
        content = path.expanduser().read_bytes()[: _LARGEST_RESPONSE + 1].strip()
    except OSError as error:
        raise PropertiesInvalid(f"`assertion_file` {path} cannot be read: {error.strerror}.") from None
    text = base64.b64encode(content).decode() if content.startswith(b"<") else content.decode("ascii", "replace")
    text = "".join(text.split())
    if not text or len(text) > _LARGEST_RESPONSE or "\ufffd" in text:
        raise PropertiesInvalid(f"`assertion_file` {path} holds no SAML response.")
    return Secret(text)


def _own(properties: ConnectionProperties) -> Secret:
    module, _, name = properties.plugin_name.rpartition(".")
    try:
        made: SamlProvider = getattr(import_module(module), name)(properties)
    except (ImportError, AttributeError) as error:
        raise PropertiesInvalid(f"The provider {properties.plugin_name} cannot be loaded: {error}.") from None
    response = made.saml_response()
    if not isinstance(response, str) or not 0 < len(response) <= _LARGEST_RESPONSE:
        raise ProviderFailed(f"The provider {properties.plugin_name} gave no SAML response.")
    return Secret(response)
