"""Reading results: more rows, whole values, copies."""

from typing import Final

from tui.commands import Command
from tui.core.clips import Form, clip
from tui.messages import PageCame
from tui.parts.bench import Bench
from tui.widgets.result_table import ResultTable
from tui.widgets.results import Results

_COPIED: Final = 100_000

READING: Final[tuple[Command, ...]] = ()


class Reading(Bench):
    """What one does with a result."""

    def on_result_table_more_wanted(self, message: ResultTable.MoreWanted) -> None:
        self.conductor.more(message.feed)

    def on_page_came(self, message: PageCame) -> None:
        if message.problem:
            self.results.say(message.problem, "bold red")
        self.results.came(message.feed)

    def on_result_table_cell_opened(self, message: ResultTable.CellOpened) -> None:
        from tui.screens.views import RecordView, ValueView

        table = message.table
        row = table.feed.row(table.cursor_row)
        if row is None:
            return
        if message.record:
            self.app.push_screen(RecordView(table.feed.columns, table.feed.row, table.cursor_row))
        else:
            column = table.feed.columns[table.cursor_column]
            self.app.push_screen(ValueView(column, row[table.cursor_column], self.app.copy_to_clipboard))

    def on_result_table_copy_wanted(self, message: ResultTable.CopyWanted) -> None:
        table = message.table
        row = table.feed.row(table.cursor_row)
        if table.marked:
            self.copy_rows(Form.TSV)
        elif row is not None:
            self.app.copy_to_clipboard(row[table.cursor_column] or "")
            self.notify("Copied the value.")

    def copy_rows(self, form: Form) -> None:
        """Copy the marked rows, or all that are here, to the terminal's clipboard (OSC 52: also over SSH)."""
        table = self.results.table
        if table is None:
            self.notify("There is no result to copy.")
            return
        start, stop = table.selected_rows if table.marked else (0, table.feed.rows)
        rows = list(table.feed.slice(start, min(stop, start + _COPIED)))
        self.app.copy_to_clipboard(clip(form, table.feed.columns, rows, table.cursor_column))
        self.notify(f"Copied {len(rows):,} row{'' if len(rows) == 1 else 's'} as {form}.")

    def on_results_forgotten(self, message: Results.Forgotten) -> None:
        message.feed.forget()
