"""What the issue and the end of database credentials need from outside."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from broker.credentials.model import Lease, LeaseState, RefusedRole
from roles.census import StableUser
from roles.chains import AccessMap, AccessTarget
from roles.desired import DesiredLogin
from roles.explain import AccessExplanation
from roles.plan import Plan
from roles.readiness import Finding


class Leases(Protocol):
    """Remembers leases."""

    def add_intent(self, lease: Lease) -> None:
        """Commit a new lease in state INTENT, before any change in the warehouse.

        Raises:
            DatabaseUserTaken: another (identity provider, subject) already has this database user in this workgroup.
        """
        ...

    def move(self, lease_id: str, to: LeaseState, now: datetime, reason: str = "") -> bool:
        """Go to `to` if `lease.TRANSITIONS` allows it from where the lease stands; True if it moved."""
        ...

    def move_all(self, lease_ids: Sequence[str], to: LeaseState, now: datetime, reason: str = "") -> int:
        """`move` for each of them, all or none; how many moved."""
        ...

    def get(self, lease_id: str) -> Lease | None:
        """The lease, or None."""
        ...

    def by_aliases(self, workgroup: str, aliases: Sequence[str]) -> dict[str, Lease]:
        """The leases behind these aliases, by alias; aliases without a lease are absent."""
        ...

    def due(self, workgroup: str, now: datetime, intent_before: datetime, limit: int) -> list[Lease]:
        """Up to `limit` to end, oldest first: ACTIVE past their end, ENDING, INTENT created before `intent_before`."""
        ...

    def live(self, *, workgroup: str = "", session_id: str = "", subject: str = "") -> list[Lease]:
        """Leases that are not ENDED or FAILED and match every given filter."""
        ...

    def owners(self, workgroup: str) -> dict[str, tuple[str, str]]:
        """Whose each database user of the workgroup is: (identity provider, subject) by name."""
        ...

    def mark_offboarded(self, workgroup: str, database_user: str, now: datetime) -> None:
        """Write down that whoever this is left; a new lease of theirs says that they are back."""
        ...

    def offboarded(self, workgroup: str) -> dict[str, datetime]:
        """Since when each database user's person is gone, for those that are."""
        ...

    def forget_ended(self, before: datetime) -> int:
        """Drop ENDED and FAILED leases that ended before; returns how many."""
        ...


class Turns(Protocol):
    """Spares brokers on one store what another does at the same moment. Nothing may depend on it but the cost."""

    def turn(self, name: str) -> AbstractContextManager[bool]:
        """Whether it is this caller's turn until the context ends; False: somebody else has it, come back later.

        A turn ends with the process that has it.
        """
        ...


@dataclass(frozen=True, slots=True)
class Issued:
    """What an issue did.

    Attributes:
        plan: the applied changes; safe to print.
        database_roles: held by the stable user through the broker now, sorted; without any, no alias was made.
        unknown_roles: wanted, but not in the warehouse.
        refused_roles: wanted, but predefined or privileged there.
        foreign_roles: memberships that somebody else granted; left alone, and shown.
        shrank: whether a database role was taken away, so that older sessions must end.
    """

    plan: Plan
    database_roles: tuple[str, ...]
    unknown_roles: tuple[str, ...]
    refused_roles: tuple[RefusedRole, ...]
    foreign_roles: tuple[str, ...]
    shrank: bool


@dataclass(frozen=True, slots=True)
class AliasFound:
    """A login alias as the warehouse has it. `lease_id` is "" where its COMMENT is absent or not ours."""

    name: str
    lease_id: str
    database_user: str
    valid_until: datetime | None
    can_login: bool


@dataclass(frozen=True, slots=True)
class AliasEnded:
    """What became of one alias.

    Attributes:
        terminated: sessions that were ended.
        dropped: False where the role could not be dropped; it is disabled then, and `problem` says why.
    """

    name: str
    terminated: int
    dropped: bool
    problem: str = ""


class Warehouse(Protocol):
    """One workgroup's warehouse, through the broker's own admin login. Each call is its own transaction(s)."""

    def issue(self, login: DesiredLogin) -> Issued:
        """Reconcile the stable user and add the alias (or apply the password), all or nothing, one login at a time.

        Somebody who is left without a database role gets no login, and also loses what the broker granted before.

        Raises:
            RolesError: a name is not ours to use.
            WarehouseOutcomeUnknown: it went away during the commit.
            WarehouseUnavailable: it does not answer; nothing was changed.
            WarehouseRefused: the admin login lacks a right; nothing was changed.
        """
        ...

    def plan(self, login: DesiredLogin) -> Issued:
        """What `issue` would do at this moment; nothing is changed, and an alias is planned only if a role is left.

        Raises:
            RolesError, WarehouseUnavailable, WarehouseRefused: as `issue`, but for `NoDatabaseRole`.
        """
        ...

    def end_person_sessions(self, database_user: str, spare_alias: str) -> int:
        """Terminate the person's sessions that began before now, except `spare_alias`'s, until confirmed empty."""
        ...

    def end_aliases(self, names: Sequence[str]) -> list[AliasEnded]:
        """Disable, terminate until confirmed empty, then drop; idempotent: an alias that is gone counts as dropped."""
        ...

    def explain_access(self, database_user: str, database: str, target: AccessTarget) -> AccessExplanation:
        """Whether the person may, and which database roles would allow it.

        Raises:
            UnknownDatabase: the workgroup does not offer that database.
        """
        ...

    def access_map(self, database: str, target: AccessTarget) -> AccessMap | None:
        """All that decides about `target`; None if the database has no such relation.

        Raises:
            UnknownDatabase: the workgroup does not offer that database.
            RolesError: relations have no such privilege.
        """
        ...

    def readiness(self) -> list[Finding]:
        """What `broker doctor` says about this warehouse: version, rights, ADMIN OPTION, alias canary."""
        ...

    def aliases(self) -> list[AliasFound]:
        """Every role with the workgroup's alias prefix."""
        ...

    def stable_users(self) -> list[StableUser]:
        """Everybody whom a broker made in this warehouse."""
        ...
