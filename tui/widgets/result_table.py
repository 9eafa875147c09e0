"""A table over a `ResultFeed`: draws only the cells in view, and asks for rows as one scrolls towards them.

What is shown may be an arrangement of the result (sorted, filtered); the result itself stays beneath.
"""

from bisect import bisect_right
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

from tui.core.arrange import Arranged, Order
from tui.core.events import Row
from tui.core.export import right_aligned
from tui.core.feed import HEAD, Heads, ResultFeed, RowSource
from tui.widgets.cells import fit, width

_WIDEST: Final = 40
_AHEAD: Final = 100
_SAMPLE: Final = 200


class ResultTable(ScrollView, can_focus=True):
    """Rows and columns of one result, with a cell cursor.

    Attributes:
        shown: the result, or an arrangement of it.
        filter, orders: how it is arranged.
        before: what is said of the result before how many rows it has.
        to_the_end: stay on the last row while more come.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "result--header",
        "result--cursor",
        "result--row",
        "result--null",
        "result--even",
        "result--gutter",
        "result--lit",
        "result--added",
        "result--removed",
    }
    DEFAULT_CSS = """
    ResultTable { background: $surface; color: $foreground; }
    ResultTable .result--header { background: $panel; color: $primary; text-style: bold; }
    ResultTable .result--cursor { background: $primary; color: $background; text-style: bold; }
    ResultTable .result--row { background: $primary 25%; }
    ResultTable .result--null { color: $foreground 45%; text-style: italic; }
    ResultTable .result--even { background: $boost; }
    ResultTable .result--gutter { color: $foreground 45%; }
    ResultTable .result--lit { background: $warning 40%; text-style: bold; }
    ResultTable .result--added { background: $success 25%; }
    ResultTable .result--removed { background: $error 25%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1, 0)", "Up", show=False),
        Binding("down", "move(1, 0)", "Down", show=False),
        Binding("left", "move(0, -1)", "Left", show=False),
        Binding("right", "move(0, 1)", "Right", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("ctrl+home", "edge(0)", "First row", show=False),
        Binding("ctrl+end", "edge(1)", "Last row", show=False),
        Binding("home", "column(0)", "First column", show=False),
        Binding("end", "column(1)", "Last column", show=False),
        Binding("enter", "open", "Whole value", show=False),
        Binding("r", "record", "Record"),
        Binding("space", "mark", "Mark rows", show=False),
        Binding("y", "copy", "Copy"),
        Binding("Y,shift+y", "screen.copy_as", "Copy as", show=False),
        Binding("s", "sort", "Sort"),
        Binding("S,shift+s", "sort(True)", "Sort also by", show=False),
        Binding("f", "screen.filter_rows", "Filter"),
        Binding("F,shift+f", "screen.filter_value", "Filter by this value", show=False),
        Binding("slash,ctrl+f", "screen.search_rows", "Search"),
        Binding("n", "screen.search_next(False)", "Next hit", show=False),
        Binding("N,shift+n", "screen.search_next(True)", "Previous hit", show=False),
        Binding("g", "screen.go_to_row", "Go to row", show=False),
        Binding("e", "screen.export", "Export"),
        Binding("c", "screen.chart", "Chart"),
        Binding("d", "screen.compare", "Compare", show=False),
        Binding("p", "screen.pin", "Pin", show=False),
        Binding("x,delete", "screen.close_result", "Close", show=False),
        Binding("plus", "widen(8)", "Wider column", show=False),
        Binding("minus", "widen(-8)", "Narrower column", show=False),
    ]

    cursor_row: reactive[int] = reactive(0, repaint=False)
    cursor_column: reactive[int] = reactive(0, repaint=False)

    @dataclass
    class MoreWanted(Message):
        """One looks at rows near the end of what is here."""

        feed: ResultFeed

    @dataclass
    class CellOpened(Message):
        """One wants to see a value, or a record, whole."""

        table: "ResultTable"
        record: bool

    @dataclass
    class EndWanted(Message):
        """One wants to see the very last row."""

        table: "ResultTable"

    @dataclass
    class SortWanted(Message):
        """One wants another order."""

        table: "ResultTable"
        orders: tuple[Order, ...]

    @dataclass
    class CopyWanted(Message):
        """One wants to copy what is marked."""

        table: "ResultTable"

    def __init__(self, feed: ResultFeed, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.feed = feed
        self.shown: RowSource = feed
        self.filter = self.before = ""
        self.orders: tuple[Order, ...] = ()
        self._heads = Heads(feed)
        self._asked = -1
        self._mark: int | None = None
        self._widths: list[int] = []
        self._set_by_hand: set[int] = set()
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
        self.virtual_size = Size(self._gutter + self._offsets[-1], self.shown.rows + 1)
        self._asked = -1
        self.refresh()
        if self.to_the_end:
            self.go_to(self.shown.rows - 1)
            self.to_the_end = self.feed.open
        else:
            self._want_if_near()

    def show(self, shown: RowSource, filter_text: str, orders: tuple[Order, ...]) -> None:
        """Show an arrangement of the result, or the result as it came."""
        before, self.shown = self.shown, shown
        self.filter, self.orders = filter_text, orders
        self._heads = Heads(shown)
        self._mark = None
        if isinstance(before, Arranged):
            before.forget()
        self.rows_came()
        self._widen_to_view()
        self.go_to(min(self.cursor_row, shown.rows - 1))

    def forget(self) -> None:
        """Let go of the arrangement; the result is somebody else's."""
        if isinstance(self.shown, Arranged):
            self.shown.forget()

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
        self.cursor_row = max(0, min(row, self.shown.rows - 1))
        self._show_cursor()

    @property
    def _measured(self) -> bool:
        return bool(self._widths) and self._sampled

    _sampled = False

    def _measure(self) -> None:
        """Give each column the width of its first values; what is longer is cut, and shown whole by `enter`."""
        sample = [row for index in range(min(_SAMPLE, self.feed.rows)) if (row := self._heads.row(index))]
        self._sampled = bool(sample)
        self._widths = [
            min(_WIDEST, max([width(column.name), 4, *(width(row[index] or "") for row in sample)]))
            for index, column in enumerate(self.feed.columns)
        ]
        self._place_columns()

    def _place_columns(self) -> None:
        self._offsets = [0, *accumulate(room + 2 for room in self._widths)]

    # --- drawing -------------------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        scroll_x, scroll_y = self.scroll_offset
        row: Row | None
        if y == 0:
            row, base, index = self._headings(), "result--header", -1
        else:
            index = scroll_y + y - 1
            row, base = self._heads.row(index), "result--even" if index % 2 else ""
        if row is None:
            return Strip.blank(self.size.width, self.rich_style)
        style = self.rich_style + self.get_component_rich_style(base) if base else self.rich_style
        if index >= 0:
            style += self.row_style(row)
        start, stop = self.selected_rows
        if index >= 0 and start <= index < stop:
            style += self.get_component_rich_style("result--row")
        segments = self._cells(row, index, scroll_x, style)
        return Strip([self._number(index, style), *segments]).adjust_cell_length(self.size.width, style)

    def row_style(self, _row: Row) -> Style:
        """What lights a row."""
        return Style.null()

    def cell_lit(self, _row: Row, _column: int) -> bool:
        """Whether a cell stands out in its row."""
        return False

    def _headings(self) -> Row:
        """The columns' names, with arrows at those that one sorts by."""
        names = [column.name for column in self.feed.columns]
        for number, order in enumerate(self.orders, 1):
            arrow = "▼" if order.descending else "▲"
            names[order.column] = f"{arrow}{number if len(self.orders) > 1 else ''} {names[order.column]}"
        return tuple(names)

    def _number(self, index: int, style: Style) -> Segment:
        number = self.shown.number(index) if index >= 0 and isinstance(self.shown, Arranged) else index
        text = "" if index < 0 else str(number + 1)
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
            elif index >= 0 and self.cell_lit(row, number):
                cell_style = style + self.get_component_rich_style("result--lit")
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
        self.cursor_row = max(0, min(self.cursor_row + rows, self.shown.rows - 1))
        self.cursor_column = max(0, min(self.cursor_column + columns, len(self.feed.columns) - 1))
        self._show_cursor()

    def action_page(self, pages: int) -> None:
        self.action_move(pages * max(1, self.size.height - 2), 0)

    def action_edge(self, last: int) -> None:
        self.to_the_end = bool(last) and self.feed.open
        self.go_to(self.shown.rows - 1 if last else 0)
        if self.to_the_end:
            self.post_message(self.EndWanted(self))

    def action_column(self, last: int) -> None:
        self.cursor_column = max(0, len(self.feed.columns) - 1) if last else 0
        self._show_cursor()

    def action_open(self) -> None:
        self.post_message(self.CellOpened(self, record=False))

    def action_record(self) -> None:
        self.post_message(self.CellOpened(self, record=True))

    def action_copy(self) -> None:
        self.post_message(self.CopyWanted(self))

    def action_sort(self, also: bool = False) -> None:
        """By the cursor's column: ascending, descending, as it came. `also`: after the columns sorted by already."""
        self._sort_by(self.cursor_column, also=also)

    def _sort_by(self, column: int, *, also: bool) -> None:
        if column >= len(self.feed.columns):
            return
        now = next((order for order in self.orders if order.column == column), None)
        others = tuple(order for order in self.orders if order.column != column) if also else ()
        if now is None:
            others = (*others, Order(column))
        elif not now.descending:
            others = (*others, Order(column, descending=True))
        self.post_message(self.SortWanted(self, others))

    def action_widen(self, by: int) -> None:
        """Give the cursor's column more room, or less."""
        if self.cursor_column < len(self._widths):
            self._set_by_hand.add(self.cursor_column)
            self._widths[self.cursor_column] = max(4, min(HEAD, self._widths[self.cursor_column] + by))
            self._place_columns()
            self.virtual_size = Size(self._gutter + self._offsets[-1], self.shown.rows + 1)
            self._show_cursor()

    def action_mark(self) -> None:
        self._mark = self.cursor_row if self._mark is None else None
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        x, y = event.x - self._gutter + self.scroll_offset.x, event.y
        if x < 0 or x >= self._offsets[-1]:
            return
        column = bisect_right(self._offsets, x) - 1
        if y == 0:
            self._sort_by(column, also=event.shift or event.ctrl)
            return
        if self.scroll_offset.y + y > self.shown.rows:
            return
        self.cursor_column = column
        self.go_to(self.scroll_offset.y + y - 1)
        if event.chain == 2:
            self.action_open()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._widen_to_view()
        self._want_if_near()

    def watch_scroll_x(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_x(old_value, new_value)
        self._widen_to_view()

    def _widen_to_view(self) -> None:
        """Give the columns in view room for the values in view: a number is not read where it is cut."""
        left, top = self.scroll_offset
        first = max(0, bisect_right(self._offsets, left) - 1)
        last = min(len(self._widths), bisect_right(self._offsets, left + self.size.width))
        columns = [index for index in range(first, last) if index not in self._set_by_hand]
        rows = [row for index in range(top, top + self.size.height) if (row := self._heads.row(index))]
        wanted = {index: min(_WIDEST, max((width(row[index] or "") for row in rows), default=0)) for index in columns}
        wider = {index: room for index, room in wanted.items() if room > self._widths[index]}
        if wider:
            self._widths = [wider.get(index, room) for index, room in enumerate(self._widths)]
            self._place_columns()
            self.virtual_size = Size(self._gutter + self._offsets[-1], self.shown.rows + 1)
            self.refresh()

    def _show_cursor(self) -> None:
        if self.cursor_column < len(self._widths):
            left, room = self._offsets[self.cursor_column], self._widths[self.cursor_column] + 2
            # The header takes the first line and the numbers the first columns of the view: reckon them in.
            region = Region(left, self.cursor_row, room + self._gutter, 2)
            self.scroll_to_region(region, animate=False, force=True)
        self._want_if_near()
        self.refresh()

    def _want_if_near(self) -> None:
        near = self.scroll_offset.y + self.size.height + _AHEAD >= self.feed.rows
        if self.to_the_end or not self.feed.open or self.shown is not self.feed:
            return
        if near and self._asked != self.feed.rows:
            self._asked = self.feed.rows
            self.post_message(self.MoreWanted(self.feed))
