"""The keys of vi: normal, insert and visual mode, operators with motions and text objects, counts, repetition."""

from enum import Enum
from typing import Final

from tui.core.keystrokes import Buffer, Do, Edit, Effect, Move, applied, line_end, line_start
from tui.core.vim_motions import (
    Motion,
    Reach,
    find_character,
    first_of_line,
    motion,
    text_object,
    way_taken,
    words_taken,
)

_OPERATORS: Final = frozenset({"d", "c", "y", ">", "<", "gu", "gU", "g~"})
_NAMED: Final = {
    "left": "h", "right": "l", "up": "k", "down": "j", "home": "0", "end": "$", "backspace": "h", "space": " ",
    "delete": "x",
}  # fmt: skip
_SCROLLS: Final = {"ctrl+d": "page_down", "ctrl+f": "page_down", "ctrl+u": "page_up", "ctrl+b": "page_up"}
_NOT_OURS: Final = frozenset({"tab", "shift+tab", "ctrl+k", "ctrl+w", "ctrl+h", "ctrl+x", "ctrl+shift+k", "ctrl+y"})
_SHORT: Final = {"D": "d$", "C": "c$", "x": "dl", "X": "dh", "s": "cl", "S": "cc", "Y": "yy"}
_UNDONE: Final = {"u": "undo", "ctrl+r": "redo", "n": "find_next", "N": "find_previous", "/": "find", ":": "palette"}
_LONGEST: Final = 9999


class Mode(Enum):
    """How keys are read; the value is shown."""

    NORMAL = "NORMAL"
    INSERT = "INSERT"
    VISUAL = "VISUAL"
    VISUAL_LINE = "VISUAL LINE"


class Vim:
    """What has been typed of a command, the register, and the mode."""

    def __init__(self) -> None:
        self._mode = Mode.NORMAL
        self._typed = ""
        self._count = ""
        self._operator = ""
        self._operator_count = ""
        self._register = ""
        self._column = -1
        self._sought: tuple[str, str] | None = None
        self._keys: list[tuple[str, str | None]] = []
        self._last_change: list[tuple[str, str | None]] = []
        self._visual = 0
        self._replaying = False

    @property
    def mode(self) -> str:
        """What the status bar shows: the mode, and what is typed of a command."""
        pending = self._operator_count + self._operator + self._count + self._typed
        return f"{self._mode.value} {pending}".strip()

    @property
    def inserting(self) -> bool:
        """Whether letters are text."""
        return self._mode is Mode.INSERT

    def press(self, key: str, character: str | None, buffer: Buffer) -> list[Effect] | None:
        """What the key does; in insert mode nearly all are left to the editor."""
        if self._mode is Mode.INSERT:
            return self._in_insert(key, character, buffer)
        sign = _NAMED.get(key) or (character if character and character.isprintable() else key)
        if key in ("escape", "ctrl+left_square_bracket", "ctrl+c"):
            return self._leave(buffer)
        if key in _SCROLLS:
            return [Do(_SCROLLS[key])]
        if len(sign) > 1 and sign not in ("ctrl+r", "enter"):
            # The editor's own keys that change the text are not vi's.
            return [] if key in _NOT_OURS else None
        if self._replaying:
            return self._command(sign, buffer)
        self._keys.append((key, character))
        effects = self._command(sign, buffer)
        if not self._pending and not self.inserting:
            self._keys = []
        return effects

    # --- modes ---------------------------------------------------------------------------------------------------

    def _in_insert(self, key: str, character: str | None, buffer: Buffer) -> list[Effect] | None:
        if not self._replaying:
            self._keys.append((key, character))
        if key not in ("escape", "ctrl+left_square_bracket"):
            return None
        self._mode = Mode.NORMAL
        if not self._replaying:
            self._last_change, self._keys = self._keys, []
        return [Move(max(line_start(buffer.text, buffer.cursor), buffer.cursor - 1))]

    def _leave(self, buffer: Buffer) -> list[Effect] | None:
        idle = self._mode is Mode.NORMAL and not self._pending
        self._mode = Mode.NORMAL
        self._forget()
        self._keys = []
        return None if idle else [Move(self._inside(buffer.text, min(buffer.cursor, len(buffer.text))))]

    def _forget(self) -> None:
        self._typed = self._count = self._operator = self._operator_count = ""

    @property
    def _pending(self) -> bool:
        return bool(self._typed or self._count or self._operator)

    def _insert_at(self, effects: list[Effect]) -> list[Effect]:
        self._mode = Mode.INSERT
        self._forget()
        return effects

    # --- commands ------------------------------------------------------------------------------------------------

    def _command(self, sign: str, buffer: Buffer) -> list[Effect]:
        if not self._typed and sign.isdigit() and sign.isascii() and (sign != "0" or self._count):
            self._count = str(min(int(self._count + sign), _LONGEST))
            return []
        command = self._typed + sign
        if command in ("g", "r") or (command in ("f", "F", "t", "T")) or (command in ("i", "a") and self._takes_object):
            self._typed = command
            return []
        if (
            self._mode in (Mode.VISUAL, Mode.VISUAL_LINE)
            and (effects := self._visual_command(command, buffer)) is not None
        ):
            return effects
        if command in _OPERATORS or (self._operator and command == self._operator[-1]):
            return self._operate(command, buffer)
        if self._operator or self._mode is not Mode.NORMAL or self._moves(command, buffer):
            return self._move(command, buffer)
        effects = self._simple(command, buffer)
        if not self.inserting:
            self._forget()
        return effects

    @property
    def _takes_object(self) -> bool:
        return bool(self._operator) or self._mode is not Mode.NORMAL

    def _times(self) -> int | None:
        if not (self._count or self._operator_count):
            return None
        return min(int(self._count or 1) * int(self._operator_count or 1), _LONGEST)

    def _find_motion(self, command: str, buffer: Buffer) -> Motion | None:
        text, at, times = buffer.text, buffer.cursor, self._times()
        if command == "gg":
            return motion("G", text, at, times or 1, 0)
        if command == "ge":
            return motion("b", text, at, times, 0)
        if len(command) == 2 and command[0] in "fFtT":
            self._sought = command[0], command[1]
            return find_character(text, at, command[0], command[1], times or 1)
        if command in (";", ",") and self._sought:
            key, wanted = self._sought
            key = key if command == ";" else key.swapcase()
            return find_character(text, at, key, wanted, times or 1, again=True)
        if command == "enter":
            return motion("j", text, at, times, 0)
        if command not in ("j", "k"):
            self._column = len(text) if command == "$" and not self._operator else -1
        elif self._column < 0:
            self._column = at - line_start(text, at)
        return motion(command, text, at, times, max(self._column, 0)) if len(command) == 1 else None

    def _moves(self, command: str, buffer: Buffer) -> bool:
        return self._find_motion(command, buffer) is not None

    def _move(self, command: str, buffer: Buffer) -> list[Effect]:
        """A motion or a text object, by itself or behind an operator."""
        if len(command) == 2 and command[0] in "ia" and self._takes_object:
            found = text_object(command[0] == "a", command[1], buffer.text, buffer.cursor)
            if found is None or not self._operator:
                self._typed = self._count = ""
                if found is None:
                    self._forget()
                    return []
                self._visual = found[0]
                return [Move(max(found[0], found[1] - 1), found[0])] if found[1] > found[0] else []
            return self._apply(*found, buffer)
        target = self._find_motion(command, buffer)
        if target is None:
            self._forget()
            return []
        if not self._operator:
            self._typed = self._count = ""
            to = self._inside(buffer.text, target.to) if self._mode is Mode.NORMAL else target.to
            return [Move(to, -1 if self._mode is Mode.NORMAL else self._visual)]
        if self._operator == "c" and command in ("w", "W") and buffer.text[buffer.cursor : buffer.cursor + 1].strip():
            # As vi: cw on a word changes to its end.
            end = motion("e" if command == "w" else "E", buffer.text, buffer.cursor - 1, self._times(), 0)
            target = end or target
        elif command in ("w", "W"):
            target = words_taken(command, buffer.text, buffer.cursor, self._times() or 1, target.to)
        return self._apply(*way_taken(buffer.text, buffer.cursor, target), buffer)

    def _operate(self, command: str, buffer: Buffer) -> list[Effect]:
        self._typed = ""
        if not self._operator:
            self._operator, self._operator_count, self._count = command, self._count, ""
            return []
        last = (
            motion("j", buffer.text, buffer.cursor, (self._times() or 1) - 1, 0) if (self._times() or 1) > 1 else None
        )
        return self._apply(buffer.cursor, last.to if last else buffer.cursor, Reach.LINES, buffer)

    # --- what operators do ---------------------------------------------------------------------------------------

    def _apply(self, start: int, end: int, reach: Reach, buffer: Buffer) -> list[Effect]:
        text, operator, at = buffer.text, self._operator, start
        if reach is Reach.LINES or operator in "<>":
            start, end = line_start(text, start), line_end(text, max(start, end))
        end = min(end, len(text))
        taken = text[start:end]
        self._forget()
        if operator in ("d", "c", "y"):
            self._register = taken + ("\n" if reach is Reach.LINES else "")
            copied: list[Effect] = [Do("copy", self._register)] if self._register else []
            if operator == "y":
                return [*copied, Move(self._inside(text, at))]
            self._changed(operator == "c")
            return [*copied, *self._cut(start, end, reach, operator, text)]
        self._changed(False)
        if operator in ("<", ">"):
            lines = [_shifted(line, operator) for line in taken.split("\n")]
            changed = "\n".join(lines)
            return [Edit(start, end, changed, first_of_line(text[:start] + changed, start))]
        changed = {"gu": taken.lower(), "gU": taken.upper(), "g~": taken.swapcase()}[operator]
        return [Edit(start, end, changed, start)]

    def _cut(self, start: int, end: int, reach: Reach, operator: str, text: str) -> list[Effect]:
        if operator == "c":
            indent = text[start : first_of_line(text, start)] if reach is Reach.LINES else ""
            return self._insert_at([Edit(start, end, indent, start + len(indent))])
        if reach is Reach.LINES:
            # The line feed goes too: the one behind, or at the end the one before.
            if end < len(text):
                end += 1
            elif start > 0:
                start -= 1
        left = text[:start] + text[end:]
        at = first_of_line(left, min(start, len(left))) if reach is Reach.LINES else start
        return [Edit(start, end, "", self._inside(left, at))]

    def _changed(self, goes_on: bool) -> None:
        if not goes_on and not self._replaying:
            self._last_change = list(self._keys)

    # --- visual --------------------------------------------------------------------------------------------------

    def _visual_command(self, command: str, buffer: Buffer) -> list[Effect] | None:
        if command in ("v", "V"):
            wanted = Mode.VISUAL if command == "v" else Mode.VISUAL_LINE
            self._mode = Mode.NORMAL if self._mode is wanted else wanted
            return [Move(buffer.cursor, self._visual if self._mode is not Mode.NORMAL else -1)]
        if command == "o":
            self._visual, other = buffer.cursor, self._visual
            return [Move(other, self._visual)]
        same = {"x": "d", "s": "c", "u": "gu", "U": "gU", "~": "g~", "D": "d", "C": "c", "Y": "y"}
        operator = same.get(command, command)
        if operator in _OPERATORS:
            reach = Reach.LINES if self._mode is Mode.VISUAL_LINE or command in "DCY" else Reach.INCLUSIVE
            start, end = sorted((self._visual, buffer.cursor))
            start = line_start(buffer.text, start) if reach is Reach.LINES else start
            self._mode, self._operator = Mode.NORMAL, operator
            effects = self._apply(
                start, min(end + 1, len(buffer.text)) if reach is Reach.INCLUSIVE else end, reach, buffer
            )
            # It cannot be repeated elsewhere: what was selected is gone.
            self._last_change = self._last_change if self.inserting else []
            return effects
        if command == "p" and self._register:
            start, end = sorted((self._visual, buffer.cursor))
            taken, self._mode = self._register, Mode.NORMAL
            self._register = buffer.text[start : end + 1]
            return [Edit(start, min(end + 1, len(buffer.text)), taken, start + len(taken) - 1)]
        return None

    # --- single keys ---------------------------------------------------------------------------------------------

    def _simple(self, command: str, buffer: Buffer) -> list[Effect]:
        text, at = buffer.text, buffer.cursor
        times = self._times() or 1
        if command in _SHORT:
            self._command(_SHORT[command][0], buffer)
            return self._command(_SHORT[command][1], buffer)
        if command in _UNDONE:
            return [Do(_UNDONE[command])] * (times if command in ("u", "ctrl+r") else 1)
        match command:
            case "i" | "a" | "I" | "A" | "o" | "O":
                return self._begin_insert(command, text, at)
            case "v" | "V":
                self._mode, self._visual = (Mode.VISUAL if command == "v" else Mode.VISUAL_LINE), at
                return [Move(at, at)]
            case "p" | "P" if self._register:
                return self._put(command, text, at, times)
            case "J":
                return self._join(text, at)
            case "~" if at < line_end(text, at):
                end = min(at + times, line_end(text, at))
                self._changed(False)
                return [Edit(at, end, text[at:end].swapcase(), self._inside(text, end))]
            case "." if self._last_change:
                return self._played(list(self._last_change), buffer)
        if len(command) == 2 and command[0] == "r" and at + times <= line_end(text, at):
            self._changed(False)
            return [Edit(at, at + times, command[1] * times, at + times - 1)]
        return []

    def _begin_insert(self, command: str, text: str, at: int) -> list[Effect]:
        start, end = line_start(text, at), line_end(text, at)
        indent = text[start : first_of_line(text, at)]
        match command:
            case "a":
                return self._insert_at([Move(min(at + 1, end))])
            case "I":
                return self._insert_at([Move(first_of_line(text, at))])
            case "A":
                return self._insert_at([Move(end)])
            case "o":
                return self._insert_at([Edit(end, end, "\n" + indent, end + 1 + len(indent))])
            case "O":
                return self._insert_at([Edit(start, start, indent + "\n", start + len(indent))])
        return self._insert_at([Move(at)])

    def _put(self, command: str, text: str, at: int, times: int) -> list[Effect]:
        self._changed(False)
        taken = self._register * times
        if not self._register.endswith("\n"):
            place = at if command == "P" else min(at + 1, line_end(text, at))
            return [Edit(place, place, taken, place + len(taken) - 1)]
        if command == "P":
            place = line_start(text, at)
            return [Edit(place, place, taken, place + first_of_line(taken, 0))]
        place = line_end(text, at)
        return [Edit(place, place, "\n" + taken[:-1], place + 1 + first_of_line(taken, 0))]

    def _join(self, text: str, at: int) -> list[Effect]:
        end = line_end(text, at)
        if end == len(text):
            return []
        self._changed(False)
        behind = first_of_line(text, end + 1)
        bare = end == line_start(text, at) or text[end - 1].isspace() or behind == line_end(text, end + 1)
        glue = "" if bare or text[behind] == ")" else " "
        return [Edit(end, behind, glue, self._inside(text[:end] + glue + text[behind:], end))]

    def _played(self, keys: list[tuple[str, str | None]], buffer: Buffer) -> list[Effect]:
        """The effects of several keys, one after the other; text between is inserted as it stands."""
        outer, self._replaying = self._replaying, True
        times = self._count
        self._forget()
        self._count = times
        effects: list[Effect] = []
        try:
            for key, character in keys:
                step = self.press(key, character, buffer)
                if step is None and self.inserting:
                    step = _typed(key, character, buffer)
                effects += step or []
                buffer = applied(step or [], buffer)
        finally:
            self._replaying = outer
        return effects

    # --- places --------------------------------------------------------------------------------------------------

    def _inside(self, text: str, at: int) -> int:
        """In normal mode the cursor stands on a character, not behind the line."""
        start, end = line_start(text, at), line_end(text, at)
        return min(at, max(start, end - 1)) if self._mode is Mode.NORMAL else at


def _typed(key: str, character: str | None, buffer: Buffer) -> list[Effect]:
    at = buffer.cursor
    if key == "backspace":
        return [Edit(at - 1, at, "", at - 1)] if at else []
    text = {"enter": "\n", "tab": "  "}.get(key, character or "")
    return (
        [Edit(at, at, text, at + len(text))] if text and (len(text) > 1 or text == "\n" or text.isprintable()) else []
    )


def _shifted(line: str, operator: str) -> str:
    if operator == ">":
        return f"  {line}" if line else line
    return line[min(2, len(line) - len(line.lstrip(" "))) :] if not line.startswith("\t") else line[1:]
