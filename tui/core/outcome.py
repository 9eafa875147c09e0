"""What is run, and what became of it."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tui.core.errors import SqlClientError, StatementCancelled
from tui.core.interpolation import Interpolated

if TYPE_CHECKING:
    from tui.core.access import Refused
    from tui.core.feed import ResultFeed


@dataclass(frozen=True, slots=True)
class Run:
    """What to run.

    Attributes:
        sent: with its values in place.
        template: as it stands in the editor.
        start: of the template in the editor's text, in characters.
    """

    sent: Interpolated
    template: str
    start: int = 0


@dataclass(slots=True)
class Outcome:
    """What became of one statement.

    Attributes:
        row_count: given or touched; -1 where there is no count (yet).
        position: in the editor's text, 0-based, or -1: where the server says the error is.
        copied: the beginning of what a COPY TO STDOUT gave, or another text to show.
        as_text: what is in `copied` is what the person wants to see.
    """

    run: Run
    feeds: "list[ResultFeed]" = field(default_factory=list)
    tag: str = ""
    row_count: int = -1
    milliseconds: float = 0.0
    failure: SqlClientError | None = None
    refused: "tuple[Refused, ...]" = ()
    position: int = -1
    copied: str = ""
    as_text: bool = False

    @property
    def cancelled(self) -> bool:
        """Whether the person, or a timeout, stopped it."""
        return isinstance(self.failure, StatementCancelled)
