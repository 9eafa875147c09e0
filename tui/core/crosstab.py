r"""psql's \crosstabview: rows of three columns as a grid."""

import re
from collections.abc import Sequence
from typing import Final

from tui.core.errors import MetaCommandFailed
from tui.core.events import Column, Row

_WIDEST: Final = 1600
"""Columns; PostgreSQL's own limit."""


def crosstab(
    columns: Sequence[Column], rows: Sequence[Row], names: Sequence[str]
) -> tuple[tuple[Column, ...], list[Row]]:
    """A grid whose lines, columns and values are what `names` says: names or numbers of columns, as in psql.

    Raises:
        MetaCommandFailed: the columns are too few or not those, or a place would hold two values.
    """
    down, across, data, order = _chosen(columns, names)
    lines = dict.fromkeys(row[down] for row in rows)
    heads = _heads(rows, across, order)
    if len(heads) >= _WIDEST:
        raise _failed(f"maximum number of columns ({_WIDEST}) exceeded")
    places = {head: index for index, head in enumerate(heads)}
    grid: dict[str | None, list[str | None]] = {line: [None] * len(heads) for line in lines}
    taken: set[tuple[str | None, str | None]] = set()
    for row in rows:
        place = row[down], row[across]
        if place in taken:
            line, head = ("(null)" if value is None else value for value in place)
            raise _failed(f'query result contains multiple data values for row "{line}", column "{head}"')
        taken.add(place)
        grid[row[down]][places[row[across]]] = row[data]
    kind = columns[data].type_oid
    made = (columns[down], *(Column("" if head is None else head, kind) for head in heads))
    # As psql: a place without a row is empty, and no NULL.
    filled = [
        (line, *("" if (line, head) not in taken else value for head, value in zip(heads, values, strict=True)))
        for line, values in grid.items()
    ]
    return made, filled


def _chosen(columns: Sequence[Column], names: Sequence[str]) -> tuple[int, int, int, int | None]:
    if len(columns) < 3:
        raise _failed("query must return at least three columns")
    wanted = [_index(columns, name) for name in names[:4]]
    down = wanted[0] if wanted else 0
    across = wanted[1] if len(wanted) > 1 else 1
    if down == across:
        raise _failed("vertical and horizontal headers must be different columns")
    if len(wanted) > 2:
        return down, across, wanted[2], wanted[3] if len(wanted) > 3 else None
    if len(columns) > 3:
        raise _failed("data column must be specified when query returns more than three columns")
    return down, across, 3 - down - across, None


def _index(columns: Sequence[Column], name: str) -> int:
    if name.isdecimal() and name.isascii():
        if not 1 <= int(name) <= len(columns):
            raise _failed(f"column number {int(name)} is out of range 1..{len(columns)}")
        return int(name) - 1
    wanted = name[1:-1].replace('""', '"') if re.fullmatch(r'".*"', name, re.DOTALL) else name.lower()
    found = [index for index, column in enumerate(columns) if column.name == wanted]
    if len(found) != 1:
        raise _failed(f'{"ambiguous column name" if found else "column name not found"}: "{wanted}"')
    return found[0]


def _heads(rows: Sequence[Row], across: int, order: int | None) -> list[str | None]:
    """The headings as they come, or by the numbers that stand beside them."""
    if order is None:
        return list(dict.fromkeys(row[across] for row in rows))
    ranks: dict[str | None, float] = {}
    for row in rows:
        try:
            ranks.setdefault(row[across], float(row[order] or ""))
        except ValueError:
            raise _failed(f"a horizontal header is sorted by a number, not by {row[order]!r}") from None
    return sorted(ranks, key=ranks.__getitem__)


def _failed(what: str) -> MetaCommandFailed:
    return MetaCommandFailed(f"\\crosstabview: {what}", remedy="")
