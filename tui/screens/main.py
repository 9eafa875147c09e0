"""The main screen: catalog, editors, results, status bar. It coordinates; the widgets show, the conductor works."""

from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.widgets import Footer

from broker.clock import utc_now
from tui.conductor import Conductor, RunRequest
from tui.core.catalog import Schema
from tui.core.clips import Form, clip
from tui.core.login import BrokerLogins
from tui.core.parameters import as_sql, parameters, quoted
from tui.core.session import Notice, TransactionState
from tui.core.statements import MetaCommand, Statement
from tui.core.tabs import TabKeeper
from tui.core.workbench import Link, LinkChanged, Said
from tui.messages import (
    CatalogCame,
    IdentityCame,
    OpenersCame,
    OutcomeReached,
    OutcomeShown,
    PageCame,
    RunEnded,
    RunRefused,
    StatementBegan,
    WorkbenchTold,
)
from tui.screens.dialogs import AskValues, Confirm
from tui.widgets.catalog_tree import CatalogTree
from tui.widgets.editors import Editors
from tui.widgets.result_table import ResultTable
from tui.widgets.results import Results
from tui.widgets.status_bar import Status, StatusBar

if TYPE_CHECKING:
    from tui.app import WsqlApp

_NARROW = 90
_COPIED = 100_000
_TEND_SECONDS = 2.0


class MainScreen(Screen[None]):
    """Where the work is done."""

    CSS = """
    MainScreen CatalogTree { width: 34; border-right: tall $panel; }
    MainScreen.narrow CatalogTree { display: none; }
    MainScreen #work { width: 1fr; }
    MainScreen Editors { height: 2fr; min-height: 4; }
    MainScreen Results { height: 3fr; min-height: 5; border-top: tall $panel; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f5,ctrl+r", "run(False)", "Run", priority=True),
        Binding("f6", "run(True)", "Run all", priority=True),
        Binding("escape", "cancel", "Cancel", priority=True),
        Binding("f2", "toggle_catalog", "Catalog"),
        Binding("f3", "history", "History"),
        Binding("f4", "access", "My access"),
        Binding("f7", "autocommit", "Auto/explicit", show=False, priority=True),
        Binding("f8", "transaction('COMMIT')", "Commit", priority=True),
        Binding("f9", "transaction('ROLLBACK')", "Roll back", priority=True),
        Binding("ctrl+n", "new_tab", "New tab", show=False),
        Binding("ctrl+pagedown", "next_tab(1)", "Next tab", show=False, priority=True),
        Binding("ctrl+pageup", "next_tab(-1)", "Previous tab", show=False, priority=True),
        Binding("f10", "focus_next_part", "Editor/results", show=False),
    ]

    def __init__(self, keeper: TabKeeper) -> None:
        super().__init__()
        self._keeper = keeper
        self._changed = False
        self._run_base = 0
        self.autocommit = True
        self.values: dict[str, str] = {}
        self.schemas: tuple[Schema, ...] = ()

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield CatalogTree(id="catalog")
            with Vertical(id="work"):
                yield from Editors.composed(self._keeper.load())
                yield from Results.composed()
        yield StatusBar()
        yield Footer()

    def on_mount(self) -> None:
        self.query_one(CatalogTree).display = self._app.preferences.catalog
        self.set_interval(1.0, self._tick)
        self.set_interval(_TEND_SECONDS, self._conductor.tend)
        for trouble in filter(None, (self._keeper.trouble, self._app.history.trouble)):
            self.notify(trouble, severity="warning")
        self.editors.editor.focus()
        self.call_after_refresh(self._conductor.connect)

    def on_resize(self) -> None:
        self.set_class(self.size.width < _NARROW, "narrow")

    # --- shortcuts -----------------------------------------------------------------------------------------------

    @property
    def _app(self) -> "WsqlApp":
        return cast("WsqlApp", self.app)

    @property
    def _conductor(self) -> Conductor:
        return self._app.conductor

    @property
    def editors(self) -> Editors:
        """The editor's tabs."""
        return self.query_one(Editors)

    @property
    def results(self) -> Results:
        """The results' tabs."""
        return self.query_one(Results)

    def keep(self) -> None:
        """Keep the texts now."""
        self._keeper.save(self.editors.kept())
        self._changed = False

    async def may_leave(self) -> bool:
        """Whether nothing would be lost; otherwise the person is asked."""
        if self._conductor.workbench.state not in (TransactionState.OPEN, TransactionState.FAILED):
            return True

        def decided(yes: object) -> None:
            if yes:
                self._app.leave()

        lines = ["A transaction is open. Leaving rolls it back.", "Your texts are kept."]
        self.app.push_screen(Confirm("Leave wsql?", lines, "Roll back and leave", "Stay"), decided)
        return False

    # --- running -------------------------------------------------------------------------------------------------

    def action_run(self, everything: bool) -> None:
        editor = self.editors.editor
        editor.clear_error()
        if (everything and not editor.selected_text) or editor.selected_text:
            parts = editor.statements()
        else:
            here = editor.statement_here()
            parts = [] if here is None else [here]
        if not parts:
            self.notify("There is nothing to run.")
        elif names := parameters(parts):
            self.app.push_screen(AskValues(names, self.values), lambda given: self._run_with(parts, names, given))
        else:
            self._conductor.run(RunRequest(tuple(parts), autocommit=self.autocommit))

    def _run_with(self, parts: list[Statement | MetaCommand], names: list[str], given: object) -> None:
        if not isinstance(given, dict):
            return
        self.values |= given
        variables = {name: as_sql(given[name]) for name in names if given[name]}
        self._conductor.run(RunRequest(tuple(parts), variables, autocommit=self.autocommit))

    def action_cancel(self) -> None:
        if self._conductor.running:
            self._conductor.cancel()
        elif (table := self.results.table) is not None and table.to_the_end:
            table.stop()
        self._tick()

    def on_statement_began(self, message: StatementBegan) -> None:
        if message.number == 1:
            self.results.begin()
        self._tick()

    def on_outcome_shown(self, message: OutcomeShown) -> None:
        self.results.show(message.outcome)

    def on_outcome_reached(self, message: OutcomeReached) -> None:
        outcome = message.outcome
        self.results.show(outcome)
        self.results.tell(outcome)
        if outcome.position >= 0 and not outcome.cancelled:
            self.editors.editor.mark_error(outcome.position)
        if outcome.tag.partition(" ")[0] in ("CREATE", "DROP", "ALTER", "GRANT", "REVOKE"):
            self._conductor.load_catalog()

    def on_run_ended(self, _message: RunEnded) -> None:
        for feed in self.results.feeds:
            self.results.came(feed)
        self._tick()

    def on_run_refused(self, message: RunRefused) -> None:
        lines = [str(refused) for refused in message.refused]
        title, yes = "The server would refuse this", "Send it nevertheless"
        if not lines:
            title, yes = "Are you sure?", "Run it"
        lines += [f"It {regret}." for regret in message.regrets]
        for line in lines:
            self.results.say(line, "bold yellow")

        def decided(sure: object) -> None:
            if sure:
                request = message.request
                self._conductor.run(
                    RunRequest(request.parts, request.variables, checked=True, autocommit=request.autocommit)
                )

        self.app.push_screen(Confirm(title, [*lines, "", "Nothing was run yet."], yes, "Do not run it"), decided)

    # --- results -------------------------------------------------------------------------------------------------

    def on_result_table_more_wanted(self, message: ResultTable.MoreWanted) -> None:
        self._conductor.more(message.feed)

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

    # --- transactions --------------------------------------------------------------------------------------------

    def action_transaction(self, verb: str) -> None:
        if self._conductor.workbench.state not in (TransactionState.OPEN, TransactionState.FAILED):
            self.notify("No transaction is open.")
            return
        self._conductor.transaction(verb)
        self.results.say({"COMMIT": "Committed.", "ROLLBACK": "Rolled back."}[verb])
        self.call_later(self._tick)

    def action_autocommit(self) -> None:
        self.autocommit = not self.autocommit
        self.notify("Each statement commits by itself." if self.autocommit else "Commit with F8, roll back with F9.")
        self._tick()

    def action_read_only(self) -> None:
        self._conductor.set_read_only(not self._conductor.workbench.read_only)

    # --- connection ----------------------------------------------------------------------------------------------

    def on_workbench_told(self, message: WorkbenchTold) -> None:
        match message.told:
            case Notice() as notice:
                self.results.notice(notice)
            case Said(text, severity):
                self.results.say(text, "yellow" if severity == "warning" else "")
                self.notify(text, severity=severity, timeout=10)  # type: ignore[arg-type]
            case LinkChanged(link, text):
                self._link_changed(link, text)
        self._tick()

    def _link_changed(self, link: Link, text: str) -> None:
        if text:
            self.results.say(text, "bold red" if link in (Link.LOST, Link.REFUSED) else "green")
            self.notify(text, severity="error" if link is Link.REFUSED else "warning", timeout=10)
        if link is Link.CONNECTED:
            self._conductor.load_catalog()
            self._conductor.warm()

    def action_connect(self, choose: bool = False) -> None:
        self._conductor.connect(choose=choose, fresh=True)

    # --- catalog -------------------------------------------------------------------------------------------------

    def on_catalog_came(self, message: CatalogCame) -> None:
        if message.problem:
            self.results.say(message.problem, "yellow")
            return
        self.schemas = message.schemas
        self.query_one(CatalogTree).fill(message.schemas, message.columns)

    def on_catalog_tree_role_wanted(self, message: CatalogTree.RoleWanted) -> None:
        self._conductor.openers(message.schema, message.relation)

    def on_openers_came(self, message: OpenersCame) -> None:
        self.query_one(CatalogTree).opened_by(message.schema, message.relation, message.roles)

    def on_catalog_tree_name_chosen(self, message: CatalogTree.NameChosen) -> None:
        place = message.place
        name = place.column or f"{quoted(place.schema)}.{quoted(place.relation)}"
        self.editors.editor.insert(quoted(name) if place.column else name)
        self.editors.editor.focus()

    def action_toggle_catalog(self) -> None:
        from dataclasses import replace

        tree = self.query_one(CatalogTree)
        tree.display = not tree.display
        self._app.prefer(replace(self._app.preferences, catalog=tree.display))

    # --- tabs and focus ------------------------------------------------------------------------------------------

    def on_text_area_changed(self) -> None:
        self._changed = True

    def action_new_tab(self) -> None:
        self.editors.new()

    def action_close_tab(self) -> None:
        self.editors.close_active()
        self._changed = True

    def action_next_tab(self, by: int) -> None:
        self.editors.show_next(by)

    def action_focus_next_part(self) -> None:
        if self.focused is self.editors.editor:
            (self.results.table or self.results).focus()
        else:
            self.editors.editor.focus()

    def on_tabbed_content_tab_activated(self) -> None:
        self._changed = True

    # --- views ---------------------------------------------------------------------------------------------------

    def action_access(self) -> None:
        self._conductor.my_access()

    def on_identity_came(self, message: IdentityCame) -> None:
        from tui.screens.views import AccessView

        access = self._conductor.workbench.access
        login = access.source.granted if access is not None and isinstance(access.source, BrokerLogins) else None
        self.app.push_screen(AccessView(message.identity, login, self.schemas, message.problem))

    def action_history(self) -> None:
        from tui.screens.history import HistoryView

        def chosen(statement: str | None) -> None:
            if statement:
                self.editors.new(statement)

        self.app.push_screen(HistoryView(self._conductor.search_history), chosen)

    # --- every second --------------------------------------------------------------------------------------------

    def _tick(self) -> None:
        if not self.is_mounted:
            return
        if self._changed:
            self.keep()
        self.query_one(StatusBar).show(self._status())

    def _status(self) -> Status:
        workbench = self._conductor.workbench
        end = workbench.expires_at
        left = None if end is None else max(end - utc_now(), timedelta())
        return Status(
            person=workbench.person,
            place=workbench.place,
            roles=workbench.roles,
            link=workbench.link,
            state=TransactionState.RUNNING if self._conductor.running else workbench.state,
            read_only=workbench.read_only,
            autocommit=self.autocommit,
            left=left,
            result_open=workbench.holding,
        )
