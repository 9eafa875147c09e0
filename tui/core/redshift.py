r"""Amazon Redshift, whose catalog is that of PostgreSQL 8.0 with additions: the tree, completion and \d ask it here.

Written from the vendor's documentation, and never run against a real one. What Redshift has no word for is left out:
privileges on columns, the check before statements run, cursors.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg.rows import dict_row

from tui.core.completion_names import ForeignKey, NamedColumn, NamedFunction, NamedTable, Names
from tui.core.errors import MetaCommandFailed
from tui.core.events import Column, Row
from tui.core.patterns import name_pattern
from tui.core.relation_sheet import Sheet
from tui.core.relations import ColumnInfo, Relation, RelationKind, Schema

_SQL: Final = Path(__file__).parent / "sql" / "redshift"
_ANY: Final = ".*"
_LISTS: Final = {
    "d": ("List of relations", "list_relations"),
    "dt": ("List of relations", "list_relations"),
    "dv": ("List of relations", "list_relations"),
    "dn": ("List of schemas", "list_schemas"),
    "du": ("List of users", "list_users"),
    "df": ("List of functions", "list_functions"),
    "l": ("List of databases", "list_databases"),
    "list": ("List of databases", "list_databases"),
}


def schemas(connection: psycopg.Connection) -> tuple[Schema, ...]:
    """Every schema with its relations; external tables where they may be seen.

    Raises:
        psycopg.Error: the server does not answer.
    """
    found: dict[str, tuple[bool, bool, list[Relation]]] = {}
    for row in _asked(connection, "relations"):
        usable, readable = row["schema_usable"], bool(row["can_select"])
        entry = found.setdefault(row["schema"], (usable, row["schema_creatable"], []))
        if row["name"] is not None:
            kind = RelationKind.TABLE if row["kind"] == "r" else RelationKind.VIEW
            rights = (readable, readable, row["can_insert"], row["can_update"], row["can_delete"])
            entry[2].append(Relation(row["name"], kind, row["comment"] or "", *rights, False, row["oid"]))
    for schema, relation in dict.fromkeys((row["schema"], row["relation"]) for row in _external(connection)):
        entry = found.setdefault(schema, (True, False, []))
        entry[2].append(Relation(relation, RelationKind.FOREIGN_TABLE, "", True, True, False, False, False, False))
    return tuple(Schema(name, entry[0], entry[1], tuple(entry[2])) for name, entry in sorted(found.items()))


def columns(connection: psycopg.Connection) -> list[ColumnInfo]:
    """The columns of every relation that is not the system's, in order.

    Raises:
        psycopg.Error: the server does not answer.
    """
    own = [ColumnInfo(**row) for row in _asked(connection, "columns")]
    return own + [
        ColumnInfo(row["schema"], row["relation"], row["name"], row["type"], nullable=True, can_select=True)
        for row in _external(connection)
    ]


def load_names(connection: psycopg.Connection) -> Names:
    """The names that completion offers.

    Raises:
        psycopg.Error: the server does not answer.
    """
    usable = {schema.name for schema in schemas(connection) if schema.usable}
    tables: dict[tuple[str, str], list[ColumnInfo]] = {}
    for column in columns(connection):
        if column.schema in usable and column.can_select:
            tables.setdefault((column.schema, column.relation), []).append(column)
    names = {key: {column.number: column.name for column in known} for key, known in tables.items()}
    return Names(
        path=_path(connection),
        schemas=tuple(sorted(usable)),
        roles=(),
        tables=tuple(
            NamedTable(schema, name, tuple(NamedColumn(column.name, column.type) for column in known), "r")
            for (schema, name), known in tables.items()
        ),
        functions=tuple(NamedFunction(**row, kind="f") for row in _asked(connection, "functions")),
        foreign_keys=tuple(_foreign_keys(connection, names)),
        types=(),
    )


def listed(connection: psycopg.Connection, name: str, pattern: str) -> tuple[str, tuple[Column, ...], tuple[Row, ...]]:
    r"""One of psql's lists: title, columns and rows.

    Raises:
        MetaCommandFailed: Redshift has no such list, or wsql knows none for it.
        psycopg.Error: the server does not answer.
    """
    plain = name.rstrip("+S")
    if plain not in _LISTS:
        raise MetaCommandFailed(
            f"\\{name} is not known for Amazon Redshift.", remedy="Known are \\d, \\dt, \\dv, \\dn, \\du, \\df and \\l."
        )
    title, file = _LISTS[plain]
    rows = _asked(connection, file, _wanted(pattern))
    only = {"dt": "table", "dv": "view"}.get(plain)
    chosen = [row for row in rows if only is None or row["Type"] == only]
    headings = tuple(chosen[0]) if chosen else ("Schema", "Name")
    texts = tuple(tuple(None if value is None else str(value) for value in row.values()) for row in chosen)
    return title, tuple(Column(heading, 25) for heading in headings), texts


def sheets(connection: psycopg.Connection, pattern: str) -> Iterator[Sheet]:
    """One sheet for each relation that the pattern means.

    Raises:
        psycopg.Error: the server does not answer.
        MetaCommandFailed: the pattern is none.
    """
    for relation in _asked(connection, "sheet_relations", _wanted(pattern)):
        oid = {"oid": relation["oid"]}
        found = _asked(connection, "sheet_columns", oid)
        keys = [f'    "{row["name"]}" {row["definition"]}' for row in _asked(connection, "sheet_constraints", oid)]
        kind = "Table" if relation["kind"] == "r" else "View"
        headings = tuple(found[0]) if found else ()
        yield Sheet(
            f'{kind} "{relation["schema"]}.{relation["name"]}"',
            tuple(Column(heading, 25) for heading in headings),
            tuple(tuple(row[heading] or "" for heading in headings) for row in found),
            ("Constraints:", *keys) if keys else (),
        )


def _wanted(pattern: str) -> dict[str, str]:
    wanted = name_pattern(pattern)
    return {"schema": wanted.schema or _ANY, "name": wanted.name or _ANY}


def _path(connection: psycopg.Connection) -> tuple[str, ...]:
    row = connection.execute(b"SHOW search_path").fetchone()
    names = [name.strip().strip('"') for name in str(row[0] if row else "").split(",")]
    return (*(name for name in names if name and name != "$user"), "pg_catalog")


def _external(connection: psycopg.Connection) -> list[dict[str, Any]]:
    """External tables with their columns; none where the person may not see the views that tell of them."""
    try:
        return _asked(connection, "external")
    except psycopg.Error:
        return []


def _foreign_keys(connection: psycopg.Connection, names: dict[tuple[str, str], dict[int, str]]) -> Iterator[ForeignKey]:
    for row in _asked(connection, "foreign_keys"):
        here, there = (row["schema"], row["table"]), (row["other_schema"], row["other_table"])
        if here in names and there in names:
            own = tuple(names[here].get(number, "") for number in row["numbers"])
            other = tuple(names[there].get(number, "") for number in row["other_numbers"])
            if all(own) and all(other):
                yield ForeignKey(*here, own, *there, other)


def _asked(connection: psycopg.Connection, name: str, parameters: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """What a query gives. Parameters go into its text: Redshift's own types for them are few."""
    with psycopg.ClientCursor(connection, row_factory=dict_row) as cursor:
        return cursor.execute((_SQL / f"{name}.sql").read_bytes(), parameters or {}).fetchall()
