"""The main screen: catalog, editors, results, status bar. Its parts coordinate; widgets show, the conductor works."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.command import Provider
from textual.containers import Horizontal, Vertical

from tui.commands import Command, OfferedCommands, bindings
from tui.core.tabs import TabKeeper
from tui.parts.arranging import ARRANGING, Arranging
from tui.parts.bench import Bench
from tui.parts.connecting import CONNECTING, Connecting
from tui.parts.editing import EDITING, Editing
from tui.parts.exporting import EXPORTING, Exporting
from tui.parts.picturing import PICTURING, Picturing
from tui.parts.reading import READING, Reading
from tui.parts.running import RUNNING, Running
from tui.parts.transacting import TRANSACTING, Transacting
from tui.widgets.editor import SqlEditor
from tui.widgets.editors import Editors
from tui.widgets.habits import Habits, KeyStyle
from tui.widgets.key_bar import KeyBar
from tui.widgets.results import Results
from tui.widgets.status_bar import StatusBar

if TYPE_CHECKING:
    from tui.widgets.catalog_tree import CatalogTree
    from tui.widgets.status import Status

_NARROW = 90
_TEND_SECONDS = 0.5
_HELP: Final = Command("help", "Keys", "Show, or hide, every key of where you are", "f1", priority=True)
_OFFERED: Final = (*RUNNING, *CONNECTING, *EDITING, *READING, *ARRANGING, *EXPORTING, *PICTURING, *TRANSACTING, _HELP)


class MainScreen(Running, Connecting, Editing, Reading, Arranging, Exporting, Picturing, Transacting, Bench):
    """Where the work is done."""

    DEFAULT_CSS = """
    MainScreen { layers: default completions; }
    MainScreen .catalog { width: 34; border-right: tall $panel; }
    MainScreen #work { width: 1fr; }
    MainScreen Editors { height: 2fr; min-height: 4; }
    MainScreen Results { height: 3fr; min-height: 5; border-top: tall $panel; }
    """
    AUTO_FOCUS = "SqlEditor"
    BINDINGS: ClassVar[list[BindingType]] = bindings(_OFFERED)
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {OfferedCommands}

    def __init__(self, keeper: TabKeeper, habits: Habits) -> None:
        super().__init__()
        self._keeper = keeper
        self._habits = replace(habits, plain=True)

    def compose(self) -> ComposeResult:
        with Horizontal():
            # Its place is kept, so that nothing moves when it comes; see `furnish`.
            yield Vertical(id="catalog-place", classes="catalog")
            with Vertical(id="work"):
                yield Editors(self._keeper.load(), self._habits)
                yield Results()
        yield StatusBar()
        yield KeyBar()

    def on_mount(self) -> None:
        self.set_focus(self.editors.editor)
        self.wsql.ready()

    def furnish(self) -> None:
        """Bring what one can do without until the editor takes keys, and connect."""
        _ = self.catalog
        self.results.open_journal()
        self._habits.plain = False
        self.editors.editor.colour()
        self.set_interval(1.0, self.tick)
        self.set_interval(_TEND_SECONDS, self.conductor.tend)
        for trouble in filter(None, (self._keeper.trouble, self.wsql.history.trouble)):
            # A notification goes by; what is not kept matters until the end.
            self.results.say(trouble, "yellow")
            self.notify(trouble, severity="warning")
        self.load_snippets()
        self.tick()
        self.call_after_refresh(self.conductor.connect)

    @property
    def catalog(self) -> "CatalogTree":
        from tui.widgets.catalog_tree import CatalogTree

        for tree in self.query(CatalogTree):
            return tree
        place = self.query_one("#catalog-place")
        tree = CatalogTree(id="catalog", classes="catalog")
        tree.display = place.display
        with self.app.batch_update():
            self.query_one(Horizontal).mount(tree, before=place)
            place.remove()
        return tree

    def on_resize(self) -> None:
        narrow = self.size.width < _NARROW
        if narrow is not self.narrow:
            # A narrow screen begins without the catalog; F2 brings it, and the next wide screen has it as preferred.
            self.narrow = narrow
            self.query_one(".catalog").display = self.wsql.preferences.catalog and not narrow

    def offered(self) -> tuple[Command, ...]:
        """What one can do here."""
        return _OFFERED

    @property
    def moves_with_ctrl_p(self) -> bool:
        """Whether Ctrl+P belongs to the editor now."""
        return self._habits.keys is KeyStyle.EMACS and isinstance(self.focused, SqlEditor)

    def action_help(self) -> None:
        if self.query("HelpPanel"):
            self.app.action_hide_help_panel()
        else:
            self.app.action_show_help_panel()

    def keep(self) -> None:
        """Keep the texts now."""
        self._keeper.save(self.editors.kept())
        self.changed = False

    async def may_leave(self) -> bool:
        """Whether nothing would be lost; otherwise the person is asked."""
        from tui.screens.dialogs import Confirm

        if not self.conductor.workbench.transaction_open:
            return True

        def decided(yes: object) -> None:
            if yes:
                self.wsql.leave()

        lines = ["A transaction is open. Leaving rolls it back.", "Your texts are kept."]
        self.app.push_screen(Confirm("Leave wsql?", lines, "Roll back and leave", "Stay"), decided)
        return False

    def tick(self) -> None:
        """Show what has changed since; also called every second."""
        if not self.is_mounted:
            return
        if self.changed:
            self.keep()
        self.conductor.workbench.warn()
        status = self._status()
        if self.query_one(StatusBar).show(status):
            self._frame(status.colour)

    def _status(self) -> "Status":
        from broker.clock import utc_now
        from tui.core.options import COLOURS
        from tui.core.told import TransactionState
        from tui.widgets.status import Status

        workbench = self.conductor.workbench
        options = workbench.options.of(workbench.place)
        colour = COLOURS.get(options.colour, options.colour) if workbench.place else ""
        end = workbench.expires_at
        left = None if end is None else max(end - utc_now(), timedelta())
        return Status(
            person=workbench.person,
            place=workbench.place,
            roles=workbench.roles,
            link=workbench.link,
            state=TransactionState.RUNNING if self.conductor.running else workbench.state,
            read_only=workbench.read_only,
            autocommit=self.conductor.metas.autocommit,
            left=left,
            result_open=workbench.holding,
            colour=colour,
            label=options.label,
            mode=self.editors.editor.mode,
        )

    def _frame(self, colour: str) -> None:
        """Let production look different: the connection's colour beside the texts."""
        self.editors.styles.border_left = ("thick", colour) if colour else None
