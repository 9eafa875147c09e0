"""Reading results: more rows, whole values, copies, tabs."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from tui.commands import Command
from tui.parts.bench import Part
from tui.widgets.results import Results

if TYPE_CHECKING:
    from tui.core.clips import Form
    from tui.core.events import Column, Row
    from tui.core.feed import ResultFeed
    from tui.messages import PageCame, WorkEnded, WorkTold
    from tui.widgets.result_table import ResultTable

_COPIED: Final = 100_000
_COPIED_CHARACTERS: Final = 10_000_000

READING: Final = (
    Command("copy_as", "Copy rows as …", "TSV, CSV, Markdown, INSERT, IN list: the marked rows, or all (Y)"),
    Command("go_to_row", "Go to row …", "Also to one that has not come yet (g)"),
    Command("pin", "Pin result", "Keep the shown result when others come, or not any more (p)"),
    Command("close_result", "Close result", "Take the shown result away (x)"),
)


class Reading(Part):
    """What one does with a result."""

    # --- more rows -----------------------------------------------------------------------------------------------

    def on_result_table_more_wanted(self, message: "ResultTable.MoreWanted") -> None:
        self.conductor.more(message.feed)

    def on_page_came(self, message: "PageCame") -> None:
        from tui.messages import WorkTold

        if message.problem:
            self.results.say(message.problem, "bold red")
            self.notify(message.problem, severity="error", timeout=10)
        self.results.came(message.feed)
        if self.workroom.busy and message.feed.open:
            self.on_work_told(WorkTold("Reading the rest"))
        self.tick()

    def on_result_table_end_wanted(self, message: "ResultTable.EndWanted") -> None:
        self._with_rows(message.table, None, lambda: message.table.go_to(message.table.shown.rows - 1))

    def action_go_to_row(self) -> None:
        from tui.screens.dialogs import AskText

        table = self.table_or_tell()
        if table is None:
            return

        def given(text: object) -> None:
            digits = str(text or "").replace(",", "").replace("_", "").strip()
            if digits.isdecimal() and int(digits) > 0:
                row = int(digits)
                self._with_rows(table, row, lambda: table.go_to(row - 1))
            elif text is not None:
                self.notify("A row's number is 1 or more.", severity="warning")

        self.app.push_screen(AskText("Go to which row?", "", "Rows that have not come yet are fetched first."), given)

    def _with_rows(self, table: "ResultTable", rows: int | None, done: Callable[[], None]) -> None:
        if table.shown is table.feed and table.feed.open and (rows is None or table.feed.rows < rows):
            self.work(table, "Reading", lambda _progress: None, lambda _none: done(), rows=rows)
        else:
            done()

    # --- whole values, copies ------------------------------------------------------------------------------------

    def on_result_table_cell_opened(self, message: "ResultTable.CellOpened") -> None:
        from tui.screens.views import RecordView, ValueView

        table = message.table
        row = table.shown.row(table.cursor_row)
        if row is None:
            return
        if message.record:
            self.app.push_screen(RecordView(table.feed.columns, table.shown.row, table.cursor_row))
        elif table.cursor_column < len(row):
            column = table.feed.columns[table.cursor_column]
            self.app.push_screen(ValueView(column, row[table.cursor_column], self.app.copy_to_clipboard))

    def on_result_table_copy_wanted(self, message: "ResultTable.CopyWanted") -> None:
        from tui.core.clips import Form

        table = message.table
        row = table.shown.row(table.cursor_row)
        if table.marked:
            self.copy_rows(Form.TSV)
        elif row is not None and table.cursor_column < len(row):
            self.app.copy_to_clipboard(row[table.cursor_column] or "")
            self.notify("Copied the value.")

    def action_copy_as(self) -> None:
        from tui.core.clips import Form
        from tui.screens.dialogs import Choose

        table = self.table_or_tell()
        if table is None:
            return
        what = "the marked rows" if table.marked else "all rows that are here"
        forms = list(Form)
        screen = Choose(f"Copy {what} as", [str(form) for form in forms], "IN list: the values of the cursor's column.")
        self.app.push_screen(screen, lambda chosen: self.copy_rows(forms[chosen]) if isinstance(chosen, int) else None)

    def copy_rows(self, form: "Form") -> None:
        """Copy the marked rows, or all that are here, to the terminal's clipboard (OSC 52: also over SSH)."""
        from tui.core.clips import Form
        from tui.core.parameters import quoted
        from tui.core.relations import origin
        from tui.screens.dialogs import AskText

        table = self.table_or_tell()
        if table is None:
            return
        columns = table.feed.columns
        if form is not Form.INSERT:
            self._copy(table, form, columns)
        elif found := origin(columns, self.schemas, self.columns):
            schema, relation, names = found
            renamed = tuple(replace(column, name=name) for column, name in zip(columns, names, strict=True))
            self._copy(table, form, renamed, f"{quoted(schema)}.{quoted(relation)}")
        else:

            def given(name: object) -> None:
                if name and str(name).strip():
                    self._copy(table, form, columns, str(name).strip())

            hint = "As SQL has it. The columns are of several tables, or computed, or wsql does not know theirs."
            self.app.push_screen(AskText("Insert into which table?", "", hint), given)

    def _copy(self, table: "ResultTable", form: "Form", columns: "Sequence[Column]", into: str = "") -> None:
        from tui.core.clips import clip

        start, stop = table.selected_rows if table.marked else (0, table.shown.rows)
        rows: list[Row] = []
        characters = 0
        for row in table.shown.slice(start, min(stop, start + _COPIED)):
            characters += sum(len(value) for value in row if value)
            if rows and characters > _COPIED_CHARACTERS:
                break
            rows.append(row)
        self.app.copy_to_clipboard(clip(form, columns, rows, table.cursor_column, into))
        copied = f"Copied {len(rows):,} row{'' if len(rows) == 1 else 's'} as {form}."
        if len(rows) < stop - start:
            copied += f" The clipboard takes no more of the {stop - start:,}: export them to a file (e)."
        self.notify(copied)

    # --- tabs ----------------------------------------------------------------------------------------------------

    def action_pin(self) -> None:
        pinned = self.results.pin()
        told = {True: "Pinned: it stays when others come.", False: "Not pinned any more.", None: "There is no result."}
        self.notify(told[pinned])

    def action_close_result(self) -> None:
        if not self.results.close_active():
            self.notify("There is no result to close.")

    def on_results_forgotten(self, message: Results.Forgotten) -> None:
        self.conductor.drop(message.feed)

    # --- long work -----------------------------------------------------------------------------------------------

    def on_work_told(self, message: "WorkTold") -> None:
        table = self.results.table
        if table is not None:
            of = (
                f" {100 * message.done // message.total} %"
                if message.total
                else f" {message.done or table.feed.rows:,} rows"
            )
            self.results.working(table, f"{message.title} …{of} (Esc stops)")

    def on_work_ended(self, message: "WorkEnded") -> None:
        for table in self.results.tables.values():
            table.stop()
            self.results.summarize(table)
        if message.problem is None:
            message.done()
            return
        stopped = message.problem.code == "result-work-stopped"
        text = "\n".join(filter(None, (message.problem.what, message.problem.remedy)))
        self.notify(text, severity="information" if stopped else "error", timeout=10)
        if not stopped:
            self.results.say(text, "bold red")


def whole(feed: "ResultFeed") -> str:
    """What is to be said where not all rows are here, or ""."""
    return "" if feed.complete else f"Only of the {feed.rows:,} rows that are here."
