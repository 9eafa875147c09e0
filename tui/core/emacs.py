"""The keys of emacs: motions, the mark, and the kill ring."""

import re
from collections.abc import Callable
from typing import Final

from tui.core.keystrokes import Buffer, Do, Edit, Effect, Move, above_or_below, line_end, line_start

_WORD_ON: Final = re.compile(r"\W*\w+")
_WORD_BACK: Final = re.compile(r"\w+\W*\Z")
_RING: Final = 30
_DONE: Final = {
    "ctrl+underscore": "undo", "ctrl+slash": "undo", "ctrl+s": "find", "alt+x": "palette",
    "alt+slash": "complete", "alt+semicolon": "comment",
}  # fmt: skip


class Emacs:
    """The kill ring, and whether a mark is set. All else are the editor's own keys."""

    def __init__(self) -> None:
        self._ring: list[str] = []
        self._marking = False
        self._column = -1
        self._last = ""
        self._yanked = (0, 0)

    @property
    def mode(self) -> str:
        """What the status bar shows."""
        return "EMACS mark" if self._marking else "EMACS"

    def press(self, key: str, character: str | None, buffer: Buffer) -> list[Effect] | None:
        """What the key does; letters are left to the editor."""
        last, self._last = self._last, ""
        if key not in ("ctrl+n", "ctrl+p"):
            self._column = -1
        if (to := self._motion(key, buffer.text, buffer.cursor)) is not None:
            return [Move(to, buffer.anchor if self._marking else -1)]
        if key in _DONE:
            self._marking = False
            return [Do(_DONE[key])]
        if key in ("ctrl+at", "ctrl+@", "ctrl+space"):
            self._marking = True
            return [Move(buffer.cursor, buffer.cursor)]
        if key in ("ctrl+g", "escape") and (self._marking or buffer.cursor != buffer.anchor):
            self._marking = False
            return [Move(buffer.cursor)]
        effects = self._edit(key, buffer, last)
        if effects is not None or character:
            self._marking = False
        return effects

    def _motion(self, key: str, text: str, at: int) -> int | None:
        if key in ("ctrl+n", "ctrl+p"):
            if self._column < 0:
                self._column = at - line_start(text, at)
            return above_or_below(text, at, 1 if key == "ctrl+n" else -1, self._column)
        found = _MOTIONS.get(key)
        return found(text, at) if found else None

    def _edit(self, key: str, buffer: Buffer, last: str) -> list[Effect] | None:
        text, at = buffer.text, buffer.cursor
        start, end = buffer.selection
        match key:
            case "ctrl+k":
                stop = line_end(text, at)
                return self._kill(text, at, stop if stop > at else min(stop + 1, len(text)), last)
            case "ctrl+w":
                return self._kill(text, start, end, "")
            case "alt+w" if start < end:
                self._ring = [text[start:end], *self._ring][:_RING]
                return [Do("copy", text[start:end]), Move(at)]
            case "alt+d":
                return self._kill(text, at, _word_on(text, at), last)
            case "alt+backspace":
                return self._kill(text, _word_back(text, at), at, last, before=True)
            case "ctrl+y":
                return self._yank(start, end) if self._ring else []
            case "alt+y" if last == "yank":
                self._ring = [*self._ring[1:], self._ring[0]]
                return self._yank(*self._yanked)
        return _changed(key, text, at)

    def _kill(self, text: str, start: int, end: int, last: str, *, before: bool = False) -> list[Effect]:
        """Cut; what is cut at once after another cut joins it in the ring."""
        taken = text[start:end]
        if not taken:
            return []
        if last == "kill" and self._ring:
            self._ring[0] = taken + self._ring[0] if before else self._ring[0] + taken
        else:
            self._ring = [taken, *self._ring][:_RING]
        self._last = "kill"
        return [Do("copy", self._ring[0]), Edit(start, end, "", start)]

    def _yank(self, start: int, end: int) -> list[Effect]:
        taken = self._ring[0]
        self._last, self._yanked = "yank", (start, start + len(taken))
        return [Edit(start, end, taken, start + len(taken))]


def _changed(key: str, text: str, at: int) -> list[Effect] | None:
    """What changes letters in their place, or takes a single one."""
    if key == "ctrl+d":
        return [Edit(at, at + 1, "", at)] if at < len(text) else []
    if key == "ctrl+t" and line_start(text, at) < at:
        place = min(at, line_end(text, at) - 1)
        return [Edit(place - 1, place + 1, text[place] + text[place - 1], place + 1)] if place else []
    if key in _CASES:
        stop = _word_on(text, at)
        changed = _CASES[key](text[at:stop])
        return [Edit(at, stop, changed, at + len(changed))]
    return None


def _word_on(text: str, at: int) -> int:
    found = _WORD_ON.match(text, at)
    return found.end() if found else len(text)


def _word_back(text: str, at: int) -> int:
    # A word is no longer than this; a whole text would be searched from its beginning.
    begin = max(0, at - 1000)
    found = _WORD_BACK.search(text, begin, at)
    return found.start() if found else begin


_MOTIONS: Final[dict[str, Callable[[str, int], int]]] = {
    "ctrl+f": lambda text, at: min(len(text), at + 1),
    "ctrl+b": lambda _text, at: max(0, at - 1),
    "ctrl+a": line_start,
    "ctrl+e": line_end,
    "alt+f": _word_on,
    "alt+b": _word_back,
    "alt+less_than_sign": lambda _text, _at: 0,
    "alt+greater_than_sign": lambda text, _at: len(text),
}
_CASES: Final[dict[str, Callable[[str], str]]] = {"alt+u": str.upper, "alt+l": str.lower, "alt+c": str.title}
