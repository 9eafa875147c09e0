"""What two results differ in: rows added, removed and changed, told apart by key columns, by position, or as a whole.

The rows stay on disk, and so does the work (an SQLite database in temporary files): memory stays flat.
"""

import hashlib
import marshal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from sqlite3 import Connection
from typing import Final

from tui.core.changes import ADDED, AFTER, BEFORE, REMOVED
from tui.core.errors import ComparisonInvalid
from tui.core.events import Column, Row
from tui.core.feed import ResultFeed, RowSource
from tui.core.progress import Progress
from tui.core.scratch import scratch_database

_PAGE: Final = 500
_TEXT: Final = 25
# A row of either side with its counterpart, where it has one, in the order of the first result.
_DIFFERENCES: Final = """
SELECT l.n, r.n, l.n AS place, 0 AS side FROM l LEFT JOIN r USING (key, again) WHERE r.n IS NULL OR l.digest <> r.digest
UNION ALL
SELECT NULL, r.n, r.n, 1 FROM r LEFT JOIN l USING (key, again) WHERE l.n IS NULL
ORDER BY place, side
"""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came of it: `feed` holds the differing rows, with what became of each in the first column."""

    feed: ResultFeed
    added: int
    removed: int
    changed: int
    same: int


def usual_keys(left: RowSource, right: RowSource) -> tuple[str, ...]:
    """The column that most likely tells rows apart: one called id, or the first; none where it does not."""
    names = [column.name for column in left.columns]
    others = {column.name for column in right.columns}
    for name in sorted(names, key=lambda name: name.lower() != "id"):
        if name not in others or (name.lower() != "id" and name != names[0]):
            continue
        if all(_tells_apart(source, name) for source in (left, right)):
            return (name,)
    return ()


def compare(
    left: RowSource, right: RowSource, keys: Sequence[str] | None, progress: Progress | None = None
) -> Comparison:
    """Compare an earlier result with a later one.

    Where `keys` names columns, they tell which rows belong together; where it is empty, the position does; where it is
    None, only whole rows are the same.

    Raises:
        ComparisonInvalid: the results have no columns in common, or not those keys.
        WorkStopped: through `progress`.
        ResultStorageFull: there is no room for temporary files.
    """
    progress = progress or Progress()
    pairs = _common(left.columns, right.columns)
    sides = [[pair[side] for pair in pairs] for side in (0, 1)]
    with scratch_database(progress) as database:
        for name, source, columns in (("l", left, sides[0]), ("r", right, sides[1])):
            _load(database, name, source, columns, keys, progress)
        feed = ResultFeed((Column("change", _TEXT), *(left.columns[index] for index in sides[0])))
        counts: dict[str, int] = {ADDED: 0, REMOVED: 0, BEFORE: 0}
        page: list[Row] = []
        found = database.execute(_DIFFERENCES)
        for before, after in ((_at(left, n, sides[0]), _at(right, m, sides[1])) for n, m, *_ in found):
            kind, rows = _told(feed.columns[1:], before, after)
            counts[kind] += 1
            page += rows
            if len(page) >= _PAGE:
                progress.told(feed.rows)
                feed.add(page)
                page = []
        feed.add(page)
    feed.complete = True
    same = left.rows - counts[REMOVED] - counts[BEFORE]
    return Comparison(feed, counts[ADDED], counts[REMOVED], counts[BEFORE], same)


def _common(left: Sequence[Column], right: Sequence[Column]) -> list[tuple[int, int]]:
    """Which column of one belongs to which of the other: by name, and duplicates in their order."""
    free = {index: column.name for index, column in enumerate(right)}
    pairs = []
    for index, column in enumerate(left):
        match = next((other for other, name in free.items() if name == column.name), None)
        if match is not None:
            del free[match]
            pairs.append((index, match))
    if not pairs:
        raise ComparisonInvalid("The two results have no column in common.")
    return pairs


def _load(
    database: Connection,
    table: str,
    source: RowSource,
    columns: Sequence[int],
    keys: Sequence[str] | None,
    progress: Progress,
) -> None:
    """Put a side's keys and digests into a table; `again` counts rows with the same key."""
    database.execute(f"CREATE TABLE raw_{table} (n INTEGER PRIMARY KEY, key, digest)")
    key_of = _key_of(source, columns, keys)

    def records() -> Iterator[tuple[int, object, bytes]]:
        for number, row in enumerate(progress.over(source.slice(0, source.rows), source.rows)):
            digest = _digest(tuple(row[index] for index in columns))
            yield number, key_of(number, row, digest), digest

    database.executemany(f"INSERT INTO raw_{table} VALUES (?, ?, ?)", records())
    database.execute(
        f"CREATE TABLE {table} AS SELECT n, key, digest, row_number() OVER (PARTITION BY key ORDER BY n) AS again"
        f" FROM raw_{table}"
    )
    database.execute(f"DROP TABLE raw_{table}")
    database.execute(f"CREATE INDEX {table}_key ON {table} (key, again)")


def _key_of(
    source: RowSource, columns: Sequence[int], keys: Sequence[str] | None
) -> Callable[[int, Row, bytes], object]:
    if keys is None:
        return lambda _number, _row, digest: digest
    if not keys:
        return lambda number, _row, _digest: number
    names = {source.columns[index].name: index for index in reversed(columns)}
    if missing := [name for name in keys if name not in names]:
        raise ComparisonInvalid(f"Not both results have a column {missing[0]!r}.")
    indexes = [names[name] for name in keys]
    return lambda _number, row, _digest: marshal.dumps(tuple(row[index] for index in indexes), 2)


def _digest(row: Row) -> bytes:
    # Version 2 of the format writes equal values as equal bytes.
    return hashlib.blake2b(marshal.dumps(row, 2), digest_size=16).digest()


def _at(source: RowSource, number: int | None, columns: Sequence[int]) -> Row | None:
    row = None if number is None else source.row(number)
    return None if row is None else tuple(row[index] for index in columns)


def _told(columns: Sequence[Column], before: Row | None, after: Row | None) -> tuple[str, list[Row]]:
    if before is None:
        return ADDED, [(ADDED, *(after or ()))]
    if after is None:
        return REMOVED, [(REMOVED, *before)]
    changed = [column.name for column, old, new in zip(columns, before, after, strict=True) if old != new]
    return BEFORE, [(BEFORE, *before), (AFTER + ", ".join(changed), *after)]


def _tells_apart(source: RowSource, name: str) -> bool:
    """Whether the first rows have a value of their own in a column."""
    index = next(index for index, column in enumerate(source.columns) if column.name == name)
    values = [row[index] for row in source.slice(0, 1000)]
    return None not in values and len(set(values)) == len(values)
