"""Which statements of a text are to be run, and what they want to be asked for."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from tui.core.errors import WorkStopped
from tui.core.parameters import parameters
from tui.core.statements import MetaCommand, Statement, split

AT_ONCE: Final = 50_000
"""Characters that are read while nobody notices."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A piece of a text.

    Attributes:
        start: where it begins in the editor.
        cursor: only the statement there is wanted; None for all.
        line_begin: of the cursor's line.
    """

    text: str
    start: int = 0
    cursor: int | None = None
    line_begin: int = 0

    @property
    def is_long(self) -> bool:
        """Whether reading it would be felt."""
        return len(self.text) > AT_ONCE


@dataclass(frozen=True, slots=True)
class Parts:
    """What a piece of text holds; `names` are the parameters that it wants values for."""

    parts: tuple[Statement | MetaCommand, ...]
    names: tuple[str, ...]


def read(chosen: Chosen, stopped: Callable[[], bool] = lambda: False) -> Parts:
    """Split a piece of text.

    Raises:
        WorkStopped: `stopped` says so.
    """
    if chosen.cursor is None:
        parts = tuple(replace(part, start=part.start + chosen.start) for part in _until(chosen.text, stopped))
    else:
        here = statement_at(chosen, stopped)
        parts = () if here is None else (here,)
    names: set[str] = set()
    for part in parts:
        # A parameter begins with a colon: most statements have none.
        if isinstance(part, Statement) and ":" in part.text:
            names.update(parameters([part]))
        _check(stopped)
    return Parts(parts, tuple(sorted(names)))


def statement_at(chosen: Chosen, stopped: Callable[[], bool] = lambda: False) -> Statement | MetaCommand | None:
    """The statement that the cursor is in, or stands right behind; otherwise the next."""
    before: Statement | MetaCommand | None = None
    for part in _until(chosen.text, stopped):
        if part.start > (chosen.cursor or 0):
            same_line = before is not None and end_of(before) >= chosen.line_begin
            return before if before is not None and same_line else part
        before = part
    return before


def end_of(part: Statement | MetaCommand) -> int:
    """Where a statement or command ends in its text."""
    length = len(part.text) if isinstance(part, Statement) else len(part.name) + len(part.argument) + 1
    return part.start + length


def _until(text: str, stopped: Callable[[], bool]) -> Iterator[Statement | MetaCommand]:
    for part in split(text):
        _check(stopped)
        yield part


def _check(stopped: Callable[[], bool]) -> None:
    if stopped():
        raise WorkStopped("Stopped.")
