"""The names that completion knows: a snapshot of the catalog, with an index that finds them by the letters typed."""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final, Generic, TypeVar

T = TypeVar("T")

_PARTS: Final = re.compile(r"[^_\W]+")
_FUZZY_FROM: Final = 2
_FUZZY_BELOW: Final = 20


class Match(IntEnum):
    """How typed letters fit a name; the less, the better."""

    BEGINS = 0
    BEGINS_A_PART = 1
    """`sales` and `store_sales`."""
    SCATTERED = 2
    """`ssls` and `store_sales`."""


class PrefixIndex(Generic[T]):
    """Finds items by the first letters of their name, or of a part of it, in logarithmic time."""

    def __init__(self, items: Iterable[T], name: Callable[[T], str]) -> None:
        self._items = list(items)
        self._folded = [name(item).lower() for item in self._items]
        starts = [(start, number) for number, folded in enumerate(self._folded) for start in _part_starts(folded)]
        self._names = sorted((self._folded[number], number) for start, number in starts if not start)
        self._parts = sorted((self._folded[number][start:], number) for start, number in starts if start)

    def __iter__(self) -> Iterator[T]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def find(self, typed: str, *, most: int = 400) -> Iterator[tuple[Match, T]]:
        """At most `most` of the items that fit, the best first, each once. Letter case does not count."""
        typed = typed.lower()
        best: dict[int, Match] = {}
        for match, entries in ((Match.BEGINS, self._names), (Match.BEGINS_A_PART, self._parts if typed else [])):
            at = bisect_left(entries, (typed, -1))
            while at < len(entries) and entries[at][0].startswith(typed) and len(best) < most:
                best.setdefault(entries[at][1], match)
                at += 1
        if len(typed) >= _FUZZY_FROM and len(best) < _FUZZY_BELOW:
            scattered = re.compile(".*".join(map(re.escape, typed)), re.DOTALL).match
            for number, folded in enumerate(self._folded):
                if folded[:1] == typed[0] and number not in best and scattered(folded):
                    best[number] = Match.SCATTERED
        yield from ((match, self._items[number]) for number, match in best.items())


def _part_starts(folded: str) -> Iterator[int]:
    yield 0
    yield from (part.start() for part in _PARTS.finditer(folded) if part.start())


@dataclass(frozen=True, slots=True)
class NamedColumn:
    """A column that the person may use."""

    name: str
    type: str = ""


@dataclass(frozen=True, slots=True)
class NamedTable:
    """A table or view that the person may use.

    Attributes:
        kind: pg_class.relkind.
    """

    schema: str
    name: str
    columns: tuple[NamedColumn, ...] = ()
    kind: str = "r"


@dataclass(frozen=True, slots=True)
class NamedFunction:
    """A function that the person may call.

    Attributes:
        arguments: as pg_get_function_arguments writes them.
        kind: pg_proc.prokind: f, p (procedure), a (aggregate), w (window).
        gives_rows: it stands well in FROM.
    """

    schema: str
    name: str
    arguments: str = ""
    result: str = ""
    kind: str = "f"
    gives_rows: bool = False


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """Columns that refer to those of another table, pairwise."""

    schema: str
    table: str
    columns: tuple[str, ...]
    other_schema: str
    other_table: str
    other_columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NamedType:
    """A type that a cast may name."""

    schema: str
    name: str


@dataclass(frozen=True)
class Names:
    """What may be completed; made by `tui.core.completion_load`, or by hand in a test.

    Attributes:
        path: the schemas that need not be named, in the order of the search.
        schemas: those that the person may use.
    """

    path: tuple[str, ...] = ("pg_catalog", "public")
    schemas: tuple[str, ...] = ()
    tables: tuple[NamedTable, ...] = ()
    functions: tuple[NamedFunction, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    types: tuple[NamedType, ...] = ()
    roles: tuple[str, ...] = ()
    schema_index: PrefixIndex[str] = field(init=False, repr=False, compare=False)
    table_index: PrefixIndex[NamedTable] = field(init=False, repr=False, compare=False)
    function_index: PrefixIndex[NamedFunction] = field(init=False, repr=False, compare=False)
    type_index: PrefixIndex[NamedType] = field(init=False, repr=False, compare=False)
    column_index: PrefixIndex[NamedColumn] = field(init=False, repr=False, compare=False)
    by_schema: Mapping[str, dict[str, NamedTable]] = field(init=False, repr=False, compare=False)
    keys_of: Mapping[tuple[str, str], list[ForeignKey]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_schema: dict[str, dict[str, NamedTable]] = {}
        columns: dict[str, NamedColumn] = {}
        for table in self.tables:
            by_schema.setdefault(table.schema, {})[table.name] = table
            if table.schema not in _SYSTEM:
                columns.update((column.name, column) for column in table.columns)
        keys: dict[tuple[str, str], list[ForeignKey]] = {}
        for key in self.foreign_keys:
            for end in dict.fromkeys(((key.schema, key.table), (key.other_schema, key.other_table))):
                keys.setdefault(end, []).append(key)
        made = {
            "schema_index": PrefixIndex(self.schemas, str),
            "table_index": PrefixIndex(self.tables, lambda table: table.name),
            "function_index": PrefixIndex(self.functions, lambda function: function.name),
            "type_index": PrefixIndex(self.types, lambda one: one.name),
            "column_index": PrefixIndex(columns.values(), lambda column: column.name),
            "by_schema": by_schema,
            "keys_of": keys,
        }
        for name, value in made.items():
            object.__setattr__(self, name, value)

    def on(self, path: tuple[str, ...]) -> "Names":
        """The same names under another search path."""
        other = copy(self)
        object.__setattr__(other, "path", path)
        return other

    def table(self, schema: str, name: str) -> NamedTable | None:
        """The table of that name; without a schema, the first of the search path."""
        for place in (schema,) if schema else self.path:
            if found := self.by_schema.get(place, {}).get(name):
                return found
        return None

    def on_path(self, schema: str, name: str) -> bool:
        """Whether a relation is found by its name alone."""
        found = self.table("", name)
        return found is not None and found.schema == schema


_SYSTEM: Final = frozenset({"pg_catalog", "information_schema", "pg_toast"})
