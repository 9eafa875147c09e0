"""A chart of a column, as large as the terminal allows."""

from collections.abc import Sequence
from typing import ClassVar, Final

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Label, Static

from tui.core.chart import Chart, Kind, draw
from tui.core.feed import RowSource
from tui.core.terminal import harmless
from tui.screens.views import View
from tui.workroom import Workroom

_RETRY_SECONDS: Final = 0.05


class ChartView(View):
    """Bars, a line or a histogram; drawn anew where the terminal's size changes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("b", "kind('bar')", "Bars"),
        Binding("l", "kind('line')", "Line"),
        Binding("h", "kind('histogram')", "Histogram"),
        Binding("n", "column(1)", "Next column"),
        Binding("p", "column(-1)", "Previous column"),
    ]

    def __init__(
        self, source: RowSource, columns: Sequence[int], column: int, workroom: Workroom, note: str = ""
    ) -> None:
        super().__init__()
        self._source, self._columns, self._column = source, columns, column
        self._workroom, self._note = workroom, note
        self.kind = Kind.BAR if source.rows <= 50 else Kind.HISTOGRAM

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Label(classes="title")
            with VerticalScroll():
                yield Static("Drawing …")
            yield Label("b bars, l line, h histogram; n and p: other columns. Esc closes.", classes="hint")

    def on_mount(self) -> None:
        self.call_after_refresh(self._draw)

    def on_resize(self) -> None:
        self.call_after_refresh(self._draw)

    def action_kind(self, kind: str) -> None:
        self.kind = Kind(kind)
        self._draw()

    def action_column(self, by: int) -> None:
        at = self._columns.index(self._column)
        self._column = self._columns[(at + by) % len(self._columns)]
        self._draw()

    def action_leave(self) -> None:
        self._workroom.stop()
        super().action_leave()

    def _draw(self) -> None:
        size = self.query_one(VerticalScroll).scrollable_content_region.size
        source, wish = self._source, (self.kind, self._column, (size.width, size.height))

        def show(chart: Chart) -> None:
            if self.is_mounted and wish[:2] == (self.kind, self._column):
                self._show(chart)

        if not self._workroom.start("Drawing", lambda progress: draw(wish[0], source, *wish[1:], progress), show):
            # The chart before is still being drawn, or a result is worked on: after that.
            self.set_timer(_RETRY_SECONDS, self._draw)

    def _show(self, chart: Chart) -> None:
        name = harmless(self._source.columns[self._column].name)
        self.query_one(".title", Label).update(Content(f"{self.kind.title()} of {name}. {chart.note} {self._note}"))
        self.query_one("VerticalScroll Static", Static).update(Text("\n".join(chart.lines), no_wrap=True))
