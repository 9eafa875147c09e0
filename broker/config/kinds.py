"""The kinds of values that a key may have: how each is written in docs/configuration.md, and how it is read."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from broker.secrets import Secret


class Unfit(Exception):
    """The value does not fit its key; the text says why, and never shows the value of a secret."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of value.

    Attributes:
        name: as the documentation calls it.
        read: the value of the file and the file's folder to the value of the configuration; raises `Unfit`.
        write: the value of the configuration as a default in the documentation.
    """

    name: str
    read: Callable[[Any, Path], Any]
    write: Callable[[Any], str] = str


def _typed(value: object, wanted: type, name: str) -> Any:
    if type(value) is not wanted:  # exact: TOML's true is no whole number
        raise Unfit(f"must be {name}, not {_name_of(value)}")
    return value


def _name_of(value: object) -> str:
    names = {str: "text", bool: "true or false", int: "a whole number", float: "a number", list: "a list"}
    return names.get(type(value), "a table" if isinstance(value, dict) else "a date or time")


def _text(value: object, _folder: Path) -> str:
    return str(_typed(value, str, "text"))


def _filled_text(value: object, folder: Path) -> str:
    text = _text(value, folder)
    if not text.strip():
        raise Unfit("must not be empty")
    return text


def _flag(value: object, _folder: Path) -> bool:
    return bool(_typed(value, bool, "true or false"))


def _texts(value: object, folder: Path) -> tuple[str, ...]:
    texts = tuple(_filled_text(item, folder) for item in _typed(value, list, "a list of texts"))
    if len(set(texts)) != len(texts):
        raise Unfit("names something twice")
    return texts


def _filled_texts(value: object, folder: Path) -> tuple[str, ...]:
    texts = _texts(value, folder)
    if not texts:
        raise Unfit("must name at least one")
    return texts


def _networks(value: object, folder: Path) -> tuple[str, ...]:
    networks = _texts(value, folder)
    for each in networks:
        try:
            ip_network(each)
        except ValueError:
            raise Unfit(f"{each!r} is no IP address or network, such as 10.0.0.0/8") from None
    return networks


def whole_number(minimum: int, maximum: int | None = None) -> Kind:
    """A whole number within bounds."""

    def read(value: object, _folder: Path) -> int:
        number = int(_typed(value, int, "a whole number"))
        if number < minimum or (maximum is not None and number > maximum):
            raise Unfit(f"must be at least {minimum}" if maximum is None else f"must be {minimum} to {maximum}")
        return number

    return Kind("whole number", read)


def seconds(minimum: int, maximum: int | None = None) -> Kind:
    """A duration within bounds."""
    number = whole_number(minimum, maximum)
    return Kind(
        "seconds",
        lambda value, folder: timedelta(seconds=number.read(value, folder)),
        lambda duration: str(int(duration.total_seconds())),
    )


def days(minimum: int, maximum: int) -> Kind:
    """A number of days within bounds."""
    number = whole_number(minimum, maximum)
    return Kind(
        "days", lambda value, folder: timedelta(days=number.read(value, folder)), lambda duration: str(duration.days)
    )


def matching(pattern: str, description: str, *, name: str = "text") -> Kind:
    """A text of a certain shape."""
    compiled = re.compile(pattern)

    def read(value: object, folder: Path) -> str:
        text = _text(value, folder)
        if not compiled.fullmatch(text):
            raise Unfit(f"must be {description}")
        return text

    return Kind(name, read, _quoted)


def one_of(*choices: str) -> Kind:
    """One word of a few."""

    def read(value: object, folder: Path) -> str:
        text = _text(value, folder)
        if text not in choices:
            raise Unfit(f"must be one of {', '.join(choices)}")
        return text

    return Kind(" / ".join(choices), read, _quoted)


def _path(value: object, folder: Path) -> Path:
    return folder / Path(_filled_text(value, folder)).expanduser()


def _existing_file(value: object, folder: Path) -> Path:
    path = _path(value, folder)
    if not path.is_file():
        raise Unfit(f"there is no file {path}")
    return path


def _new_file(value: object, folder: Path) -> Path:
    path = _path(value, folder)
    if not path.parent.is_dir():
        raise Unfit(f"there is no folder {path.parent}")
    return path


def _secret(value: object, folder: Path) -> Secret:
    return Secret(_filled_text(value, folder))


def _secret_file(value: object, folder: Path) -> Secret:
    path = _existing_file(value, folder)
    try:
        return Secret(_filled_text(path.read_text(encoding="utf-8").strip(), folder))
    except (OSError, UnicodeDecodeError):
        raise Unfit(f"{path} cannot be read") from None


def _address(value: object, folder: Path) -> tuple[str, int]:
    host, colon, port = _text(value, folder).rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not (host and colon and port.isascii() and port.isdigit() and int(port) <= 65535):
        raise Unfit("must be host:port")
    return host, int(port)


def _public_url(value: object, folder: Path) -> str:
    text = _text(value, folder).removesuffix("/")
    try:
        parts = urlsplit(text)
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise Unfit("is not a URL") from None
    if not host or parts.username or parts.path or parts.query or parts.fragment:
        raise Unfit("must be scheme://host[:port] and nothing else")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(host)):
        raise Unfit("must begin with https:// (http:// is for a loopback host only)")
    return text


def _web_url(value: object, folder: Path) -> str:
    """An address to fetch from, or "". What a stranger on the way could change is refused."""
    text = _text(value, folder)
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
    except ValueError:
        raise Unfit("is not a URL") from None
    if text and (not text.isprintable() or not host or parts.username):
        raise Unfit("must be a URL without a user")
    if text and parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(host)):
        raise Unfit("must begin with https:// (http:// is for a loopback host only)")
    return text


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _store_url(value: object, folder: Path) -> str:
    url = _text(value, folder)
    scheme, separator, file = url.partition(":///")
    if scheme == "sqlite" and separator and file:
        return f"sqlite:///{_new_file(file, folder)}"
    if not url.startswith("postgresql://"):
        raise Unfit("must be sqlite:///FILE or postgresql://...")
    return url


def _quoted(value: object) -> str:
    return f'"{value}"'


def _list(values: tuple[str, ...]) -> str:
    return "[" + ", ".join(_quoted(value) for value in values) + "]"


TEXT: Final = Kind("text", _text, _quoted)
FILLED_TEXT: Final = Kind("text, not empty", _filled_text, _quoted)
FLAG: Final = Kind("true or false", _flag, lambda value: str(value).lower())
TEXTS: Final = Kind("list of texts", _texts, _list)
FILLED_TEXTS: Final = Kind("list of texts, not empty", _filled_texts, _list)
NETWORKS: Final = Kind("list of addresses or networks", _networks, _list)
FILE: Final = Kind("file", _existing_file)
NEW_FILE: Final = Kind("file, made if absent", _new_file)
SECRET: Final = Kind("secret text", _secret)
SECRET_FILE: Final = Kind("file with a secret text", _secret_file)
ADDRESS: Final = Kind("host:port", _address, lambda address: _quoted(f"{address[0]}:{address[1]}"))
PUBLIC_URL: Final = Kind("URL", _public_url)
WEB_URL: Final = Kind("URL", _web_url, _quoted)
STORE_URL: Final = Kind("URL, may hold a secret", _store_url)
