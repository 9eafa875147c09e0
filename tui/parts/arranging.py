"""Sorting, filtering and searching a result."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from tui.commands import Command
from tui.parts.bench import Part

if TYPE_CHECKING:
    from tui.core.arrange import Arranged, Order
    from tui.core.conditions import Predicate
    from tui.core.feed import RowSource
    from tui.core.progress import Progress
    from tui.widgets.result_table import ResultTable

ARRANGING: Final = (
    Command(
        "filter_rows", "Filter rows …", "A text, /regular expression/, or conditions: amount > 10 and name ilike a% (f)"
    ),
    Command("filter_value", "Filter by this value", "Only the rows that have the cursor's value (F)"),
    Command("search_rows", "Search in rows …", "Go to the next row that a filter would let through (/)"),
)
_FILTER_HINT: Final = (
    "A text, /regular expression/, or conditions on columns: amount >= 10 and name ilike a% (also = != < ~ !~ is null)."
    " Empty shows all rows."
)


class Arranging(Part):
    """Other views of a result; the statement is never run again."""

    _sought: "Predicate | None" = None

    def on_result_table_sort_wanted(self, message: "ResultTable.SortWanted") -> None:
        self._arrange(message.table, message.table.filter, message.orders)

    def action_filter_rows(self) -> None:
        table = self.table_or_tell()
        if table is not None:
            self._ask(table, "Which rows?", table.filter, lambda text, _keep: self._arrange(table, text, table.orders))

    def action_filter_value(self) -> None:
        from tui.core.conditions import equal_to

        table = self.table_or_tell()
        row = table.shown.row(table.cursor_row) if table else None
        if table is not None and row is not None and table.cursor_column < len(row):
            condition = equal_to(table.feed.columns[table.cursor_column], row[table.cursor_column])
            text = f"{table.filter} and {condition}" if table.filter.startswith('"') else condition
            self._arrange(table, text, table.orders)

    def _arrange(self, table: "ResultTable", text: str, orders: "tuple[Order, ...]") -> None:
        from tui.core.arrange import arrange
        from tui.core.conditions import predicate

        keep = predicate(text, table.feed.columns) if text else None
        if not text and not orders:
            self._shown(table, table.feed, "", ())
            return

        def work(progress: "Progress") -> "Arranged":
            return arrange(table.feed, keep, orders, progress)

        title = "Sorting" if orders else "Filtering"
        self.work(table, title, work, lambda arranged: self._shown(table, arranged, text, orders))

    def _shown(self, table: "ResultTable", source: "RowSource", text: str, orders: "tuple[Order, ...]") -> None:
        from tui.core.arrange import Arranged

        if not table.is_mounted:
            if isinstance(source, Arranged):
                source.forget()
            return
        table.show(source, text, orders)
        self.results.summarize(table)
        if text and not source.rows:
            self.notify("No row is such.", severity="warning")

    # --- search --------------------------------------------------------------------------------------------------

    def action_search_rows(self) -> None:
        table = self.table_or_tell()
        if table is None:
            return

        def sought(_text: str, keep: "Predicate | None") -> None:
            self._sought = keep
            self._search(table, table.cursor_row, backwards=False)

        self._ask(table, "Search for", "", sought)

    def action_search_next(self, backwards: bool) -> None:
        table = self.table_or_tell()
        if table is not None and self._sought is None:
            self.action_search_rows()
        elif table is not None:
            self._search(table, table.cursor_row + (-1 if backwards else 1), backwards=backwards)

    def _search(self, table: "ResultTable", start: int, *, backwards: bool) -> None:
        from tui.core.arrange import find

        wanted = self._sought
        if wanted is None:
            return

        def found(row: int | None) -> None:
            if row is None:
                self.notify(f"Not found {'above' if backwards else 'below'}.", severity="warning")
            else:
                table.go_to(row)

        def work(progress: "Progress") -> int | None:
            return find(table.shown, wanted, start, backwards=backwards, progress=progress)

        # What is here may hold a hit already: the rest is read only where it does not.
        def found_here(row: int | None) -> None:
            if row is None and table.feed.open and not backwards:
                self.work(table, "Searching", work, found)
            else:
                found(row)

        self.work(table, "Searching", work, found_here, rows=0)

    def _ask(
        self, table: "ResultTable", title: str, text: str, then: "Callable[[str, Predicate | None], None]"
    ) -> None:
        from tui.core.conditions import predicate
        from tui.core.errors import FilterInvalid
        from tui.screens.dialogs import AskText

        def given(answer: object) -> None:
            if answer is None:
                return
            wish = str(answer).strip()
            try:
                keep = predicate(wish, table.feed.columns) if wish else None
            except FilterInvalid as invalid:
                problem = invalid.what
                self.app.push_screen(AskText(title, wish, _FILTER_HINT, problem), given)
                return
            then(wish, keep)

        self.app.push_screen(AskText(title, text, _FILTER_HINT), given)
