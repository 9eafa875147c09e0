"""Makes changes in the warehouse: the plan of a login, and the end of logins and sessions."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import psycopg
from psycopg.sql import SQL, Composed

from roles.creators import INFIX, Creator
from roles.dialect.base import AliasDialect
from roles.inspect import AnyConnection, query
from roles.names import DatabaseRoleName, DatabaseUserName
from roles.plan import CreateAlias, CreateStableUser, Plan
from roles.records import parse_alias

_SEPARATOR: Final = SQL("; ")
_COMMIT: Final = SQL("COMMIT")

_LOOKS: Final = 250
_LOOK_PAUSE: Final = 0.02
_QUIET_LOOKS: Final = 2
"""A login that the server had let in just before may show up after the first empty look."""


def apply_and_commit(
    connection: AnyConnection,
    dialect: AliasDialect,
    plan: Plan,
    database_user: DatabaseUserName,
    creator: Creator | None = None,
) -> frozenset[DatabaseRoleName] | None:
    """Make every change in the transaction that the inspection began and commit, in one round trip; all or none.

    Args:
        connection: in that transaction.
        dialect: of the warehouse.
        plan: the changes.
        database_user: whose memberships are read again.
        creator: makes the roles, if not the broker's own login.

    Returns:
        The memberships that are left after a revoke, read again: PostgreSQL 16 and later answer the revoke of what
        somebody else granted with success, and change nothing. None if nothing was revoked.
    """
    statements = list(_statements(dialect, plan, database_user, creator))
    if plan.shrinks:
        statements.append(query("memberships", user=database_user))
    cursor = connection.execute(_SEPARATOR.join([*statements, _COMMIT]))
    left: frozenset[DatabaseRoleName] | None = None
    while True:
        if cursor.description is not None:
            left = frozenset(DatabaseRoleName(name) for (name,) in cursor)
        if not cursor.nextset():
            return left


def _statements(
    dialect: AliasDialect, plan: Plan, database_user: DatabaseUserName, creator: Creator | None
) -> Iterator[Composed]:
    if creator is None:
        yield from map(dialect.render, plan.changes)
        return
    made = (CreateStableUser, CreateAlias)
    is_new = any(isinstance(change, CreateStableUser) for change in plan.changes)
    if not (is_new or creator.may_grant_user) and any(isinstance(change, made) for change in plan.changes):
        # The broker's own login made this user, when it had no creators.
        yield dialect.let_grant(database_user, creator.name)
    for change in plan.changes:
        statement = dialect.render(change)
        yield dialect.acting_as(creator.name, statement) if isinstance(change, made) else statement


@dataclass(frozen=True, slots=True)
class Terminated:
    """What became of sessions.

    Attributes:
        ended: how many were ended, by oid of their login.
        alive: logins that still have a session after all looks.
    """

    ended: Mapping[int, int]
    alive: frozenset[int]


def terminate(
    connection: AnyConnection,
    logins: Callable[[], Collection[int]],
    before: datetime | None,
    pause: Callable[[float], None],
) -> Terminated:
    """End sessions until two looks in a row find none; a single pass leaves survivors in a storm of logins.

    Args:
        connection: in autocommit mode, so that each look sees the present.
        logins: oids of the roles whose sessions end, asked for at each look.
        before: only sessions that began earlier; None for all.
        pause: waits so many seconds between two looks.
    """
    ended: set[tuple[int, int]] = set()
    alive: frozenset[int] = frozenset()
    quiet = 0
    for _ in range(_LOOKS):
        rows = connection.execute(query("terminate", logins=list(logins()), before=before)).fetchall()
        ended |= {(pid, login) for pid, login, _ in rows}
        alive = frozenset(login for _, login, _ in rows)
        quiet = 0 if rows else quiet + 1
        if quiet == _QUIET_LOOKS:
            break
        pause(_LOOK_PAUSE)
    return Terminated(Counter(login for _, login in ended), alive)


@dataclass(frozen=True, slots=True)
class EndedAlias:
    """What became of one login alias; `problem` is "" if it is gone, and it is disabled otherwise."""

    name: str
    terminated: int
    problem: str = ""


class AliasEnder:
    """Ends login aliases: no new login, no session, no role. Every step may be repeated after a crash."""

    def __init__(
        self,
        connection: AnyConnection,
        dialect: AliasDialect,
        connect: Callable[[str], AbstractContextManager[AnyConnection]],
        pause: Callable[[float], None],
    ) -> None:
        """Take the means.

        Args:
            connection: of the broker's own login, in autocommit mode.
            dialect: of the warehouse.
            connect: the same login's connection to another database, by name.
            pause: waits so many seconds.
        """
        self._connection = connection
        self._dialect = dialect
        self._connect = connect
        self._pause = pause

    def end(self, names: Sequence[str]) -> list[EndedAlias]:
        """End these aliases together; what can't be dropped stays disabled.

        Raises:
            psycopg.Error: the batch could not be disabled, or the connection is lost; repeat the whole.
        """
        rows = self._connection.execute(query("existing_aliases", names=list(names), infix=INFIX)).fetchall()
        found = {name: oid for name, oid, *_ in rows}
        comments = {name: comment for name, _, comment, *_ in rows}
        owners = {name for name, *_, owns, _ in rows if owns}
        creators = {name: creator for name, *_, creator in rows}
        if not found:
            return [EndedAlias(name, 0) for name in names]
        self._as_creators(self._dialect.disable_aliases, creators)
        outcome = self._terminate(found.values())
        problems = {name: "its sessions do not end" for name, oid in found.items() if oid in outcome.alive}
        plain = {name: creators[name] for name in found if name not in problems and name not in owners}
        alone = sorted(owners - problems.keys())
        try:
            self._as_creators(self._dialect.drop_aliases, plain)
        except psycopg.errors.DependentObjectsStillExist:  # since the look
            alone += sorted(plain)
        problems |= {name: problem for name in alone if (problem := self._drop_owner(name, comments[name]))}
        return [EndedAlias(name, outcome.ended.get(found.get(name, 0), 0), problems.get(name, "")) for name in names]

    def _terminate(self, logins: Collection[int]) -> Terminated:
        return terminate(self._connection, lambda: logins, None, self._pause)

    def _as_creators(self, statement: Callable[[Sequence[str]], Composed], creators: Mapping[str, str]) -> None:
        """Say it of these aliases, a transaction for each creator: as the creator, or as ourselves where that fails."""
        for creator, names in _by_creator(creators):
            theirs = statement(names)
            try:
                self._connection.execute(self._dialect.acting_as(creator, theirs) if creator else theirs)
            except psycopg.errors.InsufficientPrivilege:
                if not creator:
                    raise
                self._connection.execute(theirs)

    def _drop_owner(self, name: str, comment: str | None) -> str:
        """Drop one alias with what it left behind after SET ROLE NONE; why that failed, or ""."""
        try:
            self._connection.execute(self._dialect.drop_aliases([name]))
        except psycopg.errors.DependentObjectsStillExist:
            record = parse_alias(comment)
            if record is None:
                return "it owns something, and its comment does not say for whom"
        else:
            return ""
        try:
            self._hand_over(name, record.database_user)
        except psycopg.Error as error:
            if self._connection.closed:
                raise
            return f"what it owns could not be handed to {record.database_user} (SQLSTATE {error.sqlstate})"
        return ""

    def _hand_over(self, name: str, database_user: str) -> None:
        """Give everything to the person, then drop; our login is a member of both only meanwhile."""
        databases = [database for (database,) in self._connection.execute(query("owned_databases", alias=name))]
        take_over = self._dialect.take_over(name, database_user, self._connection.info.server_version)
        self._connection.execute(take_over)
        try:
            for database in databases:
                with self._connect(database) as connection:
                    connection.execute(self._dialect.hand_over(name, database_user))
            self._connection.execute(self._dialect.drop_aliases([name]))
        except psycopg.Error:
            self._connection.execute(self._dialect.take_back(name))
            raise
        finally:
            self._connection.execute(self._dialect.take_back(database_user))


def _by_creator(creators: Mapping[str, str]) -> Iterator[tuple[str, list[str]]]:
    found: dict[str, list[str]] = {}
    for name in sorted(creators):
        found.setdefault(creators[name], []).append(name)
    yield from sorted(found.items())
