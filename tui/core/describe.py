r"""psql's describing commands (\d, \dt, \dn, \du, \df, \l, ...), by pgspecial.

pgspecial (BSD, of the pgcli project) speaks psycopg 3 and passes patterns as parameters. Only what describes is let
through: its \!, \copy, \n and \pager run programs or write files.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import psycopg

from tui.core.errors import MetaCommandFailed
from tui.core.events import Column, Row
from tui.core.session import DatabaseSession

DESCRIBING: Final = frozenset(
    {"d", "dD", "dE", "dF", "dT", "db", "ddp", "df", "di", "dm", "dn", "dp", "ds", "dt", "du", "dv", "dx", "l", "list"}
    | {"sf", "z", "h"}
)


@dataclass(frozen=True, slots=True)
class Described:
    """A table with what stands above and below it; without columns it is the text alone."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    text: str


def describes(name: str) -> bool:
    """Whether `name` (without the backslash; `+` asks for more) is a describing command."""
    return name.rstrip("+") in DESCRIBING


def describe(session: DatabaseSession, name: str, pattern: str) -> Iterator[Described]:
    """Run a describing command.

    Raises:
        MetaCommandFailed: the server refused one of its queries.
    """
    from pgspecial.main import PGSpecial

    session.ensure()
    try:
        with session.connection.cursor() as cursor:
            answers: Any = PGSpecial().execute(cursor, f"\\{name} {pattern}".rstrip())
            for title, rows, headings, status in answers:
                found: Iterable[Row] = rows if rows is not None and headings else ()
                yield Described(
                    str(title or ""),
                    _columns(cursor, headings) if headings else (),
                    tuple(tuple(None if value is None else str(value) for value in row) for row in found),
                    "" if rows is cursor or status is None else str(status).strip(),
                )
    except psycopg.Error as error:
        raise MetaCommandFailed(error.diag.message_primary or str(error).strip(), remedy="") from None


def _columns(cursor: psycopg.Cursor, headings: list[str]) -> tuple[Column, ...]:
    types = [column.type_code for column in cursor.description or ()]
    return tuple(
        Column(str(heading), types[index] if len(types) == len(headings) else 25)
        for index, heading in enumerate(headings)
    )
