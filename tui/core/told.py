"""What a session tells besides its results, and how it stands: values, for whoever shows them."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import TypeAlias


class TransactionState(Enum):
    """Where the session stands, as the server last said."""

    IDLE = "idle"
    OPEN = "open"
    FAILED = "failed"
    RUNNING = "running"
    DISCONNECTED = "disconnected"


@dataclass(frozen=True, slots=True)
class Notice:
    """What the server says besides."""

    severity: str
    message: str
    detail: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Notification:
    """What another session sent with NOTIFY to a channel that this one listens to."""

    channel: str
    payload: str
    pid: int


class Link(Enum):
    """Where the connection stands."""

    CONNECTING = auto()
    CONNECTED = auto()
    LOST = auto()
    """Tried again by itself."""
    REFUSED = auto()
    """Tried again when the person asks."""


@dataclass(frozen=True, slots=True)
class LinkChanged:
    """The connection came or went; `text` says why, and what was lost with it."""

    link: Link
    text: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """Something for the person to read.

    Attributes:
        severity: information, warning, error; quiet: for who looks among the messages.
    """

    text: str
    severity: str = "information"


@dataclass(frozen=True, slots=True)
class Wrote:
    """Text for among the messages, and nothing more than that."""

    text: str


Told: TypeAlias = LinkChanged | Said | Notice | Notification | Wrote
