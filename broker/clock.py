"""The one place that reads the clock."""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time, with a time zone."""

    def __call__(self) -> datetime: ...


def utc_now() -> datetime:
    """The system's time in UTC."""
    return datetime.now(UTC)
