"""A result that is read on demand: fetched page by page, kept on disk, with a few pages in memory.

Memory stays flat however far one scrolls; what has been seen is read back from an unnamed temporary file, never asked
from the server again.
"""

import marshal
import tempfile
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Final

from tui.core.events import Column, Row

if TYPE_CHECKING:
    from tui.core.cursor import ServerCursor

FIRST_ROWS: Final = 200
_PAGE_ROWS: Final = 1000
_PAGE_CHARACTERS: Final = 4_000_000
_PAGES_IN_MEMORY: Final = 16


class Spill:
    """Rows in a temporary file that has no name and ends with the process. Thread-safe."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="wsql-")  # noqa: SIM115 - lives as long as the result is shown
        self._starts: list[int] = []
        self._offsets: list[int] = []
        self._recent: OrderedDict[int, list[Row]] = OrderedDict()
        self._one_thread = Lock()
        self.rows = 0

    def add(self, rows: Sequence[Row]) -> None:
        """Append rows."""
        if not rows:
            return
        with self._one_thread:
            offset = self._file.seek(0, 2)
            marshal.dump(list(rows), self._file)
            self._starts.append(self.rows)
            self._offsets.append(offset)
            self._remember(len(self._offsets) - 1, list(rows))
            self.rows += len(rows)

    def row(self, index: int) -> Row | None:
        """The row at `index`, or None beyond the last."""
        with self._one_thread:
            if not 0 <= index < self.rows:
                return None
            page = bisect_right(self._starts, index) - 1
            return self._page(page)[index - self._starts[page]]

    def slice(self, start: int, stop: int) -> Iterator[Row]:
        """The rows from `start` up to `stop`, as far as there are."""
        for index in range(start, min(stop, self.rows)):
            row = self.row(index)
            if row is not None:
                yield row

    def close(self) -> None:
        """Let go of the file."""
        with self._one_thread:
            self._file.close()
            self._recent.clear()
            self.rows = 0

    def _page(self, number: int) -> list[Row]:
        if number in self._recent:
            self._recent.move_to_end(number)
            return self._recent[number]
        self._file.seek(self._offsets[number])
        page: list[Row] = marshal.load(self._file)  # noqa: S302 - written by this very process
        self._remember(number, page)
        return page

    def _remember(self, number: int, page: list[Row]) -> None:
        self._recent[number] = page
        if len(self._recent) > _PAGES_IN_MEMORY:
            self._recent.popitem(last=False)


class ResultFeed:
    """One result: what is known of it, and a way to more.

    `more` and `release` belong to the thread of the database session; all else may be called from anywhere.

    Attributes:
        complete: there are no more rows than `rows`.
        given_up: why the rest cannot be had any more, or "".
    """

    def __init__(self, columns: tuple[Column, ...], cursor: "ServerCursor | None" = None) -> None:
        self.columns = columns
        self.complete = False
        self.given_up = ""
        self._cursor = cursor
        self._spill = Spill()
        self._step = FIRST_ROWS

    @property
    def rows(self) -> int:
        """How many rows are here."""
        return self._spill.rows

    @property
    def open(self) -> bool:
        """Whether the server holds more."""
        return self._cursor is not None

    def row(self, index: int) -> Row | None:
        """The row at `index`, or None if it is not here."""
        return self._spill.row(index)

    def slice(self, start: int, stop: int) -> Iterator[Row]:
        """The rows from `start` up to `stop`, as far as they are here."""
        return self._spill.slice(start, stop)

    def add(self, rows: Sequence[Row]) -> None:
        """Rows that came by themselves."""
        self._spill.add(rows)

    def more(self) -> int:
        """Fetch the next page; tells how many rows came. The last one gives the cursor back."""
        if self._cursor is None:
            return 0
        try:
            page = self._cursor.fetch(self._step)
        except BaseException:
            self._cursor, self.given_up = None, "The rest could not be read."
            raise
        self.columns = self._cursor.columns or self.columns
        self._spill.add(page)
        if self._cursor.exhausted:
            cursor, self._cursor, self.complete = self._cursor, None, True
            cursor.close()
        characters = sum(len(value) for row in page for value in row if value)
        if characters > _PAGE_CHARACTERS:
            self._step = max(1, self._step * _PAGE_CHARACTERS // characters)
        elif self._step < _PAGE_ROWS and characters * 4 < _PAGE_CHARACTERS:
            self._step = min(_PAGE_ROWS, self._step * 2)
        return len(page)

    def release(self, reason: str) -> None:
        """Give the server's cursor back; the rows that are here stay."""
        if self._cursor is None:
            return
        cursor, self._cursor, self.given_up = self._cursor, None, reason
        cursor.close()

    def forget(self) -> None:
        """Let go of the rows."""
        self._spill.close()
