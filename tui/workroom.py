"""Long work on the rows of results: one piece at a time, on a thread of its own, with progress, and stopped at will."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final, TypeVar

from textual.message import Message

from broker.clock import Clock, utc_now
from tui.conductor import Conductor
from tui.core.desk import Desk
from tui.core.errors import SqlClientError
from tui.core.feed import ResultFeed
from tui.core.progress import Progress
from tui.messages import WorkEnded, WorkTold

T = TypeVar("T")
_ALL_ROWS: Final = 2**63
_TOLD_EVERY: Final = timedelta(seconds=0.1)


class Workroom:
    """Every method returns at once; what comes of the work is posted."""

    def __init__(self, conductor: Conductor, post: Callable[[Message], object], clock: Clock = utc_now) -> None:
        self._conductor = conductor
        self._post = post
        self._clock = clock
        self._desk = Desk("wsql-results")
        self._progress: Progress | None = None

    @property
    def busy(self) -> bool:
        """Whether work is going on."""
        return self._progress is not None

    @property
    def stopping(self) -> bool:
        """Whether it was told to end."""
        return self._progress is not None and self._progress.stopped

    def stop(self) -> None:
        """Let the work end; its result is not had."""
        if self._progress is not None:
            self._progress.stop()

    def start(
        self,
        title: str,
        work: Callable[[Progress], T],
        done: Callable[[T], object],
        *,
        whole: ResultFeed | None = None,
        rows: int | None = None,
    ) -> bool:
        """Do some work, and then `done` with its result on the screen's thread; False where other work is going on.

        `title` says what is being done. Of the result `whole`, `rows` rows are fetched first; all where it is None.
        """
        if self._progress is not None:
            return False
        self._progress = progress = Progress(self._telling(title))

        def act() -> None:
            try:
                progress.check()
                result = work(progress)
            except SqlClientError as error:
                self._end(WorkEnded(problem=error))
            except Exception as error:
                # A defect must not leave the room locked for ever.
                self._end(WorkEnded(problem=SqlClientError(f"{title} failed: {type(error).__name__}: {error}")))
            else:
                self._end(WorkEnded(lambda: done(result)))

        if whole is None or not whole.open or (rows is not None and whole.rows >= rows):
            self._desk.submit(act)
        else:
            self._post(WorkTold("Reading the rest"))
            self._conductor.read_on(
                whole, _ALL_ROWS if rows is None else rows, progress, lambda: self._desk.submit(act)
            )
        return True

    def close(self) -> None:
        """Stop what is going on."""
        self.stop()

    def _end(self, ended: WorkEnded) -> None:
        self._progress = None
        self._post(ended)

    def _telling(self, title: str) -> Callable[[int, int], None]:
        told_at = self._clock()

        def told(done: int, total: int) -> None:
            nonlocal told_at
            if self._clock() - told_at > _TOLD_EVERY:
                told_at = self._clock()
                self._post(WorkTold(title, done, total))

        return told
