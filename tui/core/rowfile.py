"""Rows and numbers in temporary files: however many there are, memory stays flat.

The files have no name: nobody else can open them, and they end with the process, also when it is killed.
"""

import errno
import marshal
import os
import tempfile
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path
from threading import Lock
from typing import IO, Final

from tui.core.errors import ResultStorageFull
from tui.core.events import Row

_READ_BYTES: Final = 1_000_000
_READ_ROWS: Final = 512
_JOINED_BYTES: Final = 4_000_000
_FULL: Final = frozenset({errno.ENOSPC, errno.EFBIG, errno.EDQUOT})
_ITEM: Final = 8


class RowFile:
    """Rows in the order in which they came. Thread-safe."""

    def __init__(self) -> None:
        self._data = _unnamed_file()
        self._ends = NumberFile()
        self._end = 0
        self._one_thread = Lock()

    @property
    def rows(self) -> int:
        """How many rows are here."""
        return self._ends.count

    def add(self, rows: Sequence[Row]) -> None:
        """Append rows.

        Raises:
            ResultStorageFull: there is no room; what was here before stays.
        """
        if not rows:
            return
        parts = [marshal.dumps(row) for row in rows]
        with self._one_thread:
            ends = list(accumulate(map(len, parts), initial=self._end))
            small = ends[-1] - self._end <= _JOINED_BYTES
            _write(self._data, self._end, [b"".join(parts)] if small else parts)
            self._ends.extend(ends[1:])
            self._end = ends[-1]

    def row(self, index: int) -> Row | None:
        """The row at `index`, or None beyond the last."""
        with self._one_thread:
            return next(iter(self._read(index, index + 1)), None) if 0 <= index < self.rows else None

    def slice(self, start: int, stop: int) -> Iterator[Row]:
        """The rows from `start` up to `stop`, as far as there are."""
        while True:
            with self._one_thread:
                end = min(stop, self.rows, start + _READ_ROWS)
                page = self._read(start, end) if start < end else []
            if not page:
                return
            yield from page
            start += len(page)

    def close(self) -> None:
        """Let go of the files, and with them of the rows."""
        with self._one_thread:
            self._data.close()
            self._ends.close()

    def _read(self, start: int, stop: int) -> list[Row]:
        """Some rows from `start` on, at least one, and few where they are large."""
        ends = self._ends.slice(max(start - 1, 0), stop)
        first = ends.pop(0) if start else 0
        count = max(1, sum(end - first <= _READ_BYTES for end in ends))
        data = memoryview(_read(self._data, first, ends[count - 1] - first))
        begins = (0, *(end - first for end in ends[: count - 1]))
        return [marshal.loads(data[begin:]) for begin in begins]  # noqa: S302 - written by this very process


class NumberFile:
    """Numbers from 0 to 2^63, in the order in which they came. Thread-safe."""

    def __init__(self, numbers: Iterable[int] = ()) -> None:
        self._file = _unnamed_file()
        self._one_thread = Lock()
        self.count = 0
        self.extend(numbers)

    def extend(self, numbers: Iterable[int]) -> None:
        """Append numbers.

        Raises:
            ResultStorageFull: there is no room.
        """
        packed = array("q", numbers)
        with self._one_thread:
            _write(self._file, self.count * _ITEM, [packed.tobytes()])
            self.count += len(packed)

    def slice(self, start: int, stop: int) -> list[int]:
        """The numbers from `start` up to `stop`, as far as there are."""
        numbers = array("q")
        with self._one_thread:
            size = max(0, min(stop, self.count) - start) * _ITEM
            numbers.frombytes(_read(self._file, start * _ITEM, size) if size else b"")
        return numbers.tolist()

    def close(self) -> None:
        """Let go of the file."""
        with self._one_thread:
            self._file.close()
            self.count = 0


@contextmanager
def storage_errors_told() -> Iterator[None]:
    """Turn a full disk into our own error.

    Raises:
        ResultStorageFull: instead of the system's error.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise storage_full() from None


def storage_full() -> ResultStorageFull:
    """What is told where a temporary file cannot grow."""
    return ResultStorageFull(f"There is no room for the rows of this result in {storage_folder()}.")


def storage_folder() -> str:
    """Where large temporary files go: TMPDIR and its kin, else /var/tmp, since /tmp is memory on many machines."""
    chosen = tempfile.gettempdir()
    large = "/var/tmp"  # noqa: S108 - the file has no name there
    return large if chosen == "/tmp" and os.access(large, os.W_OK | os.X_OK) else chosen  # noqa: S108


def _unnamed_file() -> IO[bytes]:
    with storage_errors_told():
        folder = storage_folder()
        return tempfile.TemporaryFile(buffering=0, prefix="wsql-", dir=folder if Path(folder).is_dir() else None)


def _write(file: IO[bytes], offset: int, parts: Iterable[bytes]) -> None:
    with storage_errors_told():
        file.seek(offset)
        for part in parts:
            rest = memoryview(part)
            while rest:
                # A disk that fills up takes a part first, and refuses the rest.
                rest = rest[file.write(rest) :]


def _read(file: IO[bytes], offset: int, size: int) -> bytes:
    file.seek(offset)
    data = file.read(size)
    while len(data) < size:
        more = file.read(size - len(data))
        if not more:
            raise EOFError
        data += more
    return data
