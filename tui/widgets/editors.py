"""The editor's tabs."""

from textual.app import ComposeResult
from textual.widget import AwaitMount

from tui.core.tabs import Tab, Tabs
from tui.widgets.deck import Card, Deck, DeckLine
from tui.widgets.editor import SqlEditor
from tui.widgets.habits import Habits


class EditorCard(Card):
    """A text; its editor is made when one first looks at it."""

    def __init__(self, tab: Tab, habits: Habits, number: int) -> None:
        super().__init__(tab.title, id=f"tab-{number}")
        self._tab = tab
        self._habits = habits
        self._editor: SqlEditor | None = None

    @property
    def editor(self) -> SqlEditor:
        """Its editor."""
        if self._editor is None:
            at = (self._tab.row, self._tab.column)
            self._editor = SqlEditor(self._tab.text, at=at, habits=self._habits)
        return self._editor

    def compose(self) -> ComposeResult:
        yield self.editor

    def kept(self) -> Tab:
        """What is to be kept."""
        if self._editor is None:
            return self._tab
        return Tab(self.title, self._editor.text, *self._editor.cursor_location)

    def on_show(self) -> None:
        # Whoever turns the tabs by the arrow keys goes on with that.
        if not self.app.screen.is_modal and not isinstance(self.screen.focused, DeckLine):
            self.editor.focus()


class Editors(Deck[EditorCard]):
    """One editor a tab; there is always at least one."""

    def __init__(self, tabs: Tabs, habits: Habits) -> None:
        cards = [EditorCard(tab, habits, number) for number, tab in enumerate(tabs.tabs, 1)]
        super().__init__(*cards, active=tabs.active, id="editors")
        self._number = len(cards)
        self.habits = habits

    @property
    def editor(self) -> SqlEditor:
        """The editor that is shown."""
        return self._shown.editor

    def kept(self) -> Tabs:
        """What is to be kept."""
        return Tabs(tuple(card.kept() for card in self.cards), self.cards.index(self._shown))

    async def open(self) -> None:
        """Open an empty tab; once it returns, what is typed goes there."""
        await self._at_once(self.add_card(self._next_card("", "")))

    async def show_next(self, by: int) -> None:
        """Show another tab; once it returns, what is typed goes there."""
        await self._at_once(self.turn(by))

    def new(self, text: str = "", title: str = "") -> None:
        """Open another tab and show it."""
        self.add_card(self._next_card(text, title))

    def _next_card(self, text: str, title: str) -> EditorCard:
        taken = {card.title for card in self.cards}
        free = next(str(number) for number in range(1, len(taken) + 2) if str(number) not in taken)
        self._number += 1
        return EditorCard(Tab(title or free, text), self.habits, self._number)

    async def _at_once(self, mounted: AwaitMount | None) -> None:
        if mounted is not None:
            await mounted
        self.screen.set_focus(self.editor)

    @property
    def _shown(self) -> EditorCard:
        if self.active_card is None:
            raise AssertionError
        return self.active_card

    def close_active(self) -> None:
        """Close the tab that is shown; the last one is emptied instead."""
        if len(self.cards) == 1:
            self.editor.text = ""
        else:
            self.remove_card(self._shown)

    def name_shown(self, title: str) -> None:
        """Name the tab that is shown."""
        self.rename(self._shown, title)

    def take_habits(self) -> None:
        """The person chose other keys."""
        for editor in self.query(SqlEditor):
            editor.take_habits()
