"""The person at the workstation, as the client speaks to them: told, asked, and able to cancel."""

import sys
import time
from collections.abc import Callable
from typing import Final, Protocol

from broker.client.errors import SignInCancelled, StoreUnusable, printable
from broker.secrets import Secret

_STEP: Final = 0.2
"""Seconds between two looks at whether the person cancelled."""

_SHORTEST_PASSPHRASE: Final = 8


class Person(Protocol):
    """How the client speaks to the person; a terminal has `TerminalPerson`, a full-screen program its own."""

    def tell(self, message: str) -> None:
        """Say one thing; `message` holds no secret."""
        ...

    def waiting(self, message: str, seconds: float) -> None:
        """Show that the client has waited for `seconds`; called several times a second."""
        ...

    def waited(self) -> None:
        """The wait is over, however it ended."""
        ...

    def cancelled(self) -> bool:
        """Whether the person has asked to cancel by other means than Ctrl-C."""
        ...

    def passphrase(self, prompt: str, *, new: bool) -> Secret | None:
        """Ask for a passphrase, twice if it is a `new` one; None where nobody can be asked."""
        ...


class TerminalPerson:
    """The person at a terminal: everything goes to stderr, so that stdout stays the command's own."""

    def __init__(self) -> None:
        self._line_open = False

    def tell(self, message: str) -> None:
        self.waited()
        sys.stderr.write(printable(message) + "\n")
        sys.stderr.flush()

    def waiting(self, message: str, seconds: float) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\x1b[K{printable(message)} {seconds:.0f} s (Ctrl-C cancels)")
            sys.stderr.flush()
            self._line_open = True

    def waited(self) -> None:
        if self._line_open:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._line_open = False

    def cancelled(self) -> bool:
        return False

    def passphrase(self, prompt: str, *, new: bool) -> Secret | None:
        if not sys.stdin.isatty():
            return None
        import getpass

        first = getpass.getpass(f"{prompt}: ")
        if new and len(first) < _SHORTEST_PASSPHRASE:
            raise StoreUnusable(f"A passphrase needs at least {_SHORTEST_PASSPHRASE} characters.", remedy="Try again.")
        if new and getpass.getpass("The same again: ") != first:
            raise StoreUnusable("The two passphrases differ.", remedy="Try again.")
        return Secret(first)


def wait_until(done: Callable[[float], bool], person: Person, message: str, limit: float | None = None) -> bool:
    """Wait for `done`, visibly; give up after `limit` seconds.

    `done` waits at most the seconds that it is given, and says whether the wait is over.

    Returns:
        Whether it was done before the limit.

    Raises:
        SignInCancelled: the person cancelled.
    """
    begun = time.monotonic()
    try:
        while not done(_STEP):
            waited = time.monotonic() - begun
            if person.cancelled():
                raise SignInCancelled("The sign-in was cancelled.")
            if limit is not None and waited >= limit:
                return False
            person.waiting(message, waited)
        return True
    finally:
        person.waited()
