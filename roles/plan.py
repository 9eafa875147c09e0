"""A change is a value: described, audited, tried dry and applied from one object.

A plan is safe to print: it holds a verifier at most, never a password, and `describe` shows not even that.
"""

from dataclasses import dataclass
from typing import TypeAlias

from roles.desired import DesiredAlias, DesiredPassword, Owner
from roles.names import DatabaseRoleName, DatabaseUserName, quoted
from roles.records import StableUserRecord


@dataclass(frozen=True, slots=True)
class CreateStableUser:
    """Make the user that is one person and owns what the person creates; it logs in itself only with `password`."""

    database_user: DatabaseUserName
    password: DesiredPassword | None = None

    def describe(self) -> str:
        """One line for audit and terminal."""
        until = f" with a password until {self.password.valid_until.isoformat()}" if self.password else ""
        return f"create stable user {quoted(self.database_user)}{until}"


@dataclass(frozen=True, slots=True)
class SetPassword:
    """Give a stable user that logs in itself the password of the present generation."""

    database_user: DatabaseUserName
    password: DesiredPassword

    def describe(self) -> str:
        """One line for audit and terminal."""
        return f"set the password of {quoted(self.database_user)} until {self.password.valid_until.isoformat()}"


@dataclass(frozen=True, slots=True)
class RevokeRole:
    """Take a database role away from a stable user."""

    role: DatabaseRoleName
    database_user: DatabaseUserName

    def describe(self) -> str:
        """One line for audit and terminal."""
        return f"revoke {quoted(self.role)} from {quoted(self.database_user)}"


@dataclass(frozen=True, slots=True)
class GrantRole:
    """Give a database role to a stable user."""

    role: DatabaseRoleName
    database_user: DatabaseUserName

    def describe(self) -> str:
        """One line for audit and terminal."""
        return f"grant {quoted(self.role)} to {quoted(self.database_user)}"


@dataclass(frozen=True, slots=True)
class RecordManaged:
    """Write down whose the stable user is, and which memberships are the broker's to take away again."""

    database_user: DatabaseUserName
    owner: Owner
    managed: tuple[DatabaseRoleName, ...]

    @property
    def comment(self) -> str:
        """The COMMENT's text."""
        return StableUserRecord(self.owner, frozenset(self.managed)).to_comment()

    def describe(self) -> str:
        """One line for audit and terminal."""
        names = ", ".join(map(quoted, self.managed)) or "none"
        return f"record on {quoted(self.database_user)} the memberships managed by the broker: {names}"


@dataclass(frozen=True, slots=True)
class CreateAlias:
    """Add a temporary login that acts as a stable user."""

    alias: DesiredAlias
    database_user: DatabaseUserName

    def describe(self) -> str:
        """One line for audit and terminal."""
        return (
            f"create login alias {quoted(self.alias.name)} acting as {quoted(self.database_user)} "
            f"until {self.alias.valid_until.isoformat()}"
        )


Change: TypeAlias = CreateStableUser | RevokeRole | GrantRole | RecordManaged | CreateAlias | SetPassword


@dataclass(frozen=True, slots=True)
class Plan:
    """Changes in the order in which they are made; `managed` is what the broker manages once they are."""

    changes: tuple[Change, ...] = ()
    managed: frozenset[DatabaseRoleName] = frozenset()

    @property
    def shrinks(self) -> bool:
        """Whether it takes access away, so that older sessions must end."""
        return bool(self.revocations)

    @property
    def revocations(self) -> tuple[RevokeRole, ...]:
        """What it takes away."""
        return tuple(change for change in self.changes if isinstance(change, RevokeRole))

    def describe(self) -> str:
        """One line a change; "no changes" for an empty plan."""
        return "\n".join(change.describe() for change in self.changes) or "no changes"

    __str__ = describe
