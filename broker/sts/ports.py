"""What session credentials need from outside."""

from datetime import datetime
from typing import Protocol

from broker.sts.model import Session


class Sessions(Protocol):
    """Remembers which sessions were issued and which were ended."""

    def add(self, session: Session) -> None:
        """Keep a new session."""
        ...

    def is_live(self, session_id: str, now: datetime) -> bool:
        """Whether the session was issued here, has not ended and was not revoked. Unknown means no."""
        ...

    def revoke(self, session_id: str, now: datetime, reason: str) -> bool:
        """End the session; True if it was live. Idempotent."""
        ...

    def forget_expired(self, now: datetime) -> int:
        """Drop what ended long ago; returns how many."""
        ...
