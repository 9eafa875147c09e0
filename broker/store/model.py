"""The store as one value: every port of it, and what a broker does to all of them at once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from broker.audit import SearchableAuditLog
from broker.credentials.generations import Generations
from broker.credentials.ports import Leases, Turns
from broker.credentials.revocation import People
from broker.login.ports import AuthorizationCodes, DeviceGrants, Expiring, PendingLogins, UsedAssertions
from broker.sts.ports import Sessions
from broker.sts.service_token import ServiceTokens

ENDED_LEASE_KEPT: Final = timedelta(days=30)
"""How long an ended lease is remembered. The audit keeps what it was."""


@dataclass(frozen=True, slots=True)
class Store:
    """All that a broker remembers.

    Attributes:
        expiring: the parts that hold what ends by itself.
        ping: raises `StoreUnavailable` unless the store answers.
        close: gives back connections; the store is not used after it.
    """

    pending_logins: PendingLogins
    authorization_codes: AuthorizationCodes
    device_grants: DeviceGrants
    used_assertions: UsedAssertions
    sessions: Sessions
    service_tokens: ServiceTokens
    leases: Leases
    turns: Turns
    people: People
    generations: Generations
    audit: SearchableAuditLog
    expiring: tuple[Expiring, ...]
    ping: Callable[[], None]
    close: Callable[[], None]

    def forget_expired(self, now: datetime) -> int:
        """Drop what is past its end, and leases that ended long ago; returns how many rows."""
        forgotten = sum(part.forget_expired(now) for part in self.expiring)
        return forgotten + self.leases.forget_ended(now - ENDED_LEASE_KEPT)
