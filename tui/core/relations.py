"""Schemas, relations and columns, and what the current user may do with them."""

from dataclasses import dataclass
from enum import Enum


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
