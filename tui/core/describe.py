r"""psql's describing commands: \d and the lists that differ from pgspecial's by ourselves, the others by pgspecial.

pgspecial (BSD, of the pgcli project) speaks psycopg 3 and passes patterns as parameters. Only what describes is let
through: its \!, \copy, \n and \pager run programs or write files.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import psycopg

from tui.core.errors import MetaCommandFailed
from tui.core.events import Column, Row
from tui.core.lists import extension_objects, listed, lists
from tui.core.relation_sheet import sheets
from tui.core.session import DatabaseSession

DESCRIBING: Final = frozenset({"dF", "db", "ddp", "dn", "dp", "l", "list", "sf", "sv", "z", "h", "help"})
"""What pgspecial answers, besides what `tui.core.lists` and `tui.core.relation_sheet` do."""

_TITLES: Final = {
    "dn": "List of schemas",
    "l": "List of databases",
    "list": "List of databases",
    "db": "List of tablespaces",
    "dp": "Access privileges",
    "z": "Access privileges",
    "ddp": "Default access privileges",
}
_SEVERAL: Final = re.compile(r"(.*?)[S+]*")
_VIEW: Final = b"""
SELECT c.relkind IN ('v', 'm'), pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname),
       pg_catalog.array_to_string(c.reloptions, ', '), pg_catalog.pg_get_viewdef(c.oid, true)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = %(name)s::pg_catalog.regclass
"""


@dataclass(frozen=True, slots=True)
class Described:
    """A table with its title and what stands below it; without columns it is the text alone.

    Attributes:
        below: lines in place of the number of rows, or None where that is told.
        may_be_missing: no rows mean that there is nothing of the name.
        flat: never shown one line a value.
    """

    title: str = ""
    columns: tuple[Column, ...] = ()
    rows: tuple[Row, ...] = ()
    text: str = ""
    below: tuple[str, ...] | None = None
    may_be_missing: bool = False
    flat: bool = False


def describes(name: str) -> bool:
    """Whether `name` (without the backslash; `+` asks for more, `S` for the system's own) is a describing command."""
    return lists(name) or _plain(name) in DESCRIBING


def describe(session: DatabaseSession, name: str, pattern: str) -> Iterator[Described]:
    """Run a describing command.

    Raises:
        MetaCommandFailed: the server refused one of its queries.
    """
    session.ensure()
    connection, plain = session.connection, _plain(name)
    try:
        if session.redshift:
            yield from _redshift(connection, name, pattern)
        elif plain == "d" and pattern:
            for sheet in sheets(connection, pattern, verbose="+" in name):
                yield Described(sheet.title, sheet.columns, sheet.rows, below=sheet.footers, flat=sheet.flat)
        elif plain == "dx" and "+" in name:
            for extension, objects in extension_objects(connection, pattern).items():
                heading = (Column("Object description", 25),)
                yield Described(f'Objects in extension "{extension}"', heading, objects)
        elif lists(name):
            one = listed(connection, name, pattern)
            below = None if one.counts else ()
            yield Described(one.title, one.columns, one.rows, below=below, may_be_missing=one.relations)
        elif plain == "sv":
            yield Described(text=_view(connection, pattern))
        else:
            yield from _pgspecial(connection, name, pattern)
    except psycopg.Error as error:
        raise MetaCommandFailed(error.diag.message_primary or str(error).strip(), remedy="") from None


def _redshift(connection: psycopg.Connection, name: str, pattern: str) -> Iterator[Described]:
    from tui.core import redshift

    if _plain(name) == "d" and pattern:
        for sheet in redshift.sheets(connection, pattern):
            yield Described(sheet.title, sheet.columns, sheet.rows, below=sheet.footers, flat=True)
    else:
        yield Described(*redshift.listed(connection, name, pattern))


def _plain(name: str) -> str:
    match = _SEVERAL.fullmatch(name)
    return match[1] if match else name


def _pgspecial(connection: psycopg.Connection, name: str, pattern: str) -> Iterator[Described]:
    from pgspecial.main import PGSpecial

    plain = _plain(name)
    with connection.cursor() as cursor:
        # It knows no S.
        asked = f"\\{plain}{'+' if '+' in name else ''} {pattern}".rstrip()
        for title, rows, headings, status in _answers(PGSpecial(), cursor, asked):
            found: Iterable[Row] = rows if rows is not None and headings else ()
            texts = tuple(tuple(None if value is None else str(value) for value in row) for row in found)
            if plain == "sf":
                yield Described(text="\n".join(str(row[0]).rstrip("\n") for row in texts))
                continue
            yield Described(
                str(title or _TITLES.get(plain, "")).strip(),
                _columns(cursor, headings) if headings else (),
                texts,
                "" if rows is cursor or status is None else str(status).strip(),
            )


def _answers(special: Any, cursor: psycopg.Cursor, asked: str) -> Iterator[Any]:
    """What pgspecial answers; what it stumbles over is told and ends nothing else."""
    try:
        yield from special.execute(cursor, asked)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise MetaCommandFailed(f"{asked} cannot be answered: {type(error).__name__}.", remedy="") from None
    except RuntimeError as error:
        raise MetaCommandFailed(str(error), remedy="") from None


def _view(connection: psycopg.Connection, name: str) -> str:
    """What would make a view anew."""
    row = connection.execute(_VIEW, {"name": name}).fetchone()
    if row is None or not row[0]:
        raise MetaCommandFailed(f'"{name}" is not a view', remedy="")
    _, view, options, text = row
    return f"CREATE OR REPLACE VIEW {view}{f' WITH ({options})' if options else ''} AS\n{str(text).removesuffix(';')}"


def _columns(cursor: psycopg.Cursor, headings: list[str]) -> tuple[Column, ...]:
    types = [column.type_code for column in cursor.description or ()]
    return tuple(
        Column(str(heading), types[index] if len(types) == len(headings) else 25)
        for index, heading in enumerate(headings)
    )
