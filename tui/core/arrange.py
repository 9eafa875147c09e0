"""Sorted and filtered views of a result, and search in it: over the rows on disk, in flat memory.

The statement is never run again: what it did, it did once. An order is worked out by SQLite in a temporary file that
has no name; what is kept of it is the numbers of the rows, on disk too.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from tui.core.conditions import Predicate
from tui.core.events import Column, Row
from tui.core.feed import RowSource
from tui.core.keys import Key, key_of
from tui.core.progress import Progress
from tui.core.rowfile import NumberFile

_BATCH: Final = 20_000
_LOOKAHEAD: Final = 256


@dataclass(frozen=True, slots=True)
class Order:
    """Sort by a column; NULL is the greatest, as in PostgreSQL."""

    column: int
    descending: bool = False


class Arranged:
    """Rows of a result, chosen and ordered; ends with `forget`."""

    def __init__(self, source: RowSource, numbers: NumberFile) -> None:
        self._source = source
        self._numbers = numbers

    @property
    def columns(self) -> tuple[Column, ...]:
        """The result's."""
        return self._source.columns

    @property
    def rows(self) -> int:
        """How many were chosen."""
        return self._numbers.count

    def number(self, index: int) -> int:
        """Which row of the result stands at `index`."""
        return self._numbers.slice(index, index + 1)[0]

    def row(self, index: int) -> Row | None:
        """The row at `index`, or None beyond the last."""
        found = self._numbers.slice(index, index + 1) if index >= 0 else []
        return self._source.row(found[0]) if found else None

    def slice(self, start: int, stop: int) -> Iterator[Row]:
        """The rows from `start` up to `stop`, as far as there are."""
        for at in range(start, min(stop, self.rows), _LOOKAHEAD):
            for number in self._numbers.slice(at, min(stop, at + _LOOKAHEAD)):
                row = self._source.row(number)
                if row is not None:
                    yield row

    def forget(self) -> None:
        """Let go of the file."""
        self._numbers.close()


def arrange(
    source: RowSource, keep: Predicate | None, orders: Sequence[Order], progress: Progress | None = None
) -> Arranged:
    """Choose the rows that `keep` lets through, and order them; equal ones stay as they came.

    Raises:
        WorkStopped: through `progress`.
        ResultStorageFull: there is no room for the temporary files.
    """
    progress = progress or Progress()
    chosen = _chosen(source, keep, progress)
    if not orders:
        numbers = NumberFile()
        for batch in _batches(number for number, _ in chosen):
            numbers.extend(batch)
        return Arranged(source, numbers)
    try:
        numbers = _ordered(chosen, source.columns, orders, progress)
    except _OtherStyle:
        # A type in a style that we do not read (SET DateStyle): texts then, for all of the column alike.
        numbers = _ordered(_chosen(source, keep, progress), source.columns, orders, progress, as_text=True)
    return Arranged(source, numbers)


def find(
    source: RowSource, wanted: Predicate, start: int, *, backwards: bool = False, progress: Progress | None = None
) -> int | None:
    """The first row from `start` on (or backwards) that is wanted; None where there is none to the end.

    Raises:
        WorkStopped: through `progress`.
    """
    progress = progress or Progress()
    if not backwards:
        for number, row in enumerate(
            progress.over(source.slice(max(start, 0), source.rows), source.rows), max(start, 0)
        ):
            if wanted(row):
                return number
        return None
    for stop in range(min(start + 1, source.rows), 0, -_LOOKAHEAD):
        progress.told(source.rows - stop, source.rows)
        begin = max(0, stop - _LOOKAHEAD)
        hits = [number for number, row in enumerate(source.slice(begin, stop), begin) if wanted(row)]
        if hits:
            return hits[-1]
    return None


class _OtherStyle(Exception):
    """A value is not written as its type usually is."""


def _chosen(source: RowSource, keep: Predicate | None, progress: Progress) -> Iterator[tuple[int, Row]]:
    rows = enumerate(progress.over(source.slice(0, source.rows), source.rows))
    return rows if keep is None else ((number, row) for number, row in rows if keep(row))


def _ordered(
    chosen: Iterable[tuple[int, Row]],
    columns: Sequence[Column],
    orders: Sequence[Order],
    progress: Progress,
    *,
    as_text: bool = False,
) -> NumberFile:
    from tui.core.scratch import scratch_database

    keys = [(one.column, str if as_text else key_of(columns[one.column].type_oid)) for one in orders]

    def record(number: int, row: Row) -> tuple[Key | None, ...]:
        values = ((row[column], key) for column, key in keys)
        return number, *(None if value is None else key(value) for value, key in values)

    names = [f"k{index}" for index in range(len(keys))]
    ways = [
        f"{name} {'DESC NULLS FIRST' if one.descending else 'ASC NULLS LAST'}"
        for name, one in zip(names, orders, strict=True)
    ]
    with scratch_database(progress) as database:
        database.execute(f"CREATE TABLE sorted (n INTEGER, {', '.join(names)})")
        insert = f"INSERT INTO sorted VALUES (?{', ?' * len(names)})"
        try:
            database.executemany(insert, (record(number, row) for number, row in chosen))
        except (ValueError, OverflowError) as error:
            raise _OtherStyle from error
        numbers = NumberFile()
        found = database.execute(f"SELECT n FROM sorted ORDER BY {', '.join(ways)}, n")
        for batch in _batches(number for (number,) in found):
            progress.check()
            numbers.extend(batch)
        return numbers


def _batches(numbers: Iterable[int]) -> Iterator[list[int]]:
    iterator = iter(numbers)
    while batch := list(islice(iterator, _BATCH)):
        yield batch
