"""Access that ends before its time: an administrator names a person, a session, a lease or an identity provider.

The order is the safe one. Sessions end first, so that nothing new begins; an issue that is under way looks at its
session after its lease is committed, so that each of them is found here or ends itself. Every step may be repeated:
what is gone already is no error, and what a crash leaves behind the reaper ends.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final, Protocol, TypeVar

from broker.audit import AuditEvent, AuditLog, AuditRecord, Detail
from broker.credentials.lease import reason_to_end
from broker.credentials.model import Lease, LeaseState
from broker.credentials.ports import Leases
from broker.credentials.reaper import Reaper, ReapReport
from broker.errors import BrokerError, PersonUnknown
from broker.sts.model import KnownSession
from broker.sts.ports import Sessions

REVOKED: Final = "revoked by an administrator"

_PASSES: Final = 5
"""A lease may be committed while we look; the session behind it has ended by then, so a further look is the last."""

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Selection:
    """Whose access ends; every given field must fit. All empty selects nothing.

    Attributes:
        user: the subject, the login (source identity) or the database user.
    """

    user: str = ""
    session_id: str = ""
    lease_id: str = ""
    identity_provider: str = ""

    def is_empty(self) -> bool:
        """Whether nothing was named."""
        return self == Selection()

    def describe(self) -> str:
        """For the audit."""
        named = {name: getattr(self, name) for name in self.__slots__}
        return ", ".join(f"{name} {value}" for name, value in named.items() if value)

    def has(self, lease: Lease) -> bool:
        """Whether this lease is meant."""
        pairs = (
            (self.user, (lease.subject, lease.database_user)),
            (self.session_id, (lease.session_id,)),
            (self.lease_id, (lease.lease_id,)),
            (self.identity_provider, (lease.identity_provider,)),
        )
        return not self.is_empty() and all(not wanted or wanted in actual for wanted, actual in pairs)


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a database user belongs to."""

    workgroup: str
    database_user: str
    identity_provider: str
    subject: str


class People(Protocol):
    """Finds what belongs to somebody, by whichever name an administrator has."""

    def live_sessions(self, *, user: str, session_id: str, identity_provider: str, now: datetime) -> list[KnownSession]:
        """Sessions that match every given filter ("": any); `user` is a subject or a source identity."""
        ...

    def database_users(self, user: str) -> list[Person]:
        """The database users of a subject, or those of that name; in every workgroup, sorted."""
        ...


@dataclass(frozen=True, slots=True)
class Revoked:
    """What a revocation did.

    Attributes:
        sessions: that were live.
        leases: that were live, with the state that they have now.
        terminated: database sessions that were ended.
        problems: what could not be finished now, and why; the reaper goes on with it.
    """

    sessions: tuple[KnownSession, ...]
    leases: tuple[Lease, ...]
    terminated: int
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Order:
    """An administrator's order.

    Attributes:
        by: who gave it.
        request_id: that every record of it carries.
    """

    by: str
    request_id: str
    now: datetime

    @property
    def reason(self) -> str:
        """What the person whose access ends is told, and whom to ask."""
        return f"{REVOKED} ({self.by})"


@dataclass(frozen=True, slots=True)
class Revocation:
    """Ends sessions, their leases, and the database sessions behind these."""

    people: People
    sessions: Sessions
    leases: Leases
    reaper: Reaper
    audit: AuditLog

    def revoke(self, selection: Selection, order: Order) -> Revoked:
        """End everything that is selected; returns when no database session of it is left, or says what is.

        Raises:
            PersonUnknown: the selected name is nobody's, so nothing was ended: a slip of the pen must not read as done.
            StoreUnavailable: what was ended so far stays ended; repeat the order.
        """
        self._record(AuditEvent.REVOCATION_ORDERED, order, {"selection": selection.describe(), "by": order.by})
        sessions = self._end_sessions(selection, order)
        ended_ids = {session.session_id for session in sessions}
        found: dict[str, Lease] = {}
        terminated, problems = 0, dict[str, None]()
        for _ in range(_PASSES):
            leases = [lease for lease in self.leases.live() if selection.has(lease) or lease.session_id in ended_ids]
            fresh = [lease for lease in leases if lease.lease_id not in found]
            if not fresh:
                break
            found |= {lease.lease_id: lease for lease in fresh}
            self._mark(fresh, order)
            for report in side_by_side(partial(self._end, now=order.now), _by_workgroup(self._again(fresh)).items()):
                terminated += report.terminated
                problems |= dict.fromkeys(report.problems)
        user = selection.user
        if user and not (sessions or found or self.people.database_users(user)):
            raise PersonUnknown(f"Nobody called {user[:128]!r} has a session or has had a database login here.")
        return Revoked(tuple(sessions), tuple(self._again(found.values())), terminated, tuple(problems))

    def _end(self, theirs: tuple[str, Sequence[Lease]], now: datetime) -> ReapReport:
        workgroup, leases = theirs
        try:
            return self.reaper.end(workgroup, leases, now)
        except BrokerError as failure:
            return ReapReport(problems=(f"{workgroup}: {failure.what}",))

    def _end_sessions(self, selection: Selection, order: Order) -> list[KnownSession]:
        if selection.is_empty() or selection.lease_id:
            return []
        live = self.people.live_sessions(
            user=selection.user,
            session_id=selection.session_id,
            identity_provider=selection.identity_provider,
            now=order.now,
        )
        ended = [each for each in live if self.sessions.revoke(each.session_id, order.now, order.reason)]
        for each in ended:
            self.audit.record(
                AuditRecord(
                    AuditEvent.SESSION_REVOKED,
                    order.now,
                    order.request_id,
                    identity_provider=each.identity_provider,
                    subject=each.subject,
                    source_identity=each.source_identity,
                    access_role=each.access_role,
                    session_id=each.session_id,
                    detail={"reason": REVOKED, "by": order.by},
                )
            )
        return ended

    def _mark(self, leases: Iterable[Lease], order: Order) -> None:
        for lease in leases:
            self.leases.move(lease.lease_id, LeaseState.ENDING, order.now, reason_to_end(lease, order.reason))
            self.audit.record(
                AuditRecord(
                    AuditEvent.LEASE_REVOKED,
                    order.now,
                    order.request_id,
                    identity_provider=lease.identity_provider,
                    subject=lease.subject,
                    session_id=lease.session_id,
                    workgroup=lease.workgroup,
                    database=lease.database,
                    database_user=lease.database_user,
                    alias=lease.alias,
                    lease_id=lease.lease_id,
                    detail={"reason": REVOKED, "by": order.by},
                )
            )

    def _again(self, leases: Iterable[Lease]) -> list[Lease]:
        return [self.leases.get(lease.lease_id) or lease for lease in leases]

    def _record(self, event: AuditEvent, order: Order, detail: dict[str, Detail]) -> None:
        self.audit.record(AuditRecord(event, order.now, order.request_id, detail=detail))


def side_by_side(work: Callable[[_Item], _Result], items: Iterable[_Item]) -> list[_Result]:
    """What `work` makes of each, in order; all at once, so that none waits for another's warehouse."""
    todo = list(items)
    with ThreadPoolExecutor(max(1, len(todo))) as threads:
        return list(threads.map(work, todo))


def _by_workgroup(leases: Iterable[Lease]) -> Mapping[str, list[Lease]]:
    found: dict[str, list[Lease]] = {}
    for lease in leases:
        found.setdefault(lease.workgroup, []).append(lease)
    return found
