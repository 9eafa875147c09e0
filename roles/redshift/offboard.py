"""The end of a stable user on Redshift, which looks at one database only before it drops a user: so we look at all."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

import psycopg

from roles.dialect.redshift import RedshiftDialect
from roles.errors import ReassignTargetRefused
from roles.inspect import AnyConnection, query
from roles.names import DatabaseRoleName, quoted
from roles.offboard import OwnedObject
from roles.plan import RevokeRole
from roles.redshift.inspect import memberships, user
from roles.redshift.state import UserFound, user_name

_FUNCTION = "function"


@dataclass(frozen=True, slots=True)
class Owned:
    """Something that belongs to the person; `place` is its schema, or "" for a database."""

    database: str
    kind: str
    place: str
    name: str

    def shown(self) -> OwnedObject:
        """For the report."""
        identity = ".".join(part for part in (self.place, self.name) if part)
        return OwnedObject(self.database, self.kind, identity)


@dataclass(frozen=True, slots=True)
class Leaver:
    """Works on one warehouse.

    Attributes:
        connection: of the broker's own login, in autocommit mode.
        connect: the same login's connection to another database, by name.
    """

    connection: AnyConnection
    dialect: RedshiftDialect
    connect: Callable[[str], AbstractContextManager[AnyConnection]]

    def refuse_target(self, name: str, is_person: Callable[[str], bool]) -> None:
        """Only a user can own something on Redshift: one that is there, nobody's, and has no power of its own.

        Raises:
            ReassignTargetRefused: it is none.
        """
        target = user(self.connection, name)
        if target is None:
            raise ReassignTargetRefused(
                f"The warehouse has no user {quoted(name)}; on Redshift a role can't own anything."
            )
        if target.powers or is_person(name):
            why = f"has {', '.join(target.powers)}" if target.powers else "is a person's database user"
            raise ReassignTargetRefused(f"Nothing can be reassigned to {quoted(name)}: it {why}.")

    def owned(self, found: UserFound) -> tuple[Owned, ...]:
        """Everything that belongs to the user, in every database.

        Raises:
            psycopg.Error: a database can't be looked into.
        """
        everything: list[Owned] = []
        for (database,) in self.connection.execute(query("redshift/databases")).fetchall():
            with self.connect(database) as connection:
                rows = connection.execute(query("redshift/owned_objects", user_id=found.user_id)).fetchall()
            everything += [Owned(database, kind, place, name) for kind, place, name in rows]
        return tuple(everything)

    def hand_over(self, owned: tuple[Owned, ...], target: DatabaseRoleName) -> str:
        """Give all of it to `target`; what is left and why, or ""."""
        left = [each for each in owned if each.kind == _FUNCTION]
        for database in dict.fromkeys(each.database for each in owned):
            with self.connect(database) as connection:
                for each in owned:
                    if each.database == database and each.kind != _FUNCTION:
                        connection.execute(self.dialect.give(each.kind, each.place, each.name, target))
        if left:
            return f"functions can't be handed over: {', '.join(each.shown().identity for each in left)}"
        return ""

    def drop(self, found: UserFound) -> str:
        """Drop a user that owns nothing, with the roles that others gave it; why that failed, or ""."""
        try:
            for role in sorted(memberships(self.connection, found.name)):
                revoke = RevokeRole(DatabaseRoleName(role), user_name(found.name))
                for statement in self.dialect.statements(revoke):
                    self.connection.execute(statement)
            self.connection.execute(self.dialect.drop(found.name))
        except psycopg.Error as error:
            if self.connection.closed:
                raise
            return f"it could not be dropped (SQLSTATE {error.sqlstate}): others may have granted it something itself"
        return ""
