"""Everybody whom the broker made in one warehouse: stable users, with what they hold and from whom."""

from collections.abc import Iterable
from dataclasses import dataclass

from roles.names import DatabaseRoleName, DatabaseUserName
from roles.records import StableUserRecord, parse_stable_user


@dataclass(frozen=True, slots=True)
class Membership:
    """A database role that a stable user holds directly, and who granted it ("" if that role is gone)."""

    role: DatabaseRoleName
    grantor: str


@dataclass(frozen=True, slots=True)
class StableUser:
    """A person's role as the warehouse has it."""

    name: DatabaseUserName
    record: StableUserRecord
    memberships: tuple[Membership, ...]

    @property
    def held(self) -> frozenset[DatabaseRoleName]:
        """What it holds, whoever granted it."""
        return frozenset(each.role for each in self.memberships)

    @property
    def managed(self) -> frozenset[DatabaseRoleName]:
        """What it holds through the broker."""
        return self.held & self.record.managed

    @property
    def foreign(self) -> tuple[Membership, ...]:
        """What others granted."""
        return tuple(each for each in self.memberships if each.role not in self.record.managed)


def stable_users(rows: Iterable[tuple[str, str, list[list[str]]]]) -> list[StableUser]:
    """The stable users among the rows of `stable_users.sql`."""
    found = []
    for name, comment, memberships in rows:
        if record := parse_stable_user(comment):
            held = tuple(Membership(DatabaseRoleName(role), grantor) for role, grantor in memberships)
            found.append(StableUser(DatabaseUserName(name), record, held))
    return found
