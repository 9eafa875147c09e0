"""The workstation's settings: flags win over the environment, the environment over the person's file.

The file is `client.toml` in the platform's configuration folder (`~/.config/warehouse-access-broker` on Linux); all
its values are texts. This is the only module of the client that reads the environment.
"""

import difflib
import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import urlsplit

from broker.client.errors import SettingsInvalid
from broker.secrets import Secret

APPLICATION: Final = "warehouse-access-broker"

_VARIABLES: Final = {
    "url": "BROKER_URL",
    "workgroup": "BROKER_WORKGROUP",
    "ca_file": "BROKER_CA_FILE",
    "identity_provider": "BROKER_IDENTITY_PROVIDER",
    "sign_in": "BROKER_SIGN_IN",
    "credential_store": "BROKER_CREDENTIAL_STORE",
    "passphrase_file": "BROKER_PASSPHRASE_FILE",
    "token_file": "BROKER_TOKEN_FILE",
}
"""Every key, and the environment variable that overrides it."""


_TOKEN_VARIABLE: Final = "BROKER_TOKEN"  # noqa: S105 - the name of it
"""Second best: an environment is seen by every program that is started from it, and copied into crash reports."""


class SignInMethod(StrEnum):
    """How a sign-in is begun when there is none."""

    BROWSER = "browser"
    """Open the browser; without one, fall back to `device`."""
    PRINT = "print"
    """Print the address for a browser on this machine."""
    DEVICE = "device"
    """Show a code to type into a browser on any machine (RFC 8628)."""
    NEVER = "never"
    """Fail with `not-signed-in`: for scripts."""


class StoreKind(StrEnum):
    """Where the sign-in is kept."""

    AUTO = "auto"
    """The keyring; without one, the encrypted file."""
    KEYRING = "keyring"
    FILE = "file"
    NONE = "none"
    """Nowhere: it ends with the process."""


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """What a client needs to know.

    Attributes:
        broker_url: canonical: lower-case scheme and host, no default port, no slash at the end.
        workgroup: the one to use where none is named, or "".
        ca_file: PEM of the CAs to trust for the broker instead of the system's, or None.
        identity_provider: passed on to the broker, or "" to be asked there.
        passphrase_file: first line opens the encrypted file, or None to be asked.
        token_file, token: a service token (one of them), or None: then nobody is asked, and nothing is kept.
        state_folder: for the encrypted file, locks and warehouse CA certificates.
        client_name: what the broker's audit calls this program.
        access_role: the one to take where the provider offers several, or "".
        account: tells apart the sign-ins that one workstation keeps at one broker, or "" for the person's own.
        listen_port: where the browser's answer is awaited; 0: any free port.
        sign_in_seconds: how long a sign-in in the browser may take; the broker keeps it for ten minutes.
        unchecked_tls: take any certificate; only for a broker on loopback, and refused for any other.
    """

    broker_url: str
    state_folder: Path
    workgroup: str = ""
    ca_file: Path | None = None
    identity_provider: str = ""
    sign_in: SignInMethod = SignInMethod.BROWSER
    store: StoreKind = StoreKind.AUTO
    passphrase_file: Path | None = None
    client_name: str = "broker-cli"
    token_file: Path | None = None
    token: Secret | None = None
    access_role: str = ""
    account: str = ""
    listen_port: int = 0
    sign_in_seconds: int = 600
    unchecked_tls: bool = False

    @property
    def vault_name(self) -> str:
        """What the sign-in is kept under."""
        return f"{self.broker_url} {self.account}" if self.account else self.broker_url

    @property
    def is_service(self) -> bool:
        """Whether a service token signs in, and no person."""
        return self.token_file is not None or self.token is not None


_Choice = TypeVar("_Choice", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class _Found:
    """A setting, and where it was found, for error texts."""

    value: str
    origin: str


def config_file() -> Path:
    """Where the person's settings file is (or would be)."""
    import platformdirs

    return Path(platformdirs.user_config_dir(APPLICATION)) / "client.toml"


def load_settings(
    flags: Mapping[str, str | None] | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    file: Path | None = None,
    state_folder: Path | None = None,
) -> ClientSettings:
    """Gather the settings.

    Args:
        flags: from the command line, by key; None and "" mean not given.
        environment: instead of the process's.
        file: instead of the person's `client.toml`.
        state_folder: instead of the platform's.

    Raises:
        SettingsInvalid: names the setting and where it comes from.
    """
    file = file or config_file()
    environment = os.environ if environment is None else environment
    found = _gather(flags or {}, environment, file)
    if "url" not in found:
        raise SettingsInvalid(
            "No broker is named.", remedy=f'Pass --url, set BROKER_URL, or write `url = "https://..."` into {file}.'
        )
    token_file = _file(found, "token_file")
    token = Secret(text) if (text := environment.get(_TOKEN_VARIABLE, "")) and token_file is None else None
    is_service = token_file is not None or token is not None
    return ClientSettings(
        broker_url=_broker_url(found["url"]),
        state_folder=state_folder or _state_folder(),
        workgroup=_text(found, "workgroup"),
        ca_file=_file(found, "ca_file"),
        identity_provider=_text(found, "identity_provider"),
        sign_in=_choice(found, "sign_in", SignInMethod.BROWSER),
        # A session of a service is made in a moment, and must never meet that of a person in one store.
        store=StoreKind.NONE if is_service else _choice(found, "credential_store", StoreKind.AUTO),
        passphrase_file=_file(found, "passphrase_file"),
        token_file=token_file,
        token=token,
    )


def editor_command(environment: Mapping[str, str] | None = None) -> str:
    """The person's own editor: VISUAL, EDITOR, or what every system of the kind has."""
    environment = os.environ if environment is None else environment
    return environment.get("VISUAL") or environment.get("EDITOR") or ("notepad" if os.name == "nt" else "vi")


def remember_url(url: str, *, environment: Mapping[str, str] | None = None, file: Path | None = None) -> Path | None:
    """Write `url` into the person's settings file, where nothing names a broker yet.

    Returns:
        The file, or None if a broker was named already.
    """
    file = file or config_file()
    if file.exists() or (os.environ if environment is None else environment).get(_VARIABLES["url"]):
        return None
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f'url = "{url}"\n', encoding="utf-8")
    return file


def process_environment() -> Mapping[str, str]:
    """The process's environment, for the connection properties that stand in it."""
    return os.environ


def is_loopback(url: str) -> bool:
    """Whether `url` names this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _gather(flags: Mapping[str, str | None], environment: Mapping[str, str], file: Path) -> dict[str, _Found]:
    """Every setting that is given somewhere, by key; empty texts mean not given."""
    found = _read_file(file)
    found |= {
        key: _Found(value, variable) for key, variable in _VARIABLES.items() if (value := environment.get(variable, ""))
    }
    found |= {key: _Found(value, f"--{key.replace('_', '-')}") for key, value in flags.items() if value}
    return found


def _read_file(file: Path) -> dict[str, _Found]:
    import tomllib

    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsInvalid(f"The settings file {file} cannot be read: {error}.") from None
    for key, value in content.items():
        if key not in _VARIABLES:
            near = difflib.get_close_matches(key, _VARIABLES, n=1)
            hint = f" Did you mean `{near[0]}`?" if near else f" Known keys: {', '.join(_VARIABLES)}."
            raise SettingsInvalid(f"{file}: unknown key `{key}`.{hint}")
        if not isinstance(value, str):
            raise SettingsInvalid(f"{file}: `{key}` must be a text in quotes.")
    return {key: _Found(value, f"{file}: `{key}`") for key, value in content.items() if value}


def _broker_url(found: _Found) -> str:
    """Parse the broker's URL: https, or http on this very machine; nothing but scheme, host, port and path."""
    try:
        parts = urlsplit(found.value)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise SettingsInvalid(f"{found.origin}: {found.value!r} is not a URL.") from None
    if not found.value.isascii() or not found.value.isprintable() or any(sign in found.value for sign in ' "\\<>'):
        raise SettingsInvalid(f"{found.origin}: {found.value!r} is not a URL.")
    if parts.scheme not in ("https", "http") or not host:
        raise SettingsInvalid(f"{found.origin}: {found.value!r} is not an https URL.")
    if parts.username is not None or parts.query or parts.fragment:
        raise SettingsInvalid(f"{found.origin}: a broker's URL has no user name, query or fragment.")
    if parts.scheme == "http" and not is_loopback(found.value):
        raise SettingsInvalid(
            f"{found.origin}: http would send your session over the network in the clear.", remedy="Use https."
        )
    shown = f"[{host}]" if ":" in host else host
    authority = shown if port in (None, {"https": 443, "http": 80}[parts.scheme]) else f"{shown}:{port}"
    return f"{parts.scheme}://{authority}{parts.path.rstrip('/')}"


def _text(found: Mapping[str, _Found], key: str) -> str:
    return found[key].value if key in found else ""


def _file(found: Mapping[str, _Found], key: str) -> Path | None:
    if key not in found:
        return None
    path = Path(found[key].value).expanduser()
    if not path.is_file():
        raise SettingsInvalid(f"{found[key].origin}: there is no file {path}.")
    return path


def _choice(found: Mapping[str, _Found], key: str, default: _Choice) -> _Choice:
    if key not in found:
        return default
    try:
        return type(default)(found[key].value)
    except ValueError:
        choices = ", ".join(type(default))
        raise SettingsInvalid(f"{found[key].origin}: {found[key].value!r} is none of {choices}.") from None


def _state_folder() -> Path:
    import platformdirs

    return Path(platformdirs.user_state_dir(APPLICATION))
