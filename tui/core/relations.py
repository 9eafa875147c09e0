"""Schemas, relations and columns, and what the current user may do with them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from tui.core.events import Column


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
        oid: as in pg_class; 0 where it is not known.
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
    oid: int = 0


@dataclass(frozen=True, slots=True)
class Schema:
    """A schema and its relations, sorted by name."""

    name: str
    usable: bool
    creatable: bool
    relations: tuple[Relation, ...]


@dataclass(frozen=True, slots=True)
class ColumnInfo:
    """A column of a relation; `number` as in pg_attribute."""

    schema: str
    relation: str
    name: str
    type: str
    nullable: bool
    can_select: bool
    number: int = 0


def origin(
    columns: Sequence[Column], schemas: Sequence[Schema], known: Iterable[ColumnInfo]
) -> tuple[str, str, tuple[str, ...]] | None:
    """Schema and name of the one relation that all columns are of, and what they are called there; None otherwise."""
    oids = {column.table_oid for column in columns}
    for schema in schemas if len(oids) == 1 and 0 not in oids else ():
        for relation in schema.relations:
            if relation.oid in oids:
                numbers = {
                    column.number: column.name
                    for column in known
                    if (column.schema, column.relation) == (schema.name, relation.name)
                }
                names = tuple(numbers.get(column.table_column, column.name) for column in columns)
                return schema.name, relation.name, names
    return None
