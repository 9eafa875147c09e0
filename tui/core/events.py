"""What a database sends back, as values: rows of texts, their columns, command tags."""

from dataclasses import dataclass, field
from typing import TypeAlias

Row: TypeAlias = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a result.

    Attributes:
        type_oid: as in pg_type.
        table_oid: the relation whose column it is, as in pg_class; 0 where it is computed.
        table_column: its number there.
    """

    name: str
    type_oid: int
    table_oid: int = field(default=0, compare=False)
    table_column: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Columns:
    """A result with rows begins."""

    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows of the result that began last."""

    rows: list[Row]


@dataclass(frozen=True, slots=True)
class CopyData:
    """Some bytes of a COPY ... TO STDOUT."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Completed:
    """A statement of the text is done: its command tag, and how many rows it gave or touched (-1: it has no count)."""

    tag: str
    row_count: int


Event: TypeAlias = Columns | Rows | CopyData | Completed
