"""What session credentials need from outside."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from broker.sts.model import KnownSession, Session


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

    def why_ended(self, session_id: str) -> str:
        """The reason with which the session was revoked; "" where it was not, or nobody knows."""
        ...

    def at_provider(
        self, identity_provider: str, name_id: str, session_indexes: Sequence[str], now: datetime
    ) -> list[KnownSession]:
        """The live sessions that came from these sessions at the provider; without indexes, from any of that name.

        A session that came without an index is one of them whatever they are: it can't be told apart.
        """
        ...

    def of_person(self, identity_provider: str, subject: str, now: datetime) -> list[KnownSession]:
        """The live sessions of one person."""
        ...

    def accept(self, identity_provider: str, subject: str, rights: str) -> str | None:
        """Make these the person's rights; returns those before, None if there were none. The last call wins."""
        ...

    def standing(self, identity_provider: str, subject: str) -> str | None:
        """The person's rights by the latest accepted sign-in; None if there was none yet."""
        ...

    def forget_expired(self, now: datetime) -> int:
        """Drop what ended long ago; returns how many."""
        ...
