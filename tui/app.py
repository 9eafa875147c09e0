"""The full-screen client."""

import gc
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, ClassVar, Final

from textual.app import App
from textual.binding import Binding, BindingType
from textual.events import Event, Key, Paste
from textual.filter import LineFilter
from textual.notifications import SeverityLevel
from textual.screen import Screen
from textual.theme import Theme

from tui.config import Home, Preferences, home
from tui.core.tabs import TabKeeper
from tui.core.terminal import harmless
from tui.screens.main import MainScreen
from tui.widgets.guard import TerminalGuard
from tui.widgets.habits import habits_of
from tui.widgets.legible import Legible

# Whatever works with the database is loaded once the editor takes keys.
if TYPE_CHECKING:
    from tui.conductor import Conductor
    from tui.core.history import History
    from tui.core.options import Options
    from tui.core.told import Told
    from tui.core.wish import Wish
    from tui.core.workbench import Workbench
    from tui.messages import SignInOver, SignInTold, SignInWaits
    from tui.person import ScreenPerson
    from tui.screens.dialogs import SignIn
    from tui.workroom import Workroom

_TURN_SECONDS: Final = 0.001
_COPIED_CHARACTERS: Final = 10_000_000


class WsqlApp(App[int]):
    """One person, one connection, several texts."""

    TITLE = "wsql"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+q", "quit", "Quit", priority=True)]

    def __init__(self, wish: "Wish", where: Home, options: "Options | None" = None) -> None:
        super().__init__()
        self._wish = wish
        self._home = where
        self._options = options
        self.preferences = where.preferences()
        self.keeper = TabKeeper(where.folder)
        self.snippets_file = where.snippets
        self._sign_in: SignIn | None = None
        self._early: list[Event] | None = []
        self._last_filters = (TerminalGuard(), Legible())
        self.main = MainScreen(self.keeper, habits_of(self.preferences))

    @cached_property
    def person(self) -> "ScreenPerson":
        """Whom the sign-in speaks to."""
        from tui.person import ScreenPerson

        return ScreenPerson(self)

    @cached_property
    def history(self) -> "History":
        """What was run."""
        from tui.core.history import History

        return History(self._home.history)

    @cached_property
    def workbench(self) -> "Workbench":
        """The session, with what it was opened by."""
        from tui.core.connect import Places, find_access
        from tui.core.workbench import Workbench

        places = Places(self._home.places)
        return Workbench(
            lambda choose: find_access(self._wish, self.person, self.person, places, choose=choose),
            self._tell,
            read_only=self._wish.read_only,
            options=self._options,
        )

    @cached_property
    def conductor(self) -> "Conductor":
        """Who works."""
        from tui.conductor import Conductor
        from tui.metascreen import ScreenMetas

        return Conductor(self.workbench, self.main.post_message, self.history, ScreenMetas(self._wrote))

    @cached_property
    def workroom(self) -> "Workroom":
        """Who works on the rows of results."""
        from tui.workroom import Workroom

        return Workroom(self.conductor, self.main.post_message)

    async def on_event(self, event: Event) -> None:
        """What is typed before the editor is there is kept for it."""
        if self._early is not None and isinstance(event, (Key, Paste)):
            self._early.append(event)
        else:
            await super().on_event(event)

    def ready(self) -> None:
        """The editor is there."""
        self.call_next(self._type_early)

    async def _type_early(self) -> None:
        events, self._early = self._early or [], None
        for event in events:
            await super().on_event(event)
        self.main.call_after_refresh(Thread(target=self._complete, name="wsql-load", daemon=True).start)

    def _complete(self) -> None:
        """Load the rest, aside: keys are taken meanwhile. Then it is shown."""
        from textual.widgets import RichLog, Tree  # noqa: F401

        import tui.conductor
        import tui.core.connect
        import tui.core.history
        import tui.core.lexed
        import tui.core.snippets
        import tui.core.workbench
        import tui.metascreen
        import tui.widgets.catalog_tree
        import tui.widgets.status  # noqa: F401

        if not gc.isenabled():
            # Off since the program began, see `tui.cli.main`.
            gc.freeze()
            gc.enable()
        self.main.call_later(self.main.furnish)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """What every line passes last: nothing in it does anything to the terminal, and it can be read."""
        return [*super().get_line_filters(), *self._last_filters]

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """As Textual's, but always a plain text: it may hold names and data."""
        del markup
        super().notify(harmless(message), title=harmless(title), severity=severity, timeout=timeout, markup=False)

    def copy_to_clipboard(self, text: str) -> None:
        """As Textual's, up to what a terminal can be given in seconds: nothing is drawn meanwhile."""
        if len(text) > _COPIED_CHARACTERS:
            text = text[:_COPIED_CHARACTERS]
            told = f"Only the first {len(text):,} characters are in the clipboard: export the rest to a file (e)."
            self.notify(told, severity="warning")
        super().copy_to_clipboard(text)

    def _tell(self, told: "Told") -> None:
        from tui.messages import WorkbenchTold

        self.main.post_message(WorkbenchTold(told))

    def _wrote(self, text: str) -> None:
        from tui.core.told import Wrote

        self._tell(Wrote(text))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Ctrl+P is a motion among the keys of emacs; the palette is at Alt+X there."""
        if action == "command_palette" and self.main.moves_with_ctrl_p:
            return False
        return super().check_action(action, parameters)

    def get_default_screen(self) -> Screen[None]:
        """The main screen is the first, with none below it."""
        return self.main

    def on_mount(self) -> None:
        if self.preferences.theme in self.available_themes:
            self.theme = self.preferences.theme
        self.theme_changed_signal.subscribe(self, self._theme_chosen)

    def _theme_chosen(self, theme: Theme) -> None:
        self.prefer(replace(self.preferences, theme=theme.name))

    def prefer(self, preferences: Preferences) -> None:
        """Keep a choice."""
        if preferences != self.preferences:
            self.preferences = preferences
            self._home.prefer(preferences)

    async def action_quit(self) -> None:
        if await self.main.may_leave():
            self.leave()

    def leave(self) -> None:
        """End the program; the texts are kept, an open transaction is rolled back."""
        self.main.keep()
        self.person.leave()
        self.workroom.close()
        self.conductor.close()
        self.history.close()
        self.keeper.close()
        self.exit(0)

    # --- signing in ----------------------------------------------------------------------------------------------

    def on_sign_in_told(self, message: "SignInTold") -> None:
        self._sign_in_screen().tell(message.text)

    def on_sign_in_waits(self, message: "SignInWaits") -> None:
        self._sign_in_screen().wait_since(message.text, message.seconds)

    def on_sign_in_over(self, _message: "SignInOver") -> None:
        if self._sign_in is not None:
            screen, self._sign_in = self._sign_in, None
            if screen.is_active or screen in self.screen_stack:
                screen.dismiss(True)

    def _sign_in_screen(self) -> "SignIn":
        from tui.screens.dialogs import SignIn

        if self._sign_in is None:
            self._sign_in = SignIn()
            self.push_screen(self._sign_in, self._signed_in_or_not)
        return self._sign_in

    def _signed_in_or_not(self, result: object) -> None:
        if result is None:
            self._sign_in = None
            self.person.cancel()


def start_full_screen(wish: "Wish") -> int:
    """Run the full-screen client until the person leaves it; returns the exit code."""
    # Threads take turns often: a page of rows comes while the screen is drawn, and keys count while rows are sorted.
    sys.setswitchinterval(_TURN_SECONDS)
    where = home()
    return WsqlApp(wish, where, _options(where.options)).run() or 0


def _options(file: Path) -> "Options | None":
    try:
        file.stat()
    except FileNotFoundError:
        return None
    from tui.core.options import load_options

    return load_options(file)
