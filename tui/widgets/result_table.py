"""A table over a `ResultFeed`: draws only the cells in view, and asks for rows as one scrolls towards them."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import ClassVar, Final

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.core.events import Row
from tui.core.export import right_aligned
from tui.core.feed import ResultFeed
from tui.widgets.cells import fit, width

_WIDEST: Final = 40
_AHEAD: Final = 100
_SAMPLE: Final = 200


class ResultTable(ScrollView, can_focus=True):
    """Rows and columns of one result, with a cell cursor."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "result--header",
        "result--cursor",
        "result--row",
        "result--null",
        "result--even",
        "result--gutter",
    }
    DEFAULT_CSS = """
    ResultTable { background: $surface; color: $foreground; }
    ResultTable .result--header { background: $panel; color: $primary; text-style: bold; }
    ResultTable .result--cursor { background: $primary; color: $background; text-style: bold; }
    ResultTable .result--row { background: $primary 25%; }
    ResultTable .result--null { color: $foreground 45%; text-style: italic; }
    ResultTable .result--even { background: $boost; }
    ResultTable .result--gutter { color: $foreground 45%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1, 0)", show=False),
        Binding("down", "move(1, 0)", show=False),
        Binding("left", "move(0, -1)", show=False),
        Binding("right", "move(0, 1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("ctrl+home", "edge(0)", "First row", show=False),
        Binding("ctrl+end", "edge(1)", "Last row", show=False),
        Binding("home", "column(0)", show=False),
        Binding("end", "column(1)", show=False),
        Binding("enter", "open", "Whole value", show=False),
        Binding("r", "record", "Record", show=False),
        Binding("space", "mark", "Mark rows", show=False),
        Binding("y", "copy", "Copy", show=False),
    ]

    cursor_row: reactive[int] = reactive(0, repaint=False)
    cursor_column: reactive[int] = reactive(0, repaint=False)

    @dataclass
    class MoreWanted(Message):
        """One looks at rows near the end of what is here; `everything`: one wants the very last."""

        feed: ResultFeed
        everything: bool = False

    @dataclass
    class CellOpened(Message):
        """One wants to see a value, or a record, whole."""

        table: "ResultTable"
        record: bool

    @dataclass
    class CopyWanted(Message):
        """One wants to copy what is marked."""

        table: "ResultTable"

    def __init__(self, feed: ResultFeed, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.feed = feed
        self._asked = -1
        self._mark: int | None = None
        self._widths: list[int] = []
        self._offsets: list[int] = [0]
        self._gutter = 4
        self.to_the_end = False

    def on_mount(self) -> None:
        self.rows_came()

    # --- what is here --------------------------------------------------------------------------------------------

    def rows_came(self) -> None:
        """Take in what the feed has got since."""
        if len(self._widths) != len(self.feed.columns) or not self._measured:
            self._measure()
        self._gutter = max(3, len(str(self.feed.rows))) + 1
        self.virtual_size = Size(self._gutter + self._offsets[-1], self.feed.rows + 1)
        self._asked = -1
        self.refresh()
        if self.to_the_end:
            self.cursor_row = max(0, self.feed.rows - 1)
            self._show_cursor()
            if self.feed.open:
                self._want(everything=True)
            else:
                self.to_the_end = False
        else:
            self._want_if_near()

    @property
    def selected_rows(self) -> tuple[int, int]:
        """The marked rows as a half-open range; the cursor's row where none is marked."""
        mark = self.cursor_row if self._mark is None else self._mark
        return min(mark, self.cursor_row), max(mark, self.cursor_row) + 1

    @property
    def marked(self) -> bool:
        """Whether rows are marked."""
        return self._mark is not None

    def stop(self) -> None:
        """Do not run on to the end."""
        self.to_the_end = False

    def go_to(self, row: int) -> None:
        """Put the cursor on a row that is here."""
        self.cursor_row = max(0, min(row, self.feed.rows - 1))
        self._show_cursor()

    @property
    def _measured(self) -> bool:
        return bool(self._widths) and self._sampled

    _sampled = False

    def _measure(self) -> None:
        """Give each column the width of its first values; what is longer is cut, and shown whole by `enter`."""
        sample = list(self.feed.slice(0, _SAMPLE))
        self._sampled = bool(sample)
        self._widths = [
            min(_WIDEST, max([width(column.name), 4, *(width(row[index] or "") for row in sample)]))
            for index, column in enumerate(self.feed.columns)
        ]
        self._offsets = [0, *accumulate(room + 2 for room in self._widths)]

    # --- drawing -------------------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        scroll_x, scroll_y = self.scroll_offset
        row: Row | None
        if y == 0:
            row, base, index = tuple(column.name for column in self.feed.columns), "result--header", -1
        else:
            index = scroll_y + y - 1
            row, base = self.feed.row(index), "result--even" if index % 2 else ""
        if row is None:
            return Strip.blank(self.size.width, self.rich_style)
        style = self.rich_style + self.get_component_rich_style(base) if base else self.rich_style
        start, stop = self.selected_rows
        if index >= 0 and start <= index < stop:
            style += self.get_component_rich_style("result--row")
        segments = self._cells(row, index, scroll_x, style)
        return Strip([self._number(index, style), *segments]).adjust_cell_length(self.size.width, style)

    def _number(self, index: int, style: Style) -> Segment:
        text = "" if index < 0 else str(index + 1)
        return Segment(text.rjust(self._gutter - 1) + " ", style + self.get_component_rich_style("result--gutter"))

    def _cells(self, row: Row, index: int, scroll_x: int, style: Style) -> list[Segment]:
        """The cells in view; the first is cut where the view begins within it."""
        columns = self.feed.columns
        first = max(0, bisect_right(self._offsets, scroll_x) - 1)
        room, segments = self.size.width - self._gutter, []
        at = self._offsets[first] if first < len(self._offsets) else 0
        for number in range(first, len(columns)):
            if at - scroll_x >= room:
                break
            value, cell_style = row[number], style
            if index == self.cursor_row and number == self.cursor_column and self.has_focus:
                cell_style = style + self.get_component_rich_style("result--cursor")
            elif value is None and index >= 0:
                cell_style = style + self.get_component_rich_style("result--null")
            text = fit("NULL" if value is None else value, self._widths[number], right=right_aligned(columns[number]))
            segments.append(Segment(f" {text} ", cell_style))
            at = self._offsets[number + 1]
        cut = scroll_x - self._offsets[first] if columns else 0
        return list(Strip(segments).crop(cut, cut + room)) if cut else segments

    # --- moving --------------------------------------------------------------------------------------------------

    def action_move(self, rows: int, columns: int) -> None:
        self.to_the_end = False
        self.cursor_row = max(0, min(self.cursor_row + rows, self.feed.rows - 1))
        self.cursor_column = max(0, min(self.cursor_column + columns, len(self.feed.columns) - 1))
        self._show_cursor()

    def action_page(self, pages: int) -> None:
        self.action_move(pages * max(1, self.size.height - 2), 0)

    def action_edge(self, last: int) -> None:
        self.to_the_end = bool(last)
        self.cursor_row = max(0, self.feed.rows - 1) if last else 0
        self._show_cursor()
        if last and self.feed.open:
            self._want(everything=True)

    def action_column(self, last: int) -> None:
        self.cursor_column = max(0, len(self.feed.columns) - 1) if last else 0
        self._show_cursor()

    def action_open(self) -> None:
        self.post_message(self.CellOpened(self, record=False))

    def action_record(self) -> None:
        self.post_message(self.CellOpened(self, record=True))

    def action_copy(self) -> None:
        self.post_message(self.CopyWanted(self))

    def action_mark(self) -> None:
        self._mark = self.cursor_row if self._mark is None else None
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        x, y = event.x - self._gutter + self.scroll_offset.x, event.y
        if y > 0 and x >= 0:
            self.cursor_column = min(bisect_right(self._offsets, x) - 1, max(0, len(self.feed.columns) - 1))
            self.go_to(self.scroll_offset.y + y - 1)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._want_if_near()

    def _show_cursor(self) -> None:
        if self.cursor_column < len(self._widths):
            left, room = self._offsets[self.cursor_column], self._widths[self.cursor_column] + 2
            # The header takes the first line and the numbers the first columns of the view: reckon them in.
            region = Region(left, self.cursor_row, room + self._gutter, 2)
            self.scroll_to_region(region, animate=False, force=True)
        self._want_if_near()
        self.refresh()

    def _want_if_near(self) -> None:
        if self.feed.open and self.scroll_offset.y + self.size.height + _AHEAD >= self.feed.rows:
            self._want(everything=False)

    def _want(self, *, everything: bool) -> None:
        if self._asked != self.feed.rows:
            self._asked = self.feed.rows
            self.post_message(self.MoreWanted(self.feed, everything))


def cell_text(row: Sequence[str | None], column: int) -> str | None:
    """The value in a column, whole."""
    return row[column] if column < len(row) else None
