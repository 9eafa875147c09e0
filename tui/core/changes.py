"""What became of a row between two results, as the first column of a comparison says it."""

from typing import Final

from tui.core.events import Row

ADDED: Final = "+ added"
REMOVED: Final = "- removed"
BEFORE: Final = "~ before"
AFTER: Final = "~ after: "
"""The names of the changed columns follow."""


def change_of(row: Row) -> str:
    """added, removed, before or after."""
    first = (row[0] if row else "") or ""
    return first[2:].partition(":")[0]


def changed_columns(row: Row) -> frozenset[str]:
    """The names of the columns in which an `after` differs from its `before`."""
    first = (row[0] if row else "") or ""
    return frozenset(first.removeprefix(AFTER).split(", ")) if first.startswith(AFTER) else frozenset()
