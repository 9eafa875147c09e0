"""The memory twin of `broker.store.people`."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import astuple
from datetime import datetime

from broker.credentials.revocation import Person
from broker.sts.model import KnownSession, Session


class MemoryPeople:
    """`broker.credentials.revocation.People` in memory."""

    def __init__(
        self,
        all_live: Callable[[datetime], Iterable[Session]],
        everybody: Callable[[], Mapping[tuple[str, str], tuple[str, str]]],
    ) -> None:
        """Take the live sessions at a moment, and whose each database user is."""
        self._all_live = all_live
        self._everybody = everybody

    def live_sessions(self, *, user: str, session_id: str, identity_provider: str, now: datetime) -> list[KnownSession]:
        found = [
            KnownSession.of(each)
            for each in self._all_live(now)
            for who in [each.principal]
            if user in ("", who.subject, who.source_identity)
        ]
        return [
            each
            for each in found
            if session_id in ("", each.session_id) and identity_provider in ("", each.identity_provider)
        ]

    def database_users(self, user: str) -> list[Person]:
        found = [Person(*place, *owner) for place, owner in self._everybody().items()]
        return sorted((each for each in found if user in (each.subject, each.database_user)), key=astuple)
