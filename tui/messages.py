"""What the threads and widgets tell the screens: values in messages, for the handlers that touch widgets."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from tui.core.errors import SqlClientError
from tui.core.feed import ResultFeed
from tui.core.outcome import Outcome
from tui.core.relations import ColumnInfo, Schema
from tui.core.told import Told

if TYPE_CHECKING:
    from broker.client.model import Identity
    from tui.conductor import RunRequest
    from tui.core.access import Refused
    from tui.core.chosen import Parts
    from tui.core.completion_names import Names
    from tui.core.explaining import Explained


@dataclass
class WorkbenchTold(Message):
    """The workbench said something."""

    told: Told


@dataclass
class PartsRead(Message):
    """A long text was read: what it holds is to be run."""

    parts: "Parts"


@dataclass
class StatementBegan(Message):
    """A statement was sent; `number` of `total` of what is run."""

    text: str
    number: int
    total: int


@dataclass
class OutcomeShown(Message):
    """There is something to look at, though more may come."""

    outcome: Outcome


@dataclass
class OutcomeReached(Message):
    """A statement ended, one way or another."""

    outcome: Outcome


@dataclass
class RunEnded(Message):
    """Nothing of the run is left to do."""


@dataclass
class RunRefused(Message):
    """Nothing was run yet: the pre-flight found what the server would refuse, or what one may regret."""

    request: "RunRequest"
    refused: "tuple[Refused, ...]"
    regrets: tuple[str, ...]


@dataclass
class PageCame(Message):
    """A result has more rows, or cannot have them."""

    feed: ResultFeed
    problem: str = ""


@dataclass
class CatalogCame(Message):
    """What lies in the database."""

    schemas: tuple[Schema, ...]
    columns: list[ColumnInfo]
    problem: str = ""


@dataclass
class NamesCame(Message):
    """What completion knows of the database."""

    names: "Names"


@dataclass
class PathCame(Message):
    """The session looks for names elsewhere; () where that cannot be told."""

    path: tuple[str, ...]


@dataclass
class OpenersCame(Message):
    """Which database roles would open a relation; `roles` is empty where none would."""

    schema: str
    relation: str
    roles: tuple[str, ...]


@dataclass
class SignInTold(Message):
    """The sign-in says something."""

    text: str


@dataclass
class SignInWaits(Message):
    """The sign-in waits for the person, since `seconds`."""

    text: str
    seconds: float


@dataclass
class SignInOver(Message):
    """The wait is over, however it ended."""


@dataclass
class IdentityCame(Message):
    """Who the broker says one is; None where there is no broker, or it does not say."""

    identity: "Identity | None"
    problem: str = ""


@dataclass
class PlanCame(Message):
    """The server explained a statement."""

    explained: "Explained"


@dataclass
class WorkTold(Message):
    """Work on a result goes on: `done` of `total` rows (0: nobody knows)."""

    title: str
    done: int = 0
    total: int = 0


@dataclass
class WorkEnded(Message):
    """Work on a result is over: `done` shows what came of it, or `problem` says why nothing did."""

    done: Callable[[], object] = lambda: None
    problem: SqlClientError | None = None
