"""A table of what two results differ in, with the differences lit."""

from rich.style import Style

from tui.core.changes import change_of, changed_columns
from tui.core.events import Row
from tui.widgets.result_table import ResultTable


class ComparisonTable(ResultTable):
    """What two results differ in: `tui.core.compare` says in the first column what became of a row."""

    def row_style(self, row: Row) -> Style:
        kind = change_of(row)
        return self.get_component_rich_style(f"result--{kind}") if kind in ("added", "removed") else Style.null()

    def cell_lit(self, row: Row, column: int) -> bool:
        return self.feed.columns[column].name in changed_columns(row) and column > 0
