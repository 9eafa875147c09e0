"""Values as one line of a table: control characters shown, wide characters counted, what is too long cut."""

from typing import Final

from rich.cells import cell_len, set_cell_size

from tui.core.terminal import one_line

_LOOKED_AT: Final = 200
_JOINING: Final = dict.fromkeys((0x200D, 0xFE0E, 0xFE0F))
"""Zero-width joiner and variation selectors: at an end they act on the cell beside."""


def width(value: str) -> int:
    """How many cells the beginning of a value takes."""
    return cell_len(_one_line(value))


def fit(value: str, room: int, *, right: bool = False) -> str:
    """The value in exactly `room` cells; an ellipsis says that there is more."""
    text = _one_line(value)
    if text.isascii() and len(text) <= room:
        return text.rjust(room) if right else text.ljust(room)
    shown = _padded(text, room, right=right)
    return shown if cell_len(f" {shown} ") == room + 2 else _padded(text.translate(_JOINING), room, right=right)


def _padded(text: str, room: int, *, right: bool) -> str:
    taken = cell_len(text)
    if taken > room:
        return set_cell_size(text, room - 1) + "…"
    return " " * (room - taken) + text if right else text + " " * (room - taken)


def _one_line(value: str) -> str:
    """A value's first line as it can be shown; whatever a table could show lies in its first characters."""
    if len(value) <= _LOOKED_AT and value.isascii() and value.isprintable():
        return value
    head = value[:_LOOKED_AT]
    shown = one_line(head)
    return shown + "…" if len(value) > _LOOKED_AT else shown
