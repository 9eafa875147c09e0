"""What the person, or who set up the machine, wrote into `wsql.toml`: limits, and how connections differ."""

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from tui.core.errors import OptionsInvalid

COLOURS: Final = {
    "red": "#c62828",
    "orange": "#ef6c00",
    "yellow": "#f9a825",
    "green": "#2e7d32",
    "blue": "#1565c0",
    "purple": "#6a1b9a",
}
"""The names that a connection's colour may have."""

_HEX: Final = re.compile(r"#[0-9a-fA-F]{6}")
_MOST_SECONDS: Final = 1_000_000
_KINDS: Final[dict[type, str]] = {
    str: "a text in quotes",
    bool: "true or false",
    int: f"a number of seconds up to {_MOST_SECONDS:,}",
    list: "a list of texts",
}


@dataclass(frozen=True, slots=True)
class ConnectionOptions:
    """How the connections to some databases differ.

    Attributes:
        match: of `workgroup/database`, as in a shell: `production/*`.
        colour: of the screen's frame: a name or #rrggbb; "" for none.
        label: shown before the database's name.
        read_only: transactions change nothing, until the person lifts it.
    """

    match: str
    colour: str = ""
    label: str = ""
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class Options:
    """All of it.

    Attributes:
        statement_timeout_seconds: after which the server ends a statement; 0: never.
        idle_transaction_timeout_seconds: after which the server ends a session whose transaction waits; 0: never.
        read_only_roles: whoever holds one of these database roles begins read-only.
    """

    statement_timeout_seconds: int = 0
    idle_transaction_timeout_seconds: int = 0
    read_only_roles: tuple[str, ...] = ()
    connections: tuple[ConnectionOptions, ...] = ()

    def of(self, place: str) -> ConnectionOptions:
        """What counts for a place: the first that matches."""
        return next((one for one in self.connections if fnmatchcase(place, one.match)), ConnectionOptions(place))

    @property
    def limits(self) -> dict[str, str]:
        """The server's settings that they stand for."""
        wanted = {
            "statement_timeout": self.statement_timeout_seconds,
            "idle_in_transaction_session_timeout": self.idle_transaction_timeout_seconds,
        }
        return {name: f"{seconds}s" for name, seconds in wanted.items() if seconds}


def load_options(file: Path) -> Options:
    """Read the file; the defaults where there is none.

    Raises:
        OptionsInvalid: names the key.
    """
    import tomllib

    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Options()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise OptionsInvalid(f"{file} cannot be read: {error}.") from None
    found = content.pop("connections", [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise OptionsInvalid(f"{file}: connections are tables, each under [[connections]].")
    connections = []
    for one in found:
        where = f"{file}, [[connections]]"
        _check(one, {"match": str, "colour": str, "label": str, "read_only": bool}, where)
        if "match" not in one:
            raise OptionsInvalid(f"{where}: `match` is missing.")
        _check_colour(one.get("colour", ""), where)
        connections.append(ConnectionOptions(**one))
    seconds = {"statement_timeout_seconds": int, "idle_transaction_timeout_seconds": int}
    _check(content, seconds | {"read_only_roles": list}, str(file))
    roles = content.pop("read_only_roles", [])
    return Options(**content, read_only_roles=tuple(roles), connections=tuple(connections))


def _check(content: dict[str, object], known: dict[str, type], where: str) -> None:
    for key, value in content.items():
        if key not in known:
            raise OptionsInvalid(f"{where}: unknown key `{key}`. Known keys: {', '.join(known)}.")
        # A bool is an int to Python, and no number of seconds to anybody else.
        good = type(value) is known[key] and (not isinstance(value, int) or 0 <= value <= _MOST_SECONDS)
        if isinstance(value, list):
            good = all(isinstance(one, str) for one in value)
        if not good:
            raise OptionsInvalid(f"{where}: `{key}` must be {_KINDS[known[key]]}.")


def _check_colour(colour: object, where: str) -> None:
    if colour and colour not in COLOURS and not _HEX.fullmatch(str(colour)):
        raise OptionsInvalid(f"{where}: `colour` must be #rrggbb, or one of {', '.join(COLOURS)}.")
