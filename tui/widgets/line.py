"""An input of one line whose keys count in their order."""

from textual import events
from textual.widgets import Input

from tui.widgets.in_order import press_in_order


class Line(Input):
    """An input of one line."""

    async def _on_key(self, event: events.Key) -> None:
        await press_in_order(self, event)
