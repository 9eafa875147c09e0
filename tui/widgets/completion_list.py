"""The list of candidates below (or above) the cursor. It never takes the focus: the editor steers it."""

from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len, set_cell_size
from textual import events
from textual.content import Content
from textual.geometry import Offset, Size
from textual.message import Message
from textual.widget import Widget

from tui.core.completion import Candidate, Completion
from tui.core.completion_wanted import Kind
from tui.core.terminal import harmless

_ROWS: Final = 8
_WIDEST: Final = 72
_NAME_WIDEST: Final = 44
_SIGNS: Final = {
    Kind.COLUMN: "c", Kind.ALIAS: "a", Kind.TABLE: "t", Kind.SCHEMA: "s", Kind.FUNCTION: "f", Kind.TYPE: "y",
    Kind.ROLE: "r", Kind.JOIN: "j", Kind.KEYWORD: " ", Kind.SNIPPET: "≡", Kind.COMMAND: "\\",
}  # fmt: skip


class CompletionList(Widget):
    """Shows candidates, one a line, and which is chosen.

    Attributes:
        chosen: the number of the candidate that was moved to, or None as long as none was: then Enter is not ours.
    """

    DEFAULT_CSS = """
    CompletionList {
        layer: completions; overlay: screen; constrain: inside inflect; margin: 1 0; display: none;
        width: auto; height: auto; max-height: 8; background: $panel; color: $foreground;
    }
    """
    can_focus = False

    @dataclass
    class Clicked(Message):
        """A candidate was clicked."""

        candidate: Candidate

    def __init__(self) -> None:
        super().__init__(id="completions")
        self.completion = Completion(0, 0)
        self.chosen: int | None = None
        self._top = 0
        self._names = 0
        self._width = 0

    @property
    def shown(self) -> bool:
        """Whether it can be seen."""
        return bool(self.display) and bool(self.completion.candidates)

    @property
    def candidate(self) -> Candidate:
        """The one that Tab takes."""
        return self.completion.candidates[self.chosen or 0]

    def show(self, completion: Completion, at: Offset) -> None:
        """Show candidates at the cell where what they replace begins."""
        self.completion, self.chosen, self._top = completion, None, 0
        if not completion.candidates:
            self.hide()
            return
        shown = completion.candidates[:50]
        self._names = min(_NAME_WIDEST, max(cell_len(_name(one)) for one in shown))
        details = max(cell_len(harmless(one.detail)) for one in shown)
        self._width = min(_WIDEST, self._names + details + 5, max(20, self.screen.size.width))
        self.absolute_offset = at
        self.display = True
        self.refresh(layout=True)

    def hide(self) -> None:
        """Take it away."""
        if self.display:
            self.display = False
        self.completion = Completion(0, 0)

    def move(self, by: int) -> None:
        """Choose another candidate; past either end one comes to the other."""
        count = len(self.completion.candidates)
        if self.chosen is None:
            self.chosen = 0 if by > 0 else count - 1
        elif abs(by) > 1:
            self.chosen = min(max(self.chosen + by, 0), count - 1)
        else:
            self.chosen = (self.chosen + by) % count
        self._top = min(max(self._top, self.chosen - _ROWS + 1), self.chosen)
        self.refresh()

    def get_content_width(self, container: Size, viewport: Size) -> int:
        """Cells of the widest line."""
        del container, viewport
        return self._width

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Lines."""
        del container, viewport, width
        return min(_ROWS, len(self.completion.candidates))

    def render(self) -> Content:
        """The lines that can be seen."""
        lines = []
        for number, candidate in enumerate(self.completion.candidates[self._top : self._top + _ROWS], self._top):
            left = set_cell_size(f"{_SIGNS[candidate.kind]} {_name(candidate)}", self._names + 3)
            right = set_cell_size(harmless(candidate.detail), max(0, self._width - self._names - 3))
            line = Content(left) + Content.styled(right, "$foreground 60%")
            lines.append(line.stylize("$primary-background on $accent") if number == self.chosen else line)
        return Content("\n").join(lines)

    def on_click(self, event: events.Click) -> None:
        event.stop()
        number = self._top + event.y
        if number < len(self.completion.candidates):
            self.post_message(self.Clicked(self.completion.candidates[number]))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self._scroll(1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self._scroll(-1)

    def _scroll(self, by: int) -> None:
        self._top = min(max(0, self._top + by), max(0, len(self.completion.candidates) - _ROWS))
        self.refresh()


def _name(candidate: Candidate) -> str:
    return harmless(candidate.shown or candidate.text)
