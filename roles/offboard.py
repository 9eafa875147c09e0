"""The end of a stable user: disabled and stripped in any case, dropped once nothing belongs to it."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final

import psycopg

from roles.actual import ActualState
from roles.apply import apply_and_commit
from roles.creators import INFIX
from roles.desired import DesiredLogin, Owner
from roles.dialect.base import AliasDialect
from roles.diff import diff
from roles.errors import ReassignTargetRefused
from roles.inspect import AnyConnection, begin_and_inspect, query
from roles.names import DatabaseRoleName, DatabaseUserName, quoted
from roles.plan import Plan
from roles.policy import RolePolicy
from roles.privileges import objection

_NO_EXCEPTION: Final = RolePolicy()


@dataclass(frozen=True, slots=True)
class OwnedObject:
    """Something that belongs to the person; `kind` and `identity` as PostgreSQL tells them."""

    database: str
    kind: str
    identity: str


@dataclass(frozen=True, slots=True)
class Offboarded:
    """What became of a stable user.

    Attributes:
        existed: whether it was there.
        plan: what was taken away.
        foreign_roles: memberships that somebody else granted; without a login they give nothing, and go with the user.
        owned: what belonged to it, before anything was reassigned.
        dropped: whether it is gone.
        problem: why it is not, or "".
    """

    database_user: DatabaseUserName
    existed: bool
    plan: Plan
    foreign_roles: tuple[str, ...] = ()
    owned: tuple[OwnedObject, ...] = ()
    dropped: bool = False
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Offboarder:
    """Works on one warehouse.

    Attributes:
        connection: of the broker's own login, in autocommit mode.
        connect: the same login's connection to another database, by name.
    """

    connection: AnyConnection
    dialect: AliasDialect
    connect: Callable[[str], AbstractContextManager[AnyConnection]]

    def strip(self, user: DatabaseUserName, owner: Owner, reassign_to: DatabaseRoleName | None) -> Offboarded:
        """Take away what the broker granted; nothing is dropped yet.

        Raises:
            ReassignTargetRefused: `reassign_to` is missing, or too powerful; nothing was changed.
            RolesError: the user is not the broker's, or another person's.
        """
        actual = begin_and_inspect(self.connection, user, [reassign_to] if reassign_to else [])
        try:
            if reassign_to:
                _refuse_target(reassign_to, actual)
            plan = diff(DesiredLogin(user, owner, (), None), actual)
        except BaseException:
            self.connection.rollback()
            raise
        apply_and_commit(self.connection, self.dialect, plan, user)
        foreign = actual.memberships - {change.role for change in plan.revocations}
        return Offboarded(user, actual.user is not None, plan, tuple(sorted(foreign)))

    def owned(self, user: DatabaseUserName) -> tuple[OwnedObject, ...]:
        """Everything that belongs to the user, in every database.

        Raises:
            psycopg.Error: a database can't be looked into.
        """
        found: list[OwnedObject] = []
        for database in self._databases(user):
            with self.connect(database) as connection:
                rows = connection.execute(query("owned_objects", user=user)).fetchall()
            found += [OwnedObject(database, kind, identity) for kind, identity in rows]
        return tuple(found)

    def drop(self, user: DatabaseUserName, reassign_to: DatabaseRoleName | None) -> str:
        """Hand over what the user owns, if it is said to whom, then drop it; why that failed, or "".

        Without `reassign_to` the user must own nothing: privileges that name it go, objects never do.
        """
        lent = [user] if reassign_to is None or self._acts_as(reassign_to) else [user, reassign_to]
        databases = self._databases(user)
        try:
            self.connection.execute(self.dialect.borrow(lent, self.connection.info.server_version))
            for database in databases:
                with self.connect(database) as connection:
                    connection.execute(
                        self.dialect.hand_over(user, reassign_to) if reassign_to else self.dialect.forget(user)
                    )
            self.connection.execute(self.dialect.drop_aliases([user]))
        except psycopg.Error as error:
            if self.connection.closed:
                raise
            return f"it could not be dropped (SQLSTATE {error.sqlstate})"
        finally:
            if not self.connection.closed:
                self._give_back(lent)
        return ""

    def _give_back(self, lent: Iterable[str]) -> None:
        there = {name for name, *_ in self.connection.execute(query("existing_aliases", names=list(lent), infix=INFIX))}
        for name in there:
            self.connection.execute(self.dialect.take_back(name))

    def _databases(self, user: DatabaseUserName) -> list[str]:
        return [database for (database,) in self.connection.execute(query("owned_databases", alias=user))]

    def _acts_as(self, role: DatabaseRoleName) -> bool:
        row = self.connection.execute(query("acts_as", role=role)).fetchone()
        return bool(row and row[0])


def _refuse_target(role: DatabaseRoleName, actual: ActualState) -> None:
    if not actual.reachable:
        raise ReassignTargetRefused(f"The warehouse has no role {quoted(role)}.")
    reason = objection(role, actual.reachable, _NO_EXCEPTION)
    if reason:
        raise ReassignTargetRefused(f"Nothing can be reassigned to {quoted(role)}. {reason}")
