"""A statement as a tree of parentheses, and its clauses: what completion needs to know of SQL's grammar.

Nothing here refuses a text: what is being typed is nearly always incomplete.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, NamedTuple, TypeAlias

from tui.core.statements import tokens

_DEEPEST: Final = 100
_QUERY_BEGINS: Final = frozenset({"select", "with", "values", "table", "insert", "update", "delete", "merge"})
_CLAUSES: Final = _QUERY_BEGINS - {"table"} | frozenset(
    {"from", "where", "group", "having", "window", "order", "limit", "offset", "fetch", "for", "returning", "into"}
    | {"set", "using", "union", "intersect", "except", "when", "perform"}
)
_SETS: Final = frozenset({"union", "intersect", "except"})
_JOIN_WORDS: Final = frozenset({"join", "left", "right", "inner", "full", "cross", "natural"})


class Piece(NamedTuple):
    """A token that means something (no blank, no comment); `start` and `end` in the whole text."""

    kind: str
    start: int
    end: int
    text: str

    @property
    def word(self) -> str:
        """An unquoted word in lower case, or ""."""
        return self.text.lower() if self.kind == "word" else ""

    @property
    def name(self) -> str:
        """What it names, as PostgreSQL folds it, or ""."""
        if self.kind == "quoted":
            inner = self.text[self.text.index('"') + 1 :]
            return (inner[:-1] if inner.endswith('"') else inner).replace('""', '"')
        return self.word


@dataclass(slots=True)
class Group:
    """What stands in a pair of parentheses; the outermost one is the statement.

    Attributes:
        end: behind the closing parenthesis, or the text's end where it is missing.
    """

    start: int
    end: int = -1
    closed: bool = False
    items: "list[Item]" = field(default_factory=list)

    @property
    def is_query(self) -> bool:
        """Whether it begins as a query does."""
        first = self.items[0] if self.items else None
        if isinstance(first, Group):
            return first.is_query
        return first is not None and first.word in _QUERY_BEGINS


Item: TypeAlias = Piece | Group


@dataclass(slots=True)
class Clause:
    """A clause's word, "" before the first one, and what follows it."""

    word: str
    start: int
    items: list[Item] = field(default_factory=list)


def pieces(text: str, shift: int = 0) -> Iterator[Piece]:
    """The tokens of `text` that mean something; positions are moved by `shift`."""
    for kind, start, end in tokens(text):
        if kind not in ("blank", "comment", "block"):
            yield Piece(kind, start + shift, end + shift, text[start:end])


def grouped(found: Sequence[Piece], end: int) -> Group:
    """The tree of parentheses; those beyond a depth of 100 are taken as if they were not there."""
    top = Group(found[0].start if found else end)
    open_groups = [top]
    for piece in found:
        if piece.kind == "open" and len(open_groups) < _DEEPEST:
            group = Group(piece.start)
            open_groups[-1].items.append(group)
            open_groups.append(group)
        elif piece.kind == "close":
            if len(open_groups) > 1:
                inner = open_groups.pop()
                inner.end, inner.closed = piece.end, True
        else:
            open_groups[-1].items.append(piece)
    for group in open_groups:
        group.end = end
    return top


def path_to(top: Group, offset: int) -> list[Group]:
    """The groups around `offset`, the outermost first. Behind its opening parenthesis one is inside."""
    path = [top]
    while True:
        inner = next(
            (
                item
                for item in path[-1].items
                if isinstance(item, Group) and item.start < offset and (offset < item.end or not item.closed)
            ),
            None,
        )
        if inner is None:
            return path
        path.append(inner)


def clauses(items: Sequence[Item]) -> list[Clause]:
    """The clauses of one level."""
    found = [Clause("", items[0].start if items else 0)]
    first = next((item.word for item in items if isinstance(item, Piece)), "")
    for at, item in enumerate(items):
        if isinstance(item, Piece) and _begins_clause(items, at, first, found[-1].word):
            # PERFORM is PL/pgSQL's SELECT whose rows nobody wants.
            found.append(Clause("select" if item.word == "perform" else item.word, item.start))
        else:
            found[-1].items.append(item)
    return found


def _begins_clause(items: Sequence[Item], at: int, first: str, clause: str) -> bool:
    item = items[at]
    if not isinstance(item, Piece) or item.word not in _CLAUSES:
        return False
    before = items[at - 1] if at else None
    previous = before.word if isinstance(before, Piece) else ""
    following = items[at + 1] if at + 1 < len(items) else None
    if isinstance(before, Piece) and before.text == ".":
        return False
    match item.word:
        case "with":
            return clause in ("", "into")
        case "from":
            return previous != "distinct" or (clause == "select" and not _compares(items, at))
        case "update":
            return previous not in ("for", "key", "do", "on")
        case "delete" | "insert":
            return previous not in ("on", "then", "or", "before", "after")
        case "using":
            return first in ("delete", "merge", "with") and not isinstance(following, Group)
        case "set":
            return first in ("update", "insert", "merge", "with") or previous == "update"
        case "when":
            return first == "merge"
    return True


def _compares(items: Sequence[Item], at: int) -> bool:
    """Whether the FROM at `at` is that of IS [NOT] DISTINCT FROM."""
    words = [item.word for item in items[max(0, at - 3) : at] if isinstance(item, Piece)]
    return "is" in words


def branches(found: Sequence[Clause]) -> list[list[Clause]]:
    """The queries that UNION, INTERSECT and EXCEPT join."""
    parts: list[list[Clause]] = [[]]
    for clause in found:
        if clause.word in _SETS:
            parts.append([])
        parts[-1].append(clause)
    return parts


def commas(items: Sequence[Item]) -> list[list[Item]]:
    """The items between commas."""
    parts: list[list[Item]] = [[]]
    for item in items:
        if isinstance(item, Piece) and item.text == ",":
            parts.append([])
        else:
            parts[-1].append(item)
    return parts


def joins_next(items: Sequence[Item], at: int) -> bool:
    """Whether a join begins at `at`; LEFT and RIGHT are functions too."""
    item = items[at]
    following = items[at + 1] if at + 1 < len(items) else None
    return isinstance(item, Piece) and item.word in _JOIN_WORDS and not isinstance(following, Group)


def dotted(items: Sequence[Item], at: int) -> list[Piece]:
    """The names of `a.b.c` that begin at `at`."""
    names: list[Piece] = []
    while at < len(items):
        item = items[at]
        if not isinstance(item, Piece) or not item.name:
            break
        names.append(item)
        dot = items[at + 1] if at + 1 < len(items) else None
        if not isinstance(dot, Piece) or dot.text != ".":
            break
        at += 2
    return names


def has_words(items: Sequence[Item], first: str, second: str) -> bool:
    """Whether the two words follow one another."""
    words = [item.word if isinstance(item, Piece) else "" for item in items]
    return (first, second) in pairwise(words)
