"""Lay SQL out: line breaks, indentation and the case of keywords, and nothing else.

It works on tokens, not on a syntax tree. A tree's printer (sqlglot's) would write `a::int` as `CAST(a AS INT)`, `now()`
as `CURRENT_TIMESTAMP` and `-- why` as `/* why */`; here every token stays as it was written, which is checked at the
end, and a text that does not even close what it opens is refused.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from tui.core.completion_options import KeywordCase
from tui.core.errors import FormatRefused
from tui.core.keywords import KEYWORDS
from tui.core.statements import MetaCommand, Statement, split, tokens

_WIDTH: Final = 100
_INDENT: Final = "  "
# What begins a line. The second word of GROUP BY and its like is no beginning.
_CLAUSES: Final = frozenset(
    {"select", "from", "where", "group", "having", "order", "limit", "offset", "fetch", "window", "returning", "union"}
    | {"intersect", "except", "values", "set", "insert", "update", "delete", "with", "on conflict", "merge", "when"}
)
_JOINS: Final = frozenset({"join", "left", "right", "inner", "full", "cross", "natural"})
_LISTS: Final = frozenset({"select", "group", "order", "set", "returning", "values"})
_NO_SPACE_BEFORE: Final = frozenset({",", ")", "]", ";", ".", "::", "[", ":"})
_NO_SPACE_BEHIND: Final = frozenset({"(", "[", ".", "::"})
_QUERIES: Final = frozenset({"select", "with", "values", "insert", "update", "delete"})
_FUNCTION_LIKE: Final = frozenset(
    {"coalesce", "extract", "cast", "row", "array", "varchar", "numeric", "exists", "any", "some", "all", "left"}
    | {"right", "char", "character", "decimal", "float", "time", "timestamp", "interval", "replace", "date", "text"}
)


@dataclass(slots=True)
class _Word:
    """A token with what the layout must know of it."""

    kind: str
    text: str
    fresh: bool = False
    """A comment that had a line for itself."""
    blank: bool = False
    """There was a blank before it."""

    @property
    def low(self) -> str:
        return self.text.lower() if self.kind == "word" else self.text


@dataclass(slots=True)
class _Depth:
    """A pair of parentheses: what it holds, and how far its lines are indented."""

    indent: int
    is_query: bool
    breaks: bool
    clause: str = ""
    joined: bool = False
    between: bool = False
    cases: int = 0


@dataclass(slots=True)
class _Page:
    lines: list[str] = field(default_factory=lambda: [""])

    def add(self, text: str, space: bool) -> None:
        self.lines[-1] += (" " if space and self.lines[-1].strip() else "") + text

    def new_line(self, indent: int) -> None:
        if self.lines[-1].strip():
            self.lines.append(_INDENT * indent)
        else:
            self.lines[-1] = _INDENT * indent


def lay_out(text: str, case: KeywordCase = KeywordCase.AUTO) -> str:
    """The text with each of its statements laid out; what lies between them, and backslash commands, stay.

    Raises:
        FormatRefused: something is not closed.
    """
    pieces: list[str] = []
    at = 0
    for part in split(text):
        if isinstance(part, MetaCommand) or _stays(part):
            continue
        end = part.start + len(part.text)
        pieces += text[at : part.start], statement_laid_out(text[part.start : end], case)
        at = end
    pieces.append(text[at:])
    return "".join(pieces)


def statement_laid_out(text: str, case: KeywordCase = KeywordCase.AUTO) -> str:
    """One statement, laid out.

    Raises:
        FormatRefused: something is not closed.
    """
    words = list(_words(text))
    _refuse_open(words)
    laid = "\n".join(line.rstrip() for line in _Layout(_cased(words, case)).run())
    if _bare(laid) != _bare(text):
        raise FormatRefused("Laying this out would change more than blanks: it stays as it was.", remedy="")
    return laid


def _stays(part: Statement) -> bool:
    """COPY's data, and statements that hold backslash commands, are left alone."""
    return (
        part.copy_data is not None
        or part.sent_by is not None
        or ("\\" in part.text and any(kind == "meta" for kind, _, _ in tokens(part.text)))
    )


def _words(text: str) -> Iterator[_Word]:
    blank, line_begins = False, True
    for kind, start, end in tokens(text):
        piece = text[start:end]
        if kind == "blank":
            blank, line_begins = True, line_begins or "\n" in piece
            continue
        yield _Word(kind, piece, line_begins, blank)
        blank = line_begins = False


def _refuse_open(words: Sequence[_Word]) -> None:
    depth = 0
    for word in words:
        depth += (word.kind == "open") - (word.kind == "close")
        if depth < 0:
            raise FormatRefused("A parenthesis is closed that was never opened.", remedy="")
        endings = {"literal": "'", "quoted": '"', "block": "*/", "dollar": "$"}
        if word.kind in endings and (not word.text.endswith(endings[word.kind]) or len(word.text) < 2):
            raise FormatRefused(f"This is not closed: {word.text[:20]}")
    if depth:
        raise FormatRefused("A parenthesis is not closed.")


def _cased(words: list[_Word], case: KeywordCase) -> list[_Word]:
    if case is KeywordCase.AUTO:
        return words
    for at, word in enumerate(words):
        qualified = (at and words[at - 1].text == ".") or (at + 1 < len(words) and words[at + 1].text == ".")
        if word.kind == "word" and word.low in KEYWORDS and not qualified:
            word.text = word.text.upper() if case is KeywordCase.UPPER else word.text.lower()
    return words


def _bare(text: str) -> list[tuple[str, str]]:
    return [
        (kind, text[start:end].lower() if kind == "word" else text[start:end].rstrip())
        for kind, start, end in tokens(text)
        if kind != "blank"
    ]


class _Layout:
    def __init__(self, words: list[_Word]) -> None:
        self._words = words
        self._page = _Page()
        self._depths = [_Depth(0, True, True)]

    def run(self) -> list[str]:
        for at, word in enumerate(self._words):
            if word.kind in ("comment", "block"):
                self._comment(at, word)
            elif word.kind == "open":
                self._open(at)
            elif word.kind == "close":
                self._close(at)
            else:
                self._word(at, word)
        return self._page.lines

    @property
    def _here(self) -> _Depth:
        return self._depths[-1]

    def _low(self, at: int) -> str:
        return self._words[at].low if 0 <= at < len(self._words) else ""

    def _comment(self, at: int, word: _Word) -> None:
        if word.fresh and at:
            self._page.new_line(self._here.indent + bool(self._here.clause))
        self._page.add(word.text, space=True)
        if word.kind == "comment":
            # What follows must stand on another line.
            self._page.lines.append(_INDENT * (self._here.indent + bool(self._here.clause)))

    def _open(self, at: int) -> None:
        before = self._words[at - 1] if at else None
        calls = before is not None and (
            before.kind in ("quoted", "open")
            or (before.kind == "word" and (before.low not in KEYWORDS or before.low in _FUNCTION_LIKE))
        )
        self._page.add("(", space=self._spaced(at) and not (calls and not self._words[at].blank))
        is_query = self._low(at + 1) in _QUERIES
        breaks = is_query or self._is_long(at)
        indent = self._here.indent + 1 + bool(self._here.clause in _LISTS and not is_query)
        self._depths.append(_Depth(indent if breaks else self._here.indent, is_query, breaks))
        if breaks:
            self._page.new_line(indent)

    def _close(self, at: int) -> None:
        closed = self._depths.pop() if len(self._depths) > 1 else self._here
        if closed.breaks:
            self._page.new_line(max(0, closed.indent - 1))
        self._page.add(")", space=False)
        del at

    def _is_long(self, at: int) -> bool:
        """Whether what the parentheses at `at` hold needs lines of its own."""
        depth = length = 0
        for word in self._words[at:]:
            depth += (word.kind == "open") - (word.kind == "close")
            length += len(word.text) + 1
            if word.kind == "comment" or length > _WIDTH:
                return True
            if not depth:
                return False
        return False

    def _word(self, at: int, word: _Word) -> None:
        here = self._here
        low = word.low
        if here.is_query and word.kind == "word" and self._low(at - 1) != "." and self._begins(at, low):
            self._page.new_line(here.indent)
            here.clause, here.joined = low, False
            self._page.add(word.text, space=True)
            if low in _LISTS and self._list_is_long(at):
                here.joined = True
            return
        if word.kind == "word" and low in ("and", "or") and self._breaks_at(low):
            self._page.new_line(here.indent + 1)
        self._count(low)
        self._page.add(word.text, space=self._spaced(at))
        if low == "," and (here.joined or (here.breaks and not here.is_query)):
            self._page.new_line(here.indent + (1 if here.is_query else 0))
        elif low == "," and here.clause == "with":
            self._page.new_line(here.indent)

    def _begins(self, at: int, low: str) -> bool:
        before = self._low(at - 1)
        if low in _JOINS:
            opens = low == "join" or self._low(at + 1) in ("join", "outer", "inner", "left", "right", "full")
            return opens and before not in _JOINS and before != "outer"
        if low not in _CLAUSES or at == 0:
            return low in _CLAUSES and at == 0
        if low == "from":
            return before not in ("distinct", "delete")
        if low in ("update", "delete", "insert"):
            return before not in ("for", "key", "do", "on", "then", "before", "after", "or")
        if low == "with":
            return self._low(at + 1) not in ("time", "ordinality", "ties", "check", "no", "data")
        if low == "set":
            return before != "update" or self._here.clause == "update"
        if low in ("group", "order"):
            return self._low(at + 1) == "by" and before not in ("(", "within")
        if low == "when":
            return self._here.clause == "merge"
        return not (low == "values" and before == "default")

    def _breaks_at(self, low: str) -> bool:
        here = self._here
        if here.between and low == "and":
            here.between = False
            return False
        lines = here.clause in ("where", "having", *_JOINS) and here.is_query and not here.cases
        return lines or (here.breaks and not here.is_query and not here.cases)

    def _count(self, low: str) -> None:
        here = self._here
        here.between = here.between or low == "between"
        here.cases += (low == "case") - (low == "end" and here.cases > 0)

    def _list_is_long(self, at: int) -> bool:
        """Whether the items of a list stand on a line each: where there are many, or long ones."""
        depth = length = count = 0
        commented = False
        for word in self._words[at + 1 :]:
            depth += (word.kind == "open") - (word.kind == "close")
            if depth < 0 or (not depth and word.kind == "word" and word.low in _CLAUSES - {"when"}):
                break
            if commented:
                return True
            commented = word.kind == "comment"
            length += len(word.text) + 1
            count += not depth and word.text == ","
        return length > _WIDTH - 30 or count > 5

    def _spaced(self, at: int) -> bool:
        word, before = self._words[at], self._words[at - 1] if at else None
        if before is None or before.text in _NO_SPACE_BEHIND or word.text in _NO_SPACE_BEFORE:
            return word.blank and word.text == "[" and before is not None and before.kind == "word"
        if {before.kind, word.kind} <= {"operator", "other", "variable", "cast"} or before.kind == "operator":
            # A sign and its number, and what only touches where it was written so.
            return word.blank
        return word.blank or word.kind not in ("operator", "variable")
