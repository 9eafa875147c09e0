"""The person at the full-screen client, as `broker.client` and `tui.core.connect` speak to them from their threads."""

from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from threading import Event
from typing import TYPE_CHECKING

from textual.app import App

from broker.client.errors import SignInCancelled
from broker.secrets import Secret
from tui.core.connect import Place
from tui.messages import SignInOver, SignInTold, SignInWaits
from tui.screens.dialogs import AskBroker, AskPassphrase, ChoosePlace, Dialog

if TYPE_CHECKING:
    from broker.client.model import OfferedWorkgroup


class ScreenPerson:
    """Tells by messages, asks by dialogues: a question blocks the thread that asks it, never the screen."""

    def __init__(self, app: "App[int]") -> None:
        self._app = app
        self._cancelled = Event()
        self._open: Future[object] | None = None

    # --- broker.client.person.Person -----------------------------------------------------------------------------

    def tell(self, message: str) -> None:
        """Show what the sign-in says."""
        self._cancelled.clear()
        self._app.post_message(SignInTold(message))

    def waiting(self, message: str, seconds: float) -> None:
        """Show that the sign-in waits."""
        self._app.post_message(SignInWaits(message, seconds))

    def waited(self) -> None:
        """The wait is over."""
        self._app.post_message(SignInOver())

    def cancelled(self) -> bool:
        """Whether the person pressed Cancel."""
        return self._cancelled.is_set()

    def passphrase(self, prompt: str, *, new: bool) -> Secret | None:
        """Ask for a passphrase."""
        answer = self._ask(lambda: AskPassphrase(prompt, new=new))
        if answer is None:
            raise SignInCancelled("The passphrase was not given.")
        return Secret(str(answer))

    # --- tui.core.connect.Asker ----------------------------------------------------------------------------------

    def broker_url(self, problem: str) -> str | None:
        """Ask for the broker's address."""
        answer = self._ask(lambda: AskBroker(problem))
        return None if answer is None else str(answer)

    def place(self, offered: "tuple[OfferedWorkgroup, ...]") -> Place | None:
        """Ask for the database."""
        answer = self._ask(lambda: ChoosePlace(offered))
        return answer if isinstance(answer, Place) else None

    # --- from the screen's own thread ----------------------------------------------------------------------------

    def cancel(self) -> None:
        """The person wants no sign-in."""
        self._cancelled.set()

    def leave(self) -> None:
        """The program ends: whoever waits for an answer gets none."""
        self._cancelled.set()
        if self._open is not None:
            self._open.cancel()

    def _ask(self, make: Callable[[], Dialog]) -> object:
        answer: Future[object] = Future()
        self._open = answer

        def give(found: object) -> None:
            if not answer.done():
                answer.set_result(found)

        def ask() -> None:
            self._app.push_screen(make(), give)

        self._app.call_from_thread(ask)
        try:
            return answer.result()
        except CancelledError:
            return None
