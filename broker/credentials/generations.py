"""One password a person, in generations: the way of a warehouse that knows no login aliases.

All leases of a person are handed the same password until it nears its end; then a new generation takes its place. The
store says which is the present one, so that every broker hands out the same, and keeps it sealed. It also remembers
what such a warehouse can't: which user the broker made, for whom, and which memberships are the broker's.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from broker.config.model import MD5, WorkgroupConfig
from broker.credentials.lease import QUIET_ENDS
from broker.credentials.logins import Login
from broker.credentials.model import Lease, LeaseState
from broker.credentials.password import new_generation_id, new_password
from broker.credentials.ports import Leases
from broker.credentials.request import Terms
from broker.secrets import Secret
from roles.desired import DesiredPassword, Owner
from roles.verifier import Verifier, redshift_md5, redshift_sha256

LIFETIMES: Final = 2
"""A generation lasts as long as so many of the longest logins. Twice: a login of the longest kind shares the present
password during the first half of its life; the next generation cuts off nobody for long."""

LONGEST_ISSUE: Final = timedelta(seconds=120)
"""From the announcement of a lease to its password, at most: the reaper cuts off what takes longer."""


@dataclass(frozen=True, slots=True)
class Generation:
    """A password, since when it is handed out, and how long it is good; `generation_id` names it without telling it."""

    generation_id: str
    password: Secret
    begun_at: datetime
    valid_until: datetime

    def is_known_to(self, lease: Lease) -> bool:
        """Whether the lease may have been handed this password: not if it was announced well before."""
        return self.begun_at <= lease.created_at + LONGEST_ISSUE


@dataclass(frozen=True, slots=True)
class KnownUser:
    """What the store remembers of a stable user.

    Attributes:
        user_id: of the user that the broker made, as the warehouse numbers it; None until it was seen there.
        announced_until: with which VALID UNTIL the broker was about to make the user: it knows it again by that
            when a crash kept the number from being written down.
        managed: memberships that the broker granted, or was about to.
        applied: the generation that the warehouse surely has; "" for none.
        applied_until: with which end it has it; for none, when the user was shut out.
    """

    workgroup: str
    database_user: str
    owner: Owner
    user_id: int | None = None
    announced_until: datetime | None = None
    managed: tuple[str, ...] = ()
    generation: Generation | None = None
    applied: str = ""
    applied_until: datetime | None = None


class Generations(Protocol):
    """Remembers stable users and their passwords, the same for all brokers. Rows belong to persons with a lease."""

    def get(self, workgroup: str, database_user: str) -> KnownUser | None:
        """What is known of one user."""
        ...

    def of_workgroup(self, workgroup: str) -> list[KnownUser]:
        """What is known of everybody, sorted by name."""
        ...

    def hand_out(self, workgroup: str, database_user: str, proposed: Generation, needed_until: datetime) -> Generation:
        """The present generation if it is good until `needed_until`, else `proposed` in its place.

        Of several brokers that propose at once, one wins, and all get the winner's.
        """
        ...

    def withdraw(self, workgroup: str, database_user: str) -> None:
        """Hand the present generation out no more."""
        ...

    def take_turn(self, workgroup: str, database_user: str, holder: str, now: datetime, until: datetime) -> bool:
        """Let `holder` alone change this user in the warehouse until it gives the turn back; False if somebody has it.

        A turn that is not given back (a crash) is free again after `until`.
        """
        ...

    def end_turn(self, workgroup: str, database_user: str, holder: str) -> None:
        """Give the turn back; without having it, nothing happens."""
        ...

    def announce(self, known: KnownUser, holder: str) -> bool:
        """Write down number, announced end and memberships before the change; False if the turn is lost."""
        ...

    def settle(self, known: KnownUser, holder: str) -> bool:
        """Write down the same and the applied generation after the change; False if the turn is lost."""
        ...

    def forget(self, workgroup: str, database_user: str) -> None:
        """Drop all that is known of a user that is gone."""
        ...


@dataclass(frozen=True, slots=True)
class SharedLogins:
    """The stable user itself, with the present generation's password (`broker.credentials.logins.Logins`)."""

    generations: Generations
    leases: Leases

    def draw(self, lease: Lease, terms: Terms, workgroup: WorkgroupConfig) -> Login:  # noqa: ARG002 - no SCRAM here
        """The same for every lease of the person, until it nears its end."""
        live = self.leases.live(workgroup=lease.workgroup, subject=lease.subject)
        if any(each.database_user == lease.database_user and takes_password(each) for each in live):
            # Revoked, and the reaper has not come to it yet: what that lease knows is good for nobody any more.
            self.generations.withdraw(lease.workgroup, lease.database_user)
        proposed = propose(lease, workgroup)
        present = self.generations.hand_out(lease.workgroup, lease.database_user, proposed, lease.expires_at)
        return _login(present, lease, workgroup)

    def preview(self, lease: Lease, terms: Terms, workgroup: WorkgroupConfig) -> Login:  # noqa: ARG002
        """The present generation, or one that nobody keeps."""
        known = self.generations.get(lease.workgroup, lease.database_user)
        present = known.generation if known else None
        lasts = present is not None and present.valid_until >= lease.expires_at
        return _login(present if present and lasts else propose(lease, workgroup), lease, workgroup)


def takes_password(lease: Lease) -> bool:
    """Whether a lease ends in a way that takes its password from everybody."""
    return lease.state is LeaseState.ENDING and lease.reason not in QUIET_ENDS


def propose(lease: Lease, workgroup: WorkgroupConfig) -> Generation:
    """A generation that could begin with this lease; it never ends before it."""
    lifetime = workgroup.maximum_duration * LIFETIMES
    until = max(lease.created_at + lifetime, lease.expires_at).replace(microsecond=0)
    return Generation(new_generation_id(), new_password(), lease.created_at, until)


def verifier_of(workgroup: WorkgroupConfig) -> Callable[[str, str], Verifier]:
    """How the workgroup's passwords are stored: from the password and the user to the verifier."""
    return redshift_md5 if any_client(workgroup) else lambda password, _user: redshift_sha256(password)


def any_client(workgroup: WorkgroupConfig) -> bool:
    """Whether libpq, and with it most clients, can answer the warehouse's challenge for such a verifier."""
    return workgroup.redshift_hash == MD5


def withdrawn(known: KnownUser) -> KnownUser:
    """The same without a password."""
    return replace(known, generation=None, applied="", applied_until=None)


def _login(generation: Generation, lease: Lease, workgroup: WorkgroupConfig) -> Login:
    desired = DesiredPassword(
        generation=generation.generation_id,
        verifier=verifier_of(workgroup)(generation.password.reveal(), lease.database_user),
        valid_until=generation.valid_until,
        connection_limit=workgroup.connection_limit,
        session_timeout=workgroup.maximum_duration,
    )
    return Login(lease.database_user, generation.password, shared=desired)
