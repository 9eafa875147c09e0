"""What lies in the database, and what of it the current user may use; asked from the server's own catalog."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final

import psycopg
from psycopg.rows import class_row, dict_row

_SQL: Final = Path(__file__).parent / "sql"
_RELATIONS: Final = (_SQL / "relations.sql").read_bytes()
_COLUMNS: Final = (_SQL / "columns.sql").read_bytes()


CatalogError = psycopg.Error
"""What asking may raise."""


class RelationKind(Enum):
    """What a relation is; the value is pg_class.relkind."""

    TABLE = "r"
    PARTITIONED_TABLE = "p"
    VIEW = "v"
    MATERIALIZED_VIEW = "m"
    FOREIGN_TABLE = "f"


@dataclass(frozen=True, slots=True)
class Relation:
    """A table or view, and what the current user may do with it (the schema's USAGE is told by `Schema`).

    Attributes:
        can_select: all columns; `can_select_some`: at least one.
        row_security: rows may be hidden by policies.
    """

    name: str
    kind: RelationKind
    comment: str
    can_select: bool
    can_select_some: bool
    can_insert: bool
    can_update: bool
    can_delete: bool
    row_security: bool


@dataclass(frozen=True, slots=True)
class Schema:
    """A schema and its relations, sorted by name."""

    name: str
    usable: bool
    creatable: bool
    relations: tuple[Relation, ...]


@dataclass(frozen=True, slots=True)
class ColumnInfo:
    """A column of a relation."""

    schema: str
    relation: str
    name: str
    type: str
    nullable: bool
    can_select: bool


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
                    )
                )
    return tuple(
        Schema(name, usable, creatable, tuple(relations)) for name, (usable, creatable, relations) in found.items()
    )


def columns(connection: psycopg.Connection, schema_names: Sequence[str]) -> list[ColumnInfo]:
    """The columns of every relation of the schemas, in order."""
    with connection.cursor(row_factory=class_row(ColumnInfo)) as cursor:
        return cursor.execute(_COLUMNS, {"schemas": list(schema_names)}).fetchall()
