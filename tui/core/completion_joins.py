"""Joins by foreign key, and by columns of the same name and type where there is none."""

from collections.abc import Iterator, Sequence
from typing import Final

from tui.core.completion_names import ForeignKey, NamedTable, Names
from tui.core.completion_scope import Source
from tui.core.parameters import quoted

_UNTELLING: Final = frozenset({"id", "name", "created_at", "updated_at", "type", "status", "description"})


def joinable(names: Names, sources: Sequence[Source]) -> Iterator[tuple[str, str]]:
    """Tables that a foreign key ties to one of the sources, with the whole join: `orders o on o.id = ...`."""
    taken = {source.name for source in sources}
    for source in reversed(sources):
        if source.table is None:
            continue
        for key in names.keys_of.get((source.table.schema, source.table.name), ()):
            for other, pairs in _ends(key, source.table):
                table = names.table(*other)
                if table is None or not _has(table, [name for _, name in pairs]) or not _has_source(source, pairs):
                    continue
                alias = _alias(table.name, taken)
                written = quoted(table.name)
                if not names.on_path(table.schema, table.name):
                    written = f"{quoted(table.schema)}.{written}"
                conditions = " and ".join(
                    f"{quoted(alias)}.{quoted(theirs)} = {quoted(source.name)}.{quoted(ours)}" for ours, theirs in pairs
                )
                yield table.name, f"{written} {quoted(alias)} on {conditions}"


def join_conditions(names: Names, sources: Sequence[Source]) -> Iterator[tuple[str, str]]:
    """What may stand behind ON: the last source's ties to those before it, foreign keys first."""
    if len(sources) < 2:
        return
    last = sources[-1]
    told: set[str] = set()
    for other in reversed(sources[:-1]):
        for pairs in _ties(names, last, other):
            text = " and ".join(
                f"{quoted(last.name)}.{quoted(ours)} = {quoted(other.name)}.{quoted(theirs)}" for ours, theirs in pairs
            )
            if text not in told:
                told.add(text)
                yield last.name, text


def _ties(names: Names, last: Source, other: Source) -> Iterator[list[tuple[str, str]]]:
    if last.table is not None and other.table is not None:
        for key in names.keys_of.get((last.table.schema, last.table.name), ()):
            for place, pairs in _ends(key, last.table):
                theirs = {column.name for column in other.columns}
                fits = place == (other.table.schema, other.table.name)
                if fits and _has_source(last, pairs) and all(name in theirs for _, name in pairs):
                    yield pairs
    types = {column.name: column.type for column in other.columns}
    for column in last.columns:
        if column.name in types and types[column.name] == column.type and column.name not in _UNTELLING:
            yield [(column.name, column.name)]


def _ends(key: ForeignKey, table: NamedTable) -> Iterator[tuple[tuple[str, str], list[tuple[str, str]]]]:
    """The key as seen from `table`: the other end, and the pairs of columns, ours first."""
    here, there = (key.schema, key.table), (key.other_schema, key.other_table)
    if here == (table.schema, table.name):
        yield there, list(zip(key.columns, key.other_columns, strict=False))
    if there == (table.schema, table.name):
        yield here, list(zip(key.other_columns, key.columns, strict=False))


def _has(table: NamedTable, wanted: list[str]) -> bool:
    known = {column.name for column in table.columns}
    return all(name in known for name in wanted)


def _has_source(source: Source, pairs: list[tuple[str, str]]) -> bool:
    known = {column.name for column in source.columns}
    return all(ours in known for ours, _ in pairs)


def _alias(name: str, taken: set[str]) -> str:
    """The first letters of the name's parts, and a number where that is taken."""
    letters = "".join(part[0] for part in name.lower().split("_") if part and part[0].isalpha()) or "t"
    number, alias = 1, letters
    while alias in taken or quoted(alias) != alias:
        number += 1
        alias = f"{letters}{number}"
        if number > 99:
            return name
    return alias
