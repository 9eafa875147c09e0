"""The one thread that a database session works on, and its queue."""

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import TypeAlias

Job: TypeAlias = Callable[[], None]


class Desk:
    """Runs jobs one after the other on a thread of its own. A job must not raise.

    The thread is a daemon: leaving the program never waits for a server that does not answer.
    """

    def __init__(self, name: str, failed: Callable[[Exception], object] = lambda _error: None) -> None:
        """`failed` is told what a job raised in spite of all; the jobs behind it are done nevertheless."""
        self._failed = failed
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._waiting = 0
        self._one_thread = threading.Lock()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    @property
    def busy(self) -> bool:
        """Whether a job runs or waits."""
        return self._waiting > 0

    @property
    def others_wait(self) -> bool:
        """Whether a job waits behind the one that runs."""
        return self._waiting > 1

    def submit(self, job: Job) -> None:
        """Run `job` after those before it."""
        with self._one_thread:
            self._waiting += 1
        self._jobs.put(job)

    def close(self, seconds: float) -> None:
        """End after what is queued, waiting at most `seconds`."""
        self._jobs.put(None)
        self._thread.join(seconds)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job()
            except Exception as error:
                self._failed(error)
            finally:
                with self._one_thread:
                    self._waiting -= 1
