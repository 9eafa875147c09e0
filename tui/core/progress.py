"""How far a long piece of work is, and a way to stop it."""

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeVar

from tui.core.errors import WorkStopped

T = TypeVar("T")
_EVERY: Final = 20_000


class Progress:
    """Told of by the worker; may be stopped from any thread."""

    def __init__(self, told: Callable[[int, int], object] = lambda _done, _total: None) -> None:
        """Args: told: called now and then with how much is done, of how much (0: nobody knows)."""
        self._told = told
        self._stop = threading.Event()

    @property
    def stopped(self) -> bool:
        """Whether somebody wants it to stop."""
        return self._stop.is_set()

    def stop(self) -> None:
        """Let the work end soon."""
        self._stop.set()

    def check(self) -> None:
        """End here if somebody wants it.

        Raises:
            WorkStopped: somebody does.
        """
        if self._stop.is_set():
            raise WorkStopped("Stopped.")

    def told(self, done: int, total: int = 0) -> None:
        """Tell how far it is, and end here if somebody wants it."""
        self._told(done, total)
        self.check()

    def over(self, items: Iterable[T], total: int = 0) -> Iterator[T]:
        """The items, telling while they pass; each may take long, so it is looked before each."""
        stopped = self._stop.is_set
        for number, item in enumerate(items):
            if number % _EVERY == 0 or stopped():
                self.told(number, total)
            yield item
