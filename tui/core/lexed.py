"""A text that is lexed as far as somebody looks, and after a change again from there only: what colours need."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import Final

from tui.core.keywords import KEYWORDS
from tui.core.statements import Token, tokens

_FARTHEST: Final = 500_000
"""Characters. What lies behind has no colours: reckoning them would be felt."""
_STEP: Final = 64
_KINDS: Final = {
    "literal": "string",
    "dollar": "string",
    "comment": "comment",
    "block": "comment",
    "number": "number",
    "variable": "variable",
    "meta": "variable",
}
# A string may go on behind blanks and comments: such tokens are decided by what follows them.
_UNSURE: Final = frozenset({"blank", "comment", "literal"})
_BRACKETS: Final = {"(": ")", "[": "]", ")": "(", "]": "["}


class LexedText:
    """Where the tokens of a text lie, by line and column."""

    def __init__(self) -> None:
        self._text = ""
        self._tokens: list[Token] = []
        self._starts: list[int] = []
        self._lines = [0]
        self._more: Iterator[Token] = iter(())
        self._done = 0

    def update(self, text: str) -> None:
        """The text is another now; what stands before the change is kept."""
        if text == self._text:
            return
        keep = bisect_left(self._starts, _common(self._text, text))
        while keep and (keep >= len(self._tokens) or self._tokens[keep - 1].kind in _UNSURE):
            keep -= 1
        keep = max(0, keep - 1)
        del self._tokens[keep:], self._starts[keep:]
        self._text = text
        self._done = self._tokens[-1].end if self._tokens else 0
        del self._lines[max(1, bisect_right(self._lines, self._done)) :]
        self._more = tokens(text, start=self._done)

    def spans(self, line: int) -> list[tuple[int, int, str]]:
        """What has a colour on a line: first column, column behind, and which."""
        self._reach(line + 1)
        if line >= len(self._lines):
            return []
        begin = self._lines[line]
        end = self._lines[line + 1] if line + 1 < len(self._lines) else min(self._done, len(self._text))
        found = []
        for token in self._tokens[max(0, bisect_right(self._starts, begin) - 1) :]:
            if token.start >= end:
                break
            if token.end > begin and (kind := self._kind(token)):
                found.append((max(token.start, begin) - begin, min(token.end, end) - begin, kind))
        return found

    def bracket(self, offset: int) -> int:
        """Where the bracket is that belongs to the one at `offset`, or -1: those in strings and comments are none."""
        sign = self._text[offset : offset + 1]
        self._reach_offset(min(offset + _STEP * 1000, _FARTHEST))
        at = bisect_right(self._starts, offset) - 1
        if sign not in _BRACKETS or at < 0 or self._tokens[at].start != offset or offset >= self._done:
            return -1
        depth, step = 0, 1 if sign in "([" else -1
        while 0 <= at < len(self._tokens):
            token = self._tokens[at]
            if token.end - token.start == 1:
                here = self._text[token.start]
                depth += (here == sign) - (here == _BRACKETS[sign])
                if not depth:
                    return token.start
            at += step
        return -1

    def _kind(self, token: Token) -> str:
        if token.kind == "word":
            return "keyword" if self._text[token.start : token.end].lower() in KEYWORDS else ""
        return _KINDS.get(token.kind, "")

    def _reach(self, line: int) -> None:
        while len(self._lines) <= line and self._take():
            pass

    def _reach_offset(self, offset: int) -> None:
        while self._done <= offset and self._take():
            pass

    def _take(self) -> bool:
        token = next(self._more, None)
        if token is None or self._done > _FARTHEST:
            return False
        self._tokens.append(token)
        self._starts.append(token.start)
        self._done = token.end
        newline = self._text.find("\n", token.start, token.end)
        while newline >= 0:
            self._lines.append(newline + 1)
            newline = self._text.find("\n", newline + 1, token.end)
        return True


def _common(one: str, other: str) -> int:
    """How many characters both begin with."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
