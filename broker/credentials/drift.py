"""What differs between store, policy and warehouse, and the way back for what is the broker's own.

The warehouse is read first, the store second: an alias is always announced in the store before it appears. What others
did in the warehouse (their grants) is shown and left; so is what can't be told apart from a mistake in the store.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from broker.audit import AuditEvent, AuditLog, AuditRecord, Detail
from broker.credentials.lease import FINAL_STATES
from broker.credentials.model import LeaseState
from broker.credentials.ports import AliasFound, Leases, Warehouse
from broker.credentials.reaper import Reaper
from broker.errors import UnknownWorkgroup
from roles.census import StableUser
from roles.desired import DesiredLogin
from roles.names import DatabaseRoleName, quoted
from roles.policy import RolePolicy

GRACE: Final = timedelta(seconds=60)
"""A reaper has this long to end what came to its end, before that is a difference."""

LOST: Final = "its alias is not in the warehouse"
_BATCH: Final = 500


class DriftKind(StrEnum):
    """What differs."""

    FOREIGN_GRANT = "foreign-grant"
    LOST_GRANT = "lost-grant"
    GRANT_BEYOND_POLICY = "grant-beyond-policy"
    USER_WITHOUT_OWNER = "user-without-owner"
    USER_OF_ANOTHER = "user-of-another"
    UNKNOWN_ALIAS = "unknown-alias"
    ALIAS_PAST_END = "alias-past-end"
    LEASE_WITHOUT_ALIAS = "lease-without-alias"


_OURS: Final = frozenset(DriftKind) - {DriftKind.FOREIGN_GRANT, DriftKind.USER_OF_ANOTHER}


@dataclass(frozen=True, slots=True)
class Drift:
    """One difference: about which role (or lease), and in which words."""

    kind: DriftKind
    name: str
    what: str

    @property
    def ours(self) -> bool:
        """Whether the broker can set it right without touching what others did."""
        return self.kind in _OURS


class DriftService:
    """Finds and fixes differences, workgroup by workgroup."""

    def __init__(
        self,
        *,
        warehouses: Mapping[str, Warehouse],
        leases: Leases,
        audit: AuditLog,
        reaper: Reaper,
        reach: Callable[[str], RolePolicy],
    ) -> None:
        """Take what is compared.

        Args:
            warehouses: by workgroup name.
            leases: the store's side.
            audit: keeps what was found and fixed.
            reaper: ends aliases.
            reach: database roles that the policy may give in a workgroup.
        """
        self._warehouses = warehouses
        self._leases = leases
        self._audit = audit
        self._reaper = reaper
        self._reach = reach

    def find(self, workgroup: str, request_id: str, now: datetime) -> tuple[Drift, ...]:
        """Every difference; looking changes nothing.

        Raises:
            UnknownWorkgroup: not configured.
            WarehouseUnavailable, StoreUnavailable: one side does not answer.
        """
        found = self._compare(workgroup, now)
        self._record(AuditEvent.DRIFT_FOUND, workgroup, request_id, now, found)
        return found

    def fix(self, workgroup: str, request_id: str, now: datetime) -> tuple[tuple[Drift, ...], tuple[Drift, ...]]:
        """Set right what is ours; what was found, and what is left.

        Raises:
            As `find`, and what a change in the warehouse raises; what was done until then stays done.
        """
        found = self.find(workgroup, request_id, now)
        for lease in found:
            if lease.kind is DriftKind.LEASE_WITHOUT_ALIAS:
                self._leases.move(lease.name, LeaseState.ENDING, now, LOST)
        self._reaper.run_once(workgroup, now)
        # Looked at anew, since a login may have come meanwhile. One that comes between this look and the change can
        # lose a role that it just got: the safe error, mended by that person's next login.
        for user in self._warehouse(workgroup).stable_users():
            self._reconcile(workgroup, user)
        left = self._compare(workgroup, now)
        fixed = tuple(drift for drift in found if drift not in left)
        self._record(AuditEvent.DRIFT_FIXED, workgroup, request_id, now, fixed)
        return found, left

    def _reconcile(self, workgroup: str, user: StableUser) -> None:
        """Take away what nobody may have any more, by the way of every login, and end the sessions that used it."""
        owner = self._leases.owners(workgroup).get(user.name)
        if owner not in (None, (user.record.owner.identity_provider, user.record.owner.subject)):
            return
        reach = self._reach(workgroup)
        keep = tuple(sorted(role for role in user.managed if owner and reach.allows(role)))
        if set(keep) == user.record.managed:
            return
        issued = self._warehouses[workgroup].issue(DesiredLogin(user.name, user.record.owner, keep, None))
        if issued.shrank:
            self._warehouses[workgroup].end_person_sessions(user.name, spare_alias="")

    def _warehouse(self, workgroup: str) -> Warehouse:
        if workgroup not in self._warehouses:
            raise UnknownWorkgroup(
                f"The configuration has no workgroup {workgroup!r}.", remedy=f"It has: {', '.join(self._warehouses)}."
            )
        return self._warehouses[workgroup]

    def _compare(self, workgroup: str, now: datetime) -> tuple[Drift, ...]:
        warehouse = self._warehouse(workgroup)
        announced = self._leases.live(workgroup=workgroup)  # before the look: each has its alias by then, or is INTENT
        users, aliases = warehouse.stable_users(), warehouse.aliases()
        owners, reach = self._leases.owners(workgroup), self._reach(workgroup)
        there = {alias.name for alias in aliases}
        return (
            *(drift for user in users for drift in _of_user(user, owners.get(user.name), reach)),
            *self._of_aliases(workgroup, aliases, now),
            *(
                Drift(DriftKind.LEASE_WITHOUT_ALIAS, lease.lease_id, f"The login of {lease.database_user} is gone.")
                for lease in announced
                if lease.state is LeaseState.ACTIVE and lease.expires_at > now and lease.alias not in there
            ),
        )

    def _of_aliases(self, workgroup: str, aliases: Sequence[AliasFound], now: datetime) -> Iterator[Drift]:
        for start in range(0, len(aliases), _BATCH):
            batch = aliases[start : start + _BATCH]
            known = self._leases.by_aliases(workgroup, [alias.name for alias in batch])
            for alias in batch:
                lease = known.get(alias.name)
                if lease is None:
                    what = f"The store does not know it; it acts as {alias.database_user or 'nobody'}."
                    yield Drift(DriftKind.UNKNOWN_ALIAS, alias.name, what)
                elif lease.state in FINAL_STATES or lease.expires_at + GRACE < now:
                    what = f"The login of {lease.database_user} ended {lease.expires_at.isoformat()}: {lease.state}."
                    yield Drift(DriftKind.ALIAS_PAST_END, alias.name, what)

    def _record(
        self, event: AuditEvent, workgroup: str, request_id: str, now: datetime, drifts: Sequence[Drift]
    ) -> None:
        detail: dict[str, Detail] = {"differences": [f"{each.kind}: {each.name}: {each.what}" for each in drifts]}
        self._audit.record(AuditRecord(event, now, request_id, workgroup=workgroup, detail=detail))


def _of_user(user: StableUser, owner: tuple[str, str] | None, reach: RolePolicy) -> Iterator[Drift]:
    recorded = user.record.owner
    if owner is None:
        what = f"The store knows nobody behind it; its record names {recorded.subject} of {recorded.identity_provider}."
        if user.record.managed:
            yield Drift(DriftKind.USER_WITHOUT_OWNER, user.name, what)
    elif owner != (recorded.identity_provider, recorded.subject):
        what = (
            f"The store says {owner[1]} of {owner[0]}, the record {recorded.subject} of {recorded.identity_provider}."
        )
        yield Drift(DriftKind.USER_OF_ANOTHER, user.name, what)
    for membership in user.foreign:
        what = f"Holds {quoted(membership.role)}, granted by {membership.grantor or 'a role that is gone'}."
        yield Drift(DriftKind.FOREIGN_GRANT, user.name, what)
    for role in sorted(user.record.managed - user.held):
        yield Drift(DriftKind.LOST_GRANT, user.name, f"The broker granted {quoted(role)}, and others took it away.")
    for role in sorted(user.managed):
        if owner and not reach.allows(DatabaseRoleName(role)):
            what = f"Holds {quoted(role)}, which no rule of the policy gives any more."
            yield Drift(DriftKind.GRANT_BEYOND_POLICY, user.name, what)
