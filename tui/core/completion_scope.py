"""What the names of a query mean: its tables with their aliases, subqueries, common table expressions, and columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from tui.core.completion_names import NamedColumn, NamedTable, Names
from tui.core.completion_text import (
    Clause,
    Group,
    Item,
    Piece,
    branches,
    clauses,
    commas,
    dotted,
    joins_next,
)

_NO_ALIAS: Final = frozenset(
    {"on", "using", "join", "left", "right", "inner", "full", "cross", "natural", "where", "group", "having", "window"}
    | {"order", "limit", "offset", "fetch", "for", "returning", "set", "values", "select", "union", "intersect"}
    | {"except", "as", "tablesample", "with", "when", "default", "overriding", "not", "and", "or", "from"}
)
_SKIPPED: Final = frozenset({"only", "lateral", "outer", "rows"})
_DEEPEST: Final = 20

Columns: TypeAlias = tuple[NamedColumn, ...]
Ctes: TypeAlias = Mapping[str, Columns]


@dataclass(frozen=True, slots=True)
class Source:
    """Something in FROM (or the target of a change) whose columns may be named.

    Attributes:
        name: by which the query refers to it: the alias, or the table's own name.
        table: None for subqueries, functions and common table expressions.
        start: in the text, as `end`.
        aliased: whether `name` is an alias.
    """

    name: str
    columns: Columns
    start: int
    end: int
    table: NamedTable | None = None
    aliased: bool = False


class Scope:
    """Reads queries against a snapshot of the catalog."""

    def __init__(self, names: Names) -> None:
        self._names = names

    # --- common table expressions --------------------------------------------------------------------------------

    def ctes(self, found: Sequence[Clause], known: Ctes, *, upto: int = -1) -> dict[str, Columns]:
        """What WITH defines, besides what is known from outside; `upto` leaves out those that end behind it."""
        ctes = dict(known)
        for clause in found:
            if clause.word == "with":
                for part in commas(clause.items):
                    self._cte(part, ctes, upto)
        return ctes

    def _cte(self, part: list[Item], ctes: dict[str, Columns], upto: int) -> None:
        if part and isinstance(part[0], Piece) and part[0].word == "recursive":
            part = part[1:]
        if not part or not isinstance(part[0], Piece) or not part[0].name:
            return
        name = part[0].name
        listed = _listed(part[1]) if len(part) > 1 and isinstance(part[1], Group) else ()
        body = next((item for item in part[2:] if isinstance(item, Group)), None)
        if body is None:
            return
        if upto >= 0 and body.start < upto <= body.end and not listed:
            # Inside its own body a recursive query is known by name only.
            ctes.setdefault(name, ())
            return
        ctes[name] = listed or self.output(body.items, ctes)

    # --- FROM ----------------------------------------------------------------------------------------------------

    def sources(self, branch: Sequence[Clause], ctes: Ctes) -> list[Source]:
        """What the clauses of one query make known."""
        found: list[Source] = []
        kind = next((clause.word for clause in branch if clause.word in ("insert", "update", "delete", "merge")), "")
        for clause in branch:
            if clause.word in ("from", "into", "update") or (clause.word == "using" and kind in ("delete", "merge")):
                found += self.tables(clause.items, ctes, is_target=clause.word == "into")
        return found

    def tables(self, items: Sequence[Item], ctes: Ctes, *, is_target: bool = False, depth: int = 0) -> list[Source]:
        """The sources of a list of tables and joins."""
        found: list[Source] = []
        at = 0
        while at < len(items) and depth < _DEEPEST:
            item = items[at]
            if isinstance(item, Piece) and item.word == "on":
                at += 1
                while at < len(items) and not joins_next(items, at) and not _is(items[at], ","):
                    at += 1
            elif isinstance(item, Piece) and item.word == "using":
                at += 2
            elif isinstance(item, Piece) and (not item.name or item.word in _SKIPPED or joins_next(items, at)):
                at += 1
            elif isinstance(item, Piece):
                at = self._named(items, at, ctes, found, is_target)
            else:
                at = self._parenthesised(item, items, at, ctes, found, depth)
        return found

    def _named(self, items: Sequence[Item], at: int, ctes: Ctes, found: list[Source], is_target: bool) -> int:
        names = dotted(items, at)
        start, end = names[0].start, names[-1].end
        at += 2 * len(names) - 1
        is_function = not is_target and at < len(items) and isinstance(items[at], Group)
        schema, name = (names[-2].name if len(names) > 1 else ""), names[-1].name
        table = None if is_function else self._names.table(schema, name)
        columns = table.columns if table else ()
        if not schema and name in ctes:
            table, columns = None, ctes[name]
        at += is_function
        if at < len(items) and _is(items[at], "*"):
            at += 1
        if is_function and at + 1 < len(items) and _word(items[at]) == "with":
            at += 2
        alias, listed, at, last = _alias(items, at, takes_list=not is_target)
        found.append(Source(alias or name, _renamed(columns, listed), start, max(end, last), table, bool(alias)))
        return at

    def _parenthesised(
        self, group: Group, items: Sequence[Item], at: int, ctes: Ctes, found: list[Source], depth: int
    ) -> int:
        alias, listed, after, last = _alias(items, at + 1, takes_list=True)
        if group.is_query:
            columns = self.output(group.items, ctes, depth + 1)
            if alias:
                found.append(Source(alias, _renamed(columns, listed), group.start, max(group.end, last), None, True))
        else:
            found += self.tables(group.items, ctes, depth=depth + 1)
        return after

    # --- what a query gives --------------------------------------------------------------------------------------

    def output(self, items: Sequence[Item], known: Ctes, depth: int = 0) -> Columns:
        """The columns that a query gives, as far as its text tells."""
        if depth >= _DEEPEST or not items:
            return ()
        if isinstance(items[0], Group) and items[0].is_query:
            return self.output(items[0].items, known, depth + 1)
        found = clauses(items)
        ctes = self.ctes(found, known)
        branch = branches(found)[0]
        listed = next((clause for clause in branch if clause.word in ("select", "returning")), None)
        if listed is None:
            values = next((clause for clause in branch if clause.word == "values" and clause.items), None)
            if values is None or not isinstance(values.items[0], Group):
                return ()
            return tuple(NamedColumn(f"column{n}") for n, _ in enumerate(commas(values.items[0].items), 1))
        sources = self.sources(branch, ctes)
        columns: list[NamedColumn] = []
        for part in commas(_without_distinct(listed.items)):
            columns += _of_part(part, sources)
        return tuple(columns)


def visible(sources: Sequence[Source], qualifier: str) -> list[Source]:
    """The sources that `qualifier` names: the innermost first."""
    return [source for source in sources if source.name == qualifier]


def _of_part(part: Sequence[Item], sources: Sequence[Source]) -> list[NamedColumn]:
    """The columns of one item of a select list."""
    if not part:
        return []
    if _is(part[-1], "*"):
        if len(part) == 1:
            return [column for source in sources for column in source.columns]
        first = part[0]
        name = first.name if isinstance(first, Piece) and len(part) == 3 else ""
        return [column for source in visible(sources, name) for column in source.columns]
    last, before = part[-1], part[-2] if len(part) > 1 else None
    names = dotted(part, 0)
    whole = 2 * len(names) - 1 == len(part) and bool(names)
    if whole:
        qualifier = names[-2].name if len(names) > 1 else ""
        type_of = {
            column.name: column.type
            for source in sources
            if not qualifier or source.name == qualifier
            for column in source.columns
        }
        return [NamedColumn(names[-1].name, type_of.get(names[-1].name, ""))]
    if isinstance(last, Piece) and last.name and before is not None and _may_precede_alias(before):
        return [NamedColumn(last.name)]
    if names:
        # A cast keeps the column's name, a call has the function's.
        behind = part[2 * len(names) - 1]
        if isinstance(behind, Group) or _is(behind, "::"):
            return [NamedColumn(names[-1].name)]
    return []


def _may_precede_alias(item: Item) -> bool:
    if isinstance(item, Group):
        return True
    return (item.text not in (".", "::") and item.kind not in ("operator", "other")) or item.text == "]"


def _alias(items: Sequence[Item], at: int, *, takes_list: bool) -> tuple[str, Columns, int, int]:
    """An alias and its columns at `at`; also where to go on, and where they end in the text."""
    if at < len(items) and _word(items[at]) == "as":
        at += 1
    item = items[at] if at < len(items) else None
    if not isinstance(item, Piece) or not item.name or item.word in _NO_ALIAS:
        return "", (), at, -1
    at, last = at + 1, item.end
    group = items[at] if at < len(items) else None
    if takes_list and isinstance(group, Group) and not group.is_query:
        return item.name, _listed(group), at + 1, group.end
    return item.name, (), at, last


def _listed(group: Group) -> Columns:
    firsts = [part[0] for part in commas(group.items) if part]
    return tuple(NamedColumn(first.name) for first in firsts if isinstance(first, Piece) and first.name)


def _renamed(columns: Columns, listed: Columns) -> Columns:
    return listed + columns[len(listed) :] if listed else columns


def _without_distinct(items: Sequence[Item]) -> Sequence[Item]:
    if items and _word(items[0]) in ("distinct", "all"):
        on = len(items) > 2 and _word(items[1]) == "on" and isinstance(items[2], Group)
        return items[3 if on else 1 :]
    return items


def _word(item: Item) -> str:
    return item.word if isinstance(item, Piece) else ""


def _is(item: Item, text: str) -> bool:
    return isinstance(item, Piece) and item.text == text
