"""What Redshift's views say about users and roles, as values. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from roles.actual import ActualState, ActualUser, ReachableRole, RoleAttributes
from roles.errors import DatabaseUserPrivileged
from roles.names import DatabaseRoleName, DatabaseUserName, quoted
from roles.records import StableUserRecord

SYSTEM_PREFIXES: Final = ("sys:", "ds:")
"""System-defined roles, and those of data shares (Redshift, System-defined roles)."""


@dataclass(frozen=True, slots=True)
class UserFound:
    """A user of the warehouse. `valid_until` None: the password, if there is one, is good for ever."""

    name: str
    user_id: int
    superuser: bool = False
    createdb: bool = False
    valid_until: datetime | None = None

    def may_log_in(self, now: datetime) -> bool:
        """Whether a password of this user would be accepted; whether there is one, no view tells."""
        return self.valid_until is None or self.valid_until > now

    @property
    def powers(self) -> tuple[str, ...]:
        """Options of CREATE USER that no person's user may have."""
        return (*(["CREATEUSER"] if self.superuser else []), *(["CREATEDB"] if self.createdb else []))


@dataclass(frozen=True, slots=True)
class RoleMap:
    """Every role: whose rights it has besides its own, and which system permissions it holds."""

    names: frozenset[str]
    grants: Mapping[str, tuple[str, ...]]
    system_privileges: Mapping[str, tuple[str, ...]]

    @classmethod
    def read(
        cls, names: Iterable[str], grants: Iterable[tuple[str, str]], privileges: Iterable[tuple[str, str]]
    ) -> "RoleMap":
        """From the rows of the system views."""
        return cls(frozenset(names), _gathered(grants), _gathered(privileges))

    def reachable(self, wanted: Iterable[DatabaseRoleName]) -> tuple[ReachableRole, ...]:
        """For each wanted role that exists: itself, and every role whose rights it has."""
        return tuple(
            ReachableRole(role, name, RoleAttributes(), powers=self._powers(name))
            for role in sorted(set(wanted) & self.names)
            for name in sorted(self._above(role))
        )

    def _above(self, role: str) -> set[str]:
        seen, waiting = {role}, [role]
        while waiting:
            for above in self.grants.get(waiting.pop(), ()):
                if above not in seen:
                    seen.add(above)
                    waiting.append(above)
        return seen

    def _powers(self, name: str) -> tuple[str, ...]:
        defined = ("the permissions of a system-defined role",) if name.startswith(SYSTEM_PREFIXES) else ()
        return (*self.system_privileges.get(name, ()), *defined)


@dataclass(frozen=True, slots=True)
class Held:
    """What the store remembers of a stable user, where it is surely the one that the warehouse has.

    Attributes:
        generation: of the password that the broker set last; `valid_until` with which it did.
    """

    record: StableUserRecord
    generation: str = ""
    valid_until: datetime | None = None


def actual_state(
    found: UserFound | None, held: Held | None, memberships: Iterable[str], reachable: tuple[ReachableRole, ...]
) -> ActualState:
    """The two sides as one: the store's record stands where PostgreSQL has a COMMENT.

    Raises:
        DatabaseUserPrivileged: somebody made the person's user a superuser, or let it make databases.
    """
    if found is None:
        return ActualState(reachable=reachable)
    if held and found.powers:
        undo = " ".join(f"NO{power}" for power in found.powers)
        raise DatabaseUserPrivileged(
            f"The database user {quoted(found.name)} has {', '.join(found.powers)}, which no person's user may have.",
            remedy=f"Ask the warehouse's administrator to run: ALTER USER {quoted(found.name)} {undo};",
        )
    # An end that is not the one that the broker set: somebody changed the password, or disabled it.
    untouched = held is not None and held.valid_until is not None and held.valid_until == found.valid_until
    return ActualState(
        user=ActualUser(RoleAttributes(), held.record.to_comment() if held else None),
        memberships=frozenset(DatabaseRoleName(name) for name in memberships),
        reachable=reachable,
        generation=held.generation if held and untouched else "",
    )


def user_found(name: str, user_id: int, superuser: bool, createdb: bool, valid_until: object) -> UserFound:
    """One row of `user.sql` or `users.sql`."""
    return UserFound(name, user_id, superuser, createdb, _instant(valid_until))


def user_name(name: str) -> DatabaseUserName:
    """The name of a user that the broker made: it was parsed then."""
    return DatabaseUserName(name)


def _instant(value: object) -> datetime | None:
    """`abstime` comes as text; without an end, as nothing or as a word."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _gathered(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return {key: tuple(sorted(set(values))) for key, values in found.items()}
