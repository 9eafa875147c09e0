"""Find in the text: a line below the editor."""

import re
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input

from tui.widgets.line import Line


class FindBar(Line):
    """What is looked for. Letter case counts where a capital letter is looked for."""

    DEFAULT_CSS = """
    FindBar { display: none; height: 1; border: none; background: $panel; padding: 0 1; }
    FindBar:focus { border: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,down", "look(1)", "Next", show=False),
        Binding("up", "look(-1)", "Previous", show=False),
        Binding("escape", "leave", "Close", show=False),
    ]

    @dataclass
    class Wanted(Message):
        """Go to the next (1), the previous (-1), or the nearest place (0)."""

        by: int

    class Left(Message):
        """Back to the text."""

    def __init__(self) -> None:
        super().__init__(placeholder="Find: Enter or ↓ next, ↑ previous, Esc back to the text", id="find", compact=True)

    def action_look(self, by: int) -> None:
        self.post_message(self.Wanted(by))

    def action_leave(self) -> None:
        self.display = False
        self.post_message(self.Left())

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Wanted(0))


def find(text: str, words: str, cursor: int, by: int) -> tuple[int, int] | None:
    """Where `words` stand next: from the cursor on (0), behind it (1), before it (-1); round the end of the text."""
    if not words:
        return None
    flags = re.NOFLAG if words != words.lower() else re.IGNORECASE
    pattern = re.compile(re.escape(words), flags)
    if by >= 0:
        found = pattern.search(text, min(cursor + (by > 0), len(text))) or pattern.search(text)
        return found.span() if found else None
    places = [match.span() for match in pattern.finditer(text)]
    before = [place for place in places if place[0] < cursor]
    found_places = before or places
    return found_places[-1] if found_places else None
