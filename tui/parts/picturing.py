"""Other pictures of results: charts, what two of them differ in, and the plan of a statement as a tree."""

from typing import TYPE_CHECKING, Final

from tui.commands import Command
from tui.parts.bench import Part

if TYPE_CHECKING:
    from tui.core.compare import Comparison
    from tui.core.explaining import Explained
    from tui.core.progress import Progress
    from tui.messages import PlanCame
    from tui.widgets.result_table import ResultTable

PICTURING: Final = (
    Command("chart", "Chart", "Bars, a line or a histogram of the cursor's column (c)"),
    Command("compare", "Compare results …", "What differs between the shown result and another one (d)"),
    Command("explain(False)", "Explain", "The plan of the statement at the cursor, as a tree"),
    Command("explain(True)", "Explain analyze", "Run it, roll it back, and show where the time went"),
)


class Picturing(Part):
    """Pictures are made of the rows that are here; nothing is run again for them."""

    def action_chart(self) -> None:
        from tui.core.chart import numeric_columns
        from tui.screens.chart import ChartView

        table = self.table_or_tell()
        if table is None:
            return
        columns = numeric_columns(table.shown)
        if not columns:
            self.notify("A chart needs a column of numbers.", severity="warning")
            return
        column = table.cursor_column if table.cursor_column in columns else columns[0]
        note = "" if table.feed.complete else f"Only of the {table.feed.rows:,} rows that are here."
        self.app.push_screen(ChartView(table.shown, columns, column, self.workroom, note))

    # --- comparing -----------------------------------------------------------------------------------------------

    def action_compare(self) -> None:
        from tui.screens.dialogs import Choose

        table = self.table_or_tell()
        others = {name: other for name, other in self.results.tables.items() if other is not table}
        if table is None:
            return
        if not others:
            self.notify("Compare needs two results: pin one (p), and run another statement.")
        elif len(others) == 1:
            self._ask_keys(next(iter(others.values())), table)
        else:
            names = list(others)
            screen = Choose("Compare the shown result with which earlier one?", names)
            self.app.push_screen(
                screen, lambda chosen: self._ask_keys(others[names[chosen]], table) if isinstance(chosen, int) else None
            )

    def _ask_keys(self, earlier: "ResultTable", later: "ResultTable") -> None:
        from tui.core.compare import compare, usual_keys
        from tui.screens.dialogs import AskText

        def given(answer: object) -> None:
            if answer is None:
                return
            wish = str(answer).strip()
            keys = None if wish == "*" else [name.strip() for name in wish.split(",") if name.strip()]

            def work(progress: "Progress") -> "Comparison":
                return compare(earlier.shown, later.shown, keys, progress)

            self.work(later, "Comparing", work, lambda comparison: self._compared(comparison, earlier, later))

        hint = "Column names with commas between. Empty: rows of the same position. *: whole rows."
        usual = ", ".join(usual_keys(earlier.shown, later.shown))
        self.app.push_screen(AskText("Which columns tell rows apart?", usual, hint), given)

    def _compared(self, comparison: "Comparison", earlier: "ResultTable", later: "ResultTable") -> None:
        from tui.widgets.comparison_table import ComparisonTable

        counts = (
            f"{comparison.added:,} added, {comparison.removed:,} removed, {comparison.changed:,} changed,"
            f" {comparison.same:,} the same"
        )
        partly = "" if earlier.feed.complete and later.feed.complete else "; not all rows of both are here"
        self.results.add(ComparisonTable(comparison.feed), "Comparison", counts + partly)
        self.results.say(counts)

    # --- plans ---------------------------------------------------------------------------------------------------

    def action_explain(self, analyze: bool) -> None:
        from tui.core.explaining import changes_data
        from tui.screens.dialogs import Confirm

        text = self.statement_or_tell()
        if text is None:
            return
        if not (analyze and changes_data(text)):
            self._explain(text, analyze=analyze)
            return
        lines = [
            "It may change data. It is run in earnest, and rolled back then: triggers run, locks are held,",
            "sequences go on, and what functions do outside of the database stays done.",
        ]
        screen = Confirm("Run it for its plan?", lines, "Run it and roll back", "Do not run it")
        self.app.push_screen(screen, lambda yes: self._explain(text, analyze=True) if yes else None)

    def _explain(self, text: str, *, analyze: bool) -> None:
        from tui.core.explaining import explain
        from tui.messages import PlanCame

        def done(explained: "Explained") -> None:
            self.post_message(PlanCame(explained))

        self.conductor.use(lambda session: done(explain(session, text, analyze=analyze)))

    def on_plan_came(self, message: "PlanCame") -> None:
        from tui.widgets.plan_tree import PlanTree

        tree = PlanTree(message.explained.plan)
        self.results.add_view("Plan", tree)
        tree.focus()
