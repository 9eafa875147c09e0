"""The status bar; see `tui.widgets.status` for what stands in it."""

from typing import TYPE_CHECKING

from textual.content import Content
from textual.widget import Widget

if TYPE_CHECKING:
    from tui.widgets.status import Status


class StatusBar(Widget):
    """One line; what matters most stands first, so that a narrow terminal cuts the rest."""

    DEFAULT_CSS = "StatusBar { height: 1; background: $panel; color: $foreground; padding: 0 1; }"

    def __init__(self) -> None:
        super().__init__()
        self._status: Status | None = None

    def show(self, status: "Status") -> bool:
        """Show another status; tells whether it is another."""
        if status == self._status:
            return False
        self._status = status
        self.refresh()
        return True

    def render(self) -> Content:
        """The line; empty before anything is known."""
        if self._status is None:
            return Content("")
        from tui.widgets.status import line

        return line(self._status)
