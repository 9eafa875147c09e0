"""A result that is read on demand: fetched page by page, and kept on disk.

Memory stays flat however far one scrolls; what has been seen is read back from temporary files, never asked from the
server again.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from threading import Lock
from typing import TYPE_CHECKING, Final, Protocol

from tui.core.errors import ConnectionLost, SqlClientError
from tui.core.events import Column, Row
from tui.core.rowfile import RowFile

if TYPE_CHECKING:
    from tui.core.cursor import ServerCursor

FIRST_ROWS: Final = 200
HEAD: Final = 200
_PAGE_ROWS: Final = 1000
_BULK_ROWS: Final = 10_000
_PAGE_CHARACTERS: Final = 4_000_000
# Nothing is known yet of how large the rows are; one at a time would be many turns with the screen's thread.
_FIRST_CHUNK_ROWS: Final = 10
_CHUNK_CHARACTERS: Final = 2_000_000
_CHUNK_ROWS: Final = 500
_CELLS_IN_MEMORY: Final = 50_000
_ROWS_IN_MEMORY: Final = 64


class RowSource(Protocol):
    """Rows that one can look at in any order: a result as it came, or an arrangement of it."""

    @property
    def columns(self) -> tuple[Column, ...]: ...

    @property
    def rows(self) -> int: ...

    def row(self, index: int) -> Row | None: ...

    def slice(self, start: int, stop: int) -> Iterator[Row]: ...


class ResultFeed:
    """One result: what is known of it, and a way to more.

    `more` and `release` belong to the thread of the database session; all else may be called from anywhere.

    Attributes:
        complete: there are no more rows than `rows`.
        given_up: why the rest cannot be had any more, or "".
        statement: what gave it, for reading.
    """

    def __init__(self, columns: tuple[Column, ...], cursor: "ServerCursor | None" = None, statement: str = "") -> None:
        self.columns = columns
        self.complete = False
        self.given_up = ""
        self.statement = statement
        self._cursor = cursor
        self._file = RowFile()
        self._step = FIRST_ROWS
        self._chunk_rows = _FIRST_CHUNK_ROWS

    @property
    def rows(self) -> int:
        """How many rows are here."""
        return self._file.rows

    @property
    def open(self) -> bool:
        """Whether the server holds more."""
        return self._cursor is not None

    def row(self, index: int) -> Row | None:
        """The row at `index`, or None if it is not here."""
        return self._file.row(index)

    def slice(self, start: int, stop: int) -> Iterator[Row]:
        """The rows from `start` up to `stop`, as far as they are here."""
        return self._file.slice(start, stop)

    def add(self, rows: Sequence[Row]) -> None:
        """Rows that came by themselves."""
        self._file.add(rows)

    def more(self, *, bulk: bool = False, came: Callable[[], object] | None = None) -> int:
        """Fetch the next page; tells how many rows came. The last one gives the cursor back.

        Args:
            bulk: one wants all of them, so ask for many at once.
            came: called where rows are so large that looking at the first need not wait for the page.
        """
        if self._cursor is None:
            return 0
        rows = characters = 0
        try:
            with closing(self._cursor.fetch(self._rows_wanted(bulk), self._chunk_rows)) as chunks:
                for chunk in chunks:
                    self.columns = self._cursor.columns
                    self._file.add(chunk)
                    rows += len(chunk)
                    characters += sum(len(value) for row in chunk for value in row if value)
                    if came is not None and characters > _PAGE_CHARACTERS:
                        came()
        except BaseException as error:
            self._give_up(error)
            raise
        self.columns = self._cursor.columns or self.columns
        if self._cursor.exhausted:
            cursor, self._cursor, self.complete = self._cursor, None, True
            cursor.close()
        self._pace(rows, characters)
        return rows

    def release(self, reason: str) -> None:
        """Give the server's cursor back; the rows that are here stay."""
        if self._cursor is None:
            return
        cursor, self._cursor, self.given_up = self._cursor, None, reason
        cursor.close()

    def forget(self) -> None:
        """Let go of the rows."""
        self._file.close()

    def _rows_wanted(self, bulk: bool) -> int:
        return min(self._step * _BULK_ROWS // _PAGE_ROWS, _BULK_ROWS) if bulk else self._step

    def _pace(self, rows: int, characters: int) -> None:
        """Fetch as many rows at once as their size allows."""
        width = max(1, characters // max(1, rows))
        self._step = max(1, min(_PAGE_ROWS, self._step * 2, _PAGE_CHARACTERS // width))
        self._chunk_rows = max(1, min(_CHUNK_ROWS, _CHUNK_CHARACTERS // width))

    def _give_up(self, error: BaseException) -> None:
        """The rest cannot be read: say why, and leave no transaction that the person did not open."""
        cursor, self._cursor = self._cursor, None
        self.given_up = f"The rest could not be read: {error}" if isinstance(error, SqlClientError) else ""
        if cursor is not None and not isinstance(error, ConnectionLost):
            cursor.close()


class Heads:
    """The beginnings of the values of rows that one looks at, as far as a table can show them.

    A value of 100 MB is read from disk once, not each time that a line is drawn.
    """

    def __init__(self, source: RowSource) -> None:
        self.source = source
        self._recent: OrderedDict[int, Row] = OrderedDict()
        self._one_thread = Lock()

    def row(self, index: int) -> Row | None:
        """The row at `index` with each value cut, or None if it is not here."""
        with self._one_thread:
            if index in self._recent:
                self._recent.move_to_end(index)
                return self._recent[index]
            row = self.source.row(index)
            if row is None:
                return None
            if any(value is not None and len(value) > HEAD for value in row):
                row = tuple(value if value is None or len(value) <= HEAD else value[: HEAD + 1] for value in row)
            self._recent[index] = row
            if len(self._recent) > max(_ROWS_IN_MEMORY, _CELLS_IN_MEMORY // max(1, len(row))):
                self._recent.popitem(last=False)
            return row
