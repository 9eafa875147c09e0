r"""psql's describing commands (\d, \dt, \dn, \du, \df, \l, ...), by pgspecial.

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
from tui.core.session import DatabaseSession

DESCRIBING: Final = frozenset(
    {"d", "dD", "dE", "dF", "dT", "db", "ddp", "df", "dg", "di", "dm", "dn", "dp", "ds", "dt", "du", "dv", "dx", "l"}
    | {"list", "sf", "z", "h"}
)

_RELATIONS: Final = frozenset({"d", "dt", "dv", "dm", "di", "ds", "dE"})
_TITLES: Final = {
    **dict.fromkeys(_RELATIONS - {"d"}, "List of relations"),
    "dn": "List of schemas",
    "df": "List of functions",
    "l": "List of databases",
    "list": "List of databases",
    "dx": "List of installed extensions",
    "dT": "List of data types",
    "dD": "List of domains",
    "db": "List of tablespaces",
    "dp": "Access privileges",
    "z": "Access privileges",
    "ddp": "Default access privileges",
}
_MODIFIERS: Final = re.compile(
    r"\s*(?:collate (?P<collation>\S+))?\s*(?P<null>not null)?\s*(?:default (?P<default>.*))?", re.DOTALL
)
_ROLES: Final = b"""
SELECT r.rolname,
       pg_catalog.concat_ws(', ',
           CASE WHEN r.rolsuper THEN 'Superuser' END,
           CASE WHEN NOT r.rolinherit THEN 'No inheritance' END,
           CASE WHEN r.rolcreaterole THEN 'Create role' END,
           CASE WHEN r.rolcreatedb THEN 'Create DB' END,
           CASE WHEN NOT r.rolcanlogin THEN 'Cannot login' END,
           CASE WHEN r.rolreplication THEN 'Replication' END,
           CASE WHEN r.rolbypassrls THEN 'Bypass RLS' END,
           CASE WHEN r.rolvaliduntil IS NOT NULL THEN 'Password valid until ' || r.rolvaliduntil::text END),
       ARRAY(SELECT b.rolname::text FROM pg_catalog.pg_auth_members m
             JOIN pg_catalog.pg_roles b ON b.oid = m.roleid WHERE m.member = r.oid ORDER BY 1)::text
FROM pg_catalog.pg_roles r
WHERE r.rolname LIKE %(pattern)s AND r.rolname !~ '^pg_'
ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class Described:
    """A table with what stands above and below it; without columns it is the text alone.

    Attributes:
        may_be_missing: no rows mean that there is nothing of the name.
        counts: the number of rows is told.
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    text: str
    may_be_missing: bool = False
    counts: bool = True


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
        if name.rstrip("+") in ("du", "dg"):
            yield _roles(session, pattern)
            return
        with session.connection.cursor() as cursor:
            answers: Any = PGSpecial().execute(cursor, f"\\{name} {pattern}".rstrip())
            for title, rows, headings, status in answers:
                found: Iterable[Row] = rows if rows is not None and headings else ()
                if list(headings or ())[:3] == ["Column", "Type", "Modifiers"]:
                    yield _columns_of(found, list(headings)[3:], str(status or "").strip())
                    continue
                yield Described(
                    str(title or _TITLES.get(name.rstrip("+"), "")),
                    _columns(cursor, headings) if headings else (),
                    tuple(tuple(None if value is None else str(value) for value in row) for row in found),
                    "" if rows is cursor or status is None else str(status).strip(),
                    may_be_missing=name.rstrip("+") in _RELATIONS,
                )
    except psycopg.Error as error:
        raise MetaCommandFailed(error.diag.message_primary or str(error).strip(), remedy="") from None


def _roles(session: DatabaseSession, pattern: str) -> Described:
    r"""Psql's \du: pgspecial's shows PostgreSQL's own roles, and raw columns."""
    like = pattern.strip().replace("*", "%").replace("?", "_") or "%"
    rows = session.connection.execute(_ROLES, {"pattern": like}).fetchall()
    headings = ("Role name", "Attributes", "Member of")
    texts = tuple(tuple(None if value is None else str(value) for value in row) for row in rows)
    return Described("List of roles", tuple(Column(heading, 25) for heading in headings), texts, "", counts=False)


def _columns_of(rows: Iterable[Row], others: list[str], status: str) -> Described:
    """The columns of a relation as psql shows them: pgspecial has psql's old form, with all in one column."""
    found: list[Row] = []
    for name, kind, modifiers, *rest in rows:
        match = _MODIFIERS.fullmatch(modifiers or "")
        parts = match.group("collation", "null", "default") if match else (None, modifiers, None)
        found.append((name, kind, *((part or "").strip() for part in parts), *rest))
    headings = ("Column", "Type", "Collation", "Nullable", "Default", *others)
    texts = tuple(tuple(None if value is None else str(value) for value in row) for row in found)
    return Described("", tuple(Column(heading, 25) for heading in headings), texts, status, counts=False)


def _columns(cursor: psycopg.Cursor, headings: list[str]) -> tuple[Column, ...]:
    types = [column.type_code for column in cursor.description or ()]
    return tuple(
        Column(str(heading), types[index] if len(types) == len(headings) else 25)
        for index, heading in enumerate(headings)
    )
