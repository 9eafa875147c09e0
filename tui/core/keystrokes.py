"""What a key does to a text, as values: shared by the vi and the emacs keys."""

from dataclasses import dataclass
from typing import Protocol, TypeAlias


@dataclass(frozen=True, slots=True)
class Buffer:
    """A text, and in it the cursor and the other end of the selection, in characters."""

    text: str
    cursor: int
    anchor: int

    @property
    def selection(self) -> tuple[int, int]:
        """From the first to behind the last selected character."""
        return min(self.cursor, self.anchor), max(self.cursor, self.anchor)


@dataclass(frozen=True, slots=True)
class Edit:
    """Put `text` in the place of [start, end), and the cursor at `cursor`: one step of undo."""

    start: int
    end: int
    text: str
    cursor: int


@dataclass(frozen=True, slots=True)
class Move:
    """Put the cursor somewhere; `anchor` is the selection's other end, -1 for none."""

    cursor: int
    anchor: int = -1


@dataclass(frozen=True, slots=True)
class Do:
    """Something that the editor knows to do: undo, redo, copy, find, find_next, find_previous, palette.

    Attributes:
        argument: the text to copy.
    """

    name: str
    argument: str = ""


Effect: TypeAlias = Edit | Move | Do


class Keys(Protocol):
    """A style of keys."""

    @property
    def mode(self) -> str:
        """What the status bar shows, or ""."""
        ...

    def press(self, key: str, character: str | None, buffer: Buffer) -> list[Effect] | None:
        """What the key does; None leaves it to the editor. `key` as Textual names it."""
        ...


def applied(effects: list[Effect], buffer: Buffer) -> Buffer:
    """The buffer after what changes it; what `Do` names is the editor's."""
    for effect in effects:
        match effect:
            case Edit(start, end, text, cursor):
                changed = buffer.text[:start] + text + buffer.text[end:]
                buffer = Buffer(changed, cursor, cursor)
            case Move(cursor, anchor):
                buffer = Buffer(buffer.text, cursor, anchor if anchor >= 0 else cursor)
    return buffer


def line_start(text: str, at: int) -> int:
    """Where the line of `at` begins."""
    return text.rfind("\n", 0, at) + 1


def line_end(text: str, at: int) -> int:
    """Where the line of `at` ends, before its line feed."""
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def above_or_below(text: str, at: int, by: int, column: int) -> int:
    """The place `by` lines further, at `column` or at the line's end."""
    start = line_start(text, at)
    for _ in range(abs(by)):
        if by > 0:
            following = line_end(text, start) + 1
            if following > len(text):
                break
            start = following
        elif start > 0:
            start = line_start(text, start - 1)
    return min(start + column, line_end(text, start))
