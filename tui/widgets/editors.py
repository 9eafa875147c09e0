"""The editor's tabs."""

from textual.app import ComposeResult
from textual.widgets import TabbedContent, TabPane

from tui.core.tabs import Tab, Tabs
from tui.widgets.editor import SqlEditor
from tui.widgets.habits import Habits


class EditorPane(TabPane):
    """A tab that knows its editor, also before that is mounted."""

    def __init__(self, title: str, editor: SqlEditor, number: int) -> None:
        super().__init__(title, editor, id=f"tab-{number}")
        self.editor = editor

    def on_show(self) -> None:
        if not self.app.screen.is_modal:
            self.editor.focus()


class Editors(TabbedContent):
    """One editor a tab; there is always at least one."""

    DEFAULT_CSS = """
    Editors { height: 1fr; }
    Editors TabPane { padding: 0; }
    """

    def __init__(self, count: int, active: int, habits: Habits) -> None:
        super().__init__(initial=f"tab-{active + 1}", id="editors")
        self._number = count
        self.habits = habits

    @classmethod
    def composed(cls, tabs: Tabs, habits: Habits) -> ComposeResult:
        """The widget with the texts that were kept."""
        with cls(len(tabs.tabs), tabs.active, habits):
            for number, tab in enumerate(tabs.tabs, 1):
                yield EditorPane(tab.title, SqlEditor(tab.text, at=(tab.row, tab.column), habits=habits), number)

    @property
    def editor(self) -> SqlEditor:
        """The editor that is shown."""
        pane = self.active_pane
        return (pane if isinstance(pane, EditorPane) else self.query(EditorPane).first()).editor

    def kept(self) -> Tabs:
        """What is to be kept."""
        panes = list(self.query(EditorPane))
        tabs = []
        for pane in panes:
            editor = pane.editor
            tabs.append(Tab(str(self.get_tab(pane).label), editor.text, *editor.cursor_location))
        active = next((index for index, pane in enumerate(panes) if pane.id == self.active), 0)
        return Tabs(tuple(tabs), active)

    async def open(self) -> None:
        """Open an empty tab; once it returns, what is typed goes there."""
        pane = self._next_pane("", "")
        await self.add_pane(pane)
        self.active = str(pane.id)
        self.screen.set_focus(pane.editor)

    def new(self, text: str = "", title: str = "") -> None:
        """Open another tab and show it."""
        pane = self._next_pane(text, title)
        self.add_pane(pane)
        self.active = str(pane.id)

    def _next_pane(self, text: str, title: str) -> EditorPane:
        taken = {str(self.get_tab(pane).label) for pane in self.query(TabPane)}
        free = next(str(number) for number in range(1, len(taken) + 2) if str(number) not in taken)
        self._number += 1
        return EditorPane(title or free, SqlEditor(text, habits=self.habits), self._number)

    def close_active(self) -> None:
        """Close the tab that is shown; the last one is emptied instead."""
        if len(self.query(TabPane)) == 1:
            self.editor.text = ""
        else:
            self.remove_pane(self.active)

    def show_next(self, by: int) -> None:
        """Show another tab."""
        panes = [str(pane.id) for pane in self.query(TabPane)]
        self.active = panes[(panes.index(self.active) + by) % len(panes)]

    def rename(self, title: str) -> None:
        """Name the tab that is shown."""
        self.get_tab(self.active).label = title

    def on_tabbed_content_tab_activated(self) -> None:
        if not self.app.screen.is_modal:
            self.editor.focus()

    def take_habits(self) -> None:
        """The person chose other keys."""
        for editor in self.query(SqlEditor):
            editor.take_habits()
