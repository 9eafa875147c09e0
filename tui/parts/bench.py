"""What every part of the main screen may reach."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar, cast

from textual.screen import Screen

from tui.widgets.editors import Editors
from tui.widgets.results import Results

if TYPE_CHECKING:
    from tui.app import WsqlApp
    from tui.conductor import Conductor
    from tui.core.progress import Progress
    from tui.core.relations import ColumnInfo, Schema
    from tui.widgets.catalog_tree import CatalogTree
    from tui.widgets.result_table import ResultTable
    from tui.workroom import Workroom

T = TypeVar("T")


class Bench(Screen[None]):
    """The widgets and the conductor, and what the parts share.

    A part is a `Part`. Textual calls a message's handler in each class that has one, so a message belongs to
    one part.

    Attributes:
        changed: the texts are to be kept anew.
        narrow: the screen is too narrow for the catalog beside the texts; None before its size is known.
        schemas: what lies in the database; empty before it is known.
        columns: of its relations.
        values: given for `:name` before.
    """

    changed = False
    narrow: bool | None = None
    schemas: "tuple[Schema, ...]" = ()
    columns: "Sequence[ColumnInfo]" = ()

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, str] = {}

    @property
    def wsql(self) -> "WsqlApp":
        """The application."""
        return cast("WsqlApp", self.app)

    @property
    def conductor(self) -> "Conductor":
        """Who works."""
        return self.wsql.conductor

    @property
    def workroom(self) -> "Workroom":
        """Who works on the rows of results."""
        return self.wsql.workroom

    @property
    def editors(self) -> Editors:
        """The editor's tabs."""
        return self.query_one(Editors)

    @property
    def results(self) -> Results:
        """The results' tabs."""
        return self.query_one(Results)

    @property
    def catalog(self) -> "CatalogTree":
        """What lies in the database."""
        raise NotImplementedError

    def tick(self) -> None:
        """Show what has changed since; also called every second."""
        raise NotImplementedError

    # --- results -------------------------------------------------------------------------------------------------

    def table_or_tell(self) -> "ResultTable | None":
        """The table that is shown; the person is told where there is none."""
        table = self.results.table
        if table is None:
            self.notify("There is no result.")
        return table

    def statement_or_tell(self) -> str | None:
        """The statement at the cursor with its parameters' last values; the person is told where there is none."""
        from tui.core.errors import SqlClientError
        from tui.core.interpolation import interpolate
        from tui.core.parameters import as_sql, parameters
        from tui.core.statements import Statement

        here = self.editors.editor.statement_here()
        if not isinstance(here, Statement):
            self.notify("There is no statement at the cursor.")
            return None
        missing = [name for name in parameters([here]) if name not in self.values]
        if missing:
            self.notify(f"Run it once first: {missing[0]!r} has no value yet.", severity="warning")
            return None
        try:
            return interpolate(here.text, {name: as_sql(value) for name, value in self.values.items() if value}).text
        except SqlClientError as error:
            self.notify(error.what, severity="error")
            return None

    def work(
        self,
        table: "ResultTable",
        title: str,
        work: "Callable[[Progress], T]",
        done: Callable[[T], object],
        *,
        rows: int | None = None,
    ) -> None:
        """Work on a table's rows once `rows` of them, or all, are here; the person is told where other work goes on."""
        if not self.workroom.start(title, work, done, whole=table.feed, rows=rows):
            self.notify("Other work on a result goes on; Esc stops it.", severity="warning")


if TYPE_CHECKING:
    Part = Bench
else:
    # At run time a part is no screen by itself: the eight of them would take Textual longer than their contents.
    Part = object
