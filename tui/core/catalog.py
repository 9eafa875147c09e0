"""What lies in the database, and what of it the current user may use; asked from the server's own catalog."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import psycopg
from psycopg.rows import class_row, dict_row

from tui.core.relations import ColumnInfo, Relation, RelationKind, Schema
from tui.core.session import DatabaseSession

_SQL: Final = Path(__file__).parent / "sql"
_RELATIONS: Final = (_SQL / "relations.sql").read_bytes()
_COLUMNS: Final = (_SQL / "columns.sql").read_bytes()


CatalogError = psycopg.Error
"""What asking may raise."""


def all_of(session: DatabaseSession) -> tuple[tuple[Schema, ...], list[ColumnInfo]]:
    """Every schema with its relations, and their columns as far as the schemas may be used."""
    connection = session.connection
    if session.redshift:
        from tui.core import redshift

        return redshift.schemas(connection), redshift.columns(connection)
    found = schemas(connection)
    return found, columns(connection, [schema.name for schema in found if schema.usable])


def schemas(connection: psycopg.Connection, *, system: bool = False) -> tuple[Schema, ...]:
    """Every schema with its relations; with `system` also PostgreSQL's own."""
    found: dict[str, tuple[bool, bool, list[Relation]]] = {}
    with connection.cursor(row_factory=dict_row) as cursor:
        for row in cursor.execute(_RELATIONS, {"system": system}):
            entry = found.setdefault(row["schema"], (row["schema_usable"], row["schema_creatable"], []))
            if row["name"] is not None:
                entry[2].append(
                    Relation(
                        row["name"],
                        RelationKind(row["kind"]),
                        row["comment"] or "",
                        row["can_select"],
                        row["can_select_some"],
                        row["can_insert"],
                        row["can_update"],
                        row["can_delete"],
                        row["row_security"],
                        row["oid"],
                    )
                )
    return tuple(
        Schema(name, usable, creatable, tuple(relations)) for name, (usable, creatable, relations) in found.items()
    )


def columns(connection: psycopg.Connection, schema_names: Sequence[str]) -> list[ColumnInfo]:
    """The columns of every relation of the schemas, in order."""
    with connection.cursor(row_factory=class_row(ColumnInfo)) as cursor:
        return cursor.execute(_COLUMNS, {"schemas": list(schema_names)}).fetchall()
