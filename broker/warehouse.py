"""One workgroup's PostgreSQL, reached through the broker's own admin login.

An issue is two round trips: begin, lock and look; then every change and the commit. What can't be made whole is not
made. The end of a login is disable, terminate until confirmed empty, drop.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from time import sleep

import psycopg
from psycopg.conninfo import make_conninfo

from broker.clock import Clock, utc_now
from broker.config.model import WorkgroupConfig
from broker.credentials.model import RefusedRole
from broker.credentials.ports import AliasEnded, AliasFound, Issued
from broker.errors import WarehouseUnavailable
from broker.policy import list_policy, scope_of
from broker.warehouse_calls import Calls, OutcomeUnknown, check_offered
from broker.warehouse_pool import Pool, is_lost
from roles.actual import ActualState
from roles.apply import AliasEnder, apply_and_commit, terminate
from roles.census import StableUser, stable_users
from roles.chains import AccessMap, AccessTarget
from roles.creators import Creator, creator_names
from roles.desired import DesiredLogin, Owner
from roles.dialect.postgres import PostgresDialect
from roles.diff import diff
from roles.explain import AccessExplanation, explain_access, read_access_map
from roles.inspect import (
    AnyConnection,
    begin_and_inspect,
    mapped_roles,
    query,
    role_names,
    role_objections,
    server_facts,
)
from roles.names import DatabaseRoleName, DatabaseUserName, is_alias_name
from roles.offboard import Offboarded, Offboarder
from roles.plan import GrantRole, Plan, RevokeRole
from roles.policy import Policy, RolePolicy
from roles.privileges import sift
from roles.readiness import Expectations, Finding, examine, missing_rights
from roles.records import parse_alias
from roles.setup_sql import setup_sql


class PostgresWarehouse:
    """A `broker.credentials.ports.Warehouse` on PostgreSQL 14 to 18. Thread-safe; connects when first used."""

    def __init__(
        self,
        config: WorkgroupConfig,
        clock: Clock = utc_now,
        pause: Callable[[float], None] = sleep,
        reach: Callable[[], RolePolicy] | None = None,
    ) -> None:
        """Take the means.

        Args:
            config: of the workgroup.
            clock: for the breaker and the canary.
            pause: waits so many seconds.
            reach: database roles that may be given at the moment; without it, what the workgroup's own lists mean.
        """
        of_lists = list_policy([config]).reach(scope_of(config))
        self._reach = reach or (lambda: of_lists)
        self._config = config
        self._clock = clock
        self._pause = pause
        self._dialect = PostgresDialect()
        self._pool = Pool(config, clock)
        self._calls = Calls(config.name, self._pool, pause, missing_rights)

    def close(self) -> None:
        """End the connections to the warehouse."""
        self._pool.close()

    def issue(self, login: DesiredLogin) -> Issued:
        """Reconcile the stable user and add the alias, in one transaction under the person's advisory lock.

        Somebody who is left without a database role gets no alias, and also loses what the broker granted before.

        Raises:
            RolesError: a name is not ours to use.
            WarehouseOutcomeUnknown: it went away during the commit.
            WarehouseUnavailable: it does not answer; nothing was changed.
            WarehouseRefused: the admin login lacks a right; nothing was changed.
        """
        names = (login.database_user, *login.database_roles)
        return self._calls.run(lambda connection: self._reconcile(connection, login), names)

    def plan(self, login: DesiredLogin) -> Issued:
        """What `issue` would do at this moment, by the same steps up to the changes, which are not made.

        Raises:
            RolesError, WarehouseUnavailable, WarehouseRefused: as `issue`.
        """
        names = (login.database_user, *login.database_roles)
        return self._calls.run(lambda connection: self._reconcile(connection, login, dry=True), names)

    def _reconcile(self, connection: AnyConnection, login: DesiredLogin, *, dry: bool = False) -> Issued:
        actual = begin_and_inspect(connection, login.database_user, login.database_roles, login.database)
        sifted = sift(login.database_roles, actual, self._reach())
        desired = replace(login, database_roles=sifted.grantable, alias=login.alias if sifted.grantable else None)
        plan = diff(desired, actual)
        if dry:
            connection.rollback()
            reread = None
        else:
            reread = self._apply(connection, plan, login.database_user, actual.creator)
        held = _expected(plan, actual) if reread is None else reread
        return Issued(
            plan=plan,
            database_roles=tuple(sorted(held & set(sifted.grantable))),
            unknown_roles=sifted.unknown,
            refused_roles=tuple(RefusedRole(name, reason) for name, reason in sifted.refused),
            foreign_roles=tuple(sorted(held - plan.managed)),
            shrank=plan.shrinks,
        )

    def _apply(
        self, connection: AnyConnection, plan: Plan, database_user: DatabaseUserName, creator: Creator | None
    ) -> frozenset[DatabaseRoleName] | None:
        try:
            return apply_and_commit(connection, self._dialect, plan, database_user, creator)
        except psycopg.Error as error:
            # Any other error of a statement has rolled the transaction back.
            if error.sqlstate is None or is_lost(error):
                raise OutcomeUnknown from error
            raise

    def end_person_sessions(self, database_user: str, spare_alias: str) -> int:
        """Terminate the person's sessions that began before now, except `spare_alias`'s, until confirmed empty.

        Raises:
            WarehouseUnavailable: it does not answer, or sessions live on.
        """

        def work(connection: AnyConnection) -> int:
            cutoff = server_facts(connection).now
            question = query("person_logins", user=database_user, prefix=self._config.alias_prefix)

            def logins() -> list[int]:
                return [
                    oid
                    for oid, name in connection.execute(question)
                    if name == database_user or (name != spare_alias and self._is_ours(name))
                ]

            outcome = terminate(connection, logins, cutoff, self._pause)
            if outcome.alive:
                raise WarehouseUnavailable(f"Sessions of {database_user} do not end.", retry_after=5)
            return sum(outcome.ended.values())

        return self._calls.run(work, (database_user,))

    def offboard(self, user: DatabaseUserName, owner: Owner, reassign_to: DatabaseRoleName | None) -> Offboarded:
        """Strip the stable user, end its sessions, and drop it where nothing belongs to it any more.

        Raises:
            RolesError: the user is not the broker's or this person's, or nothing can be reassigned to that role.
            WarehouseUnavailable, WarehouseRefused: repeat it.
        """
        names = (user, *([reassign_to] if reassign_to else ()))

        def offboarder(connection: AnyConnection) -> Offboarder:
            return Offboarder(connection, self._dialect, self._pool.connection)

        stripped = self._calls.run(lambda connection: offboarder(connection).strip(user, owner, reassign_to), names)
        if not stripped.existed:
            return stripped
        self.end_person_sessions(user, spare_alias="")

        def finish(connection: AnyConnection) -> Offboarded:
            owned = offboarder(connection).owned(user)
            if owned and reassign_to is None:
                return replace(
                    stripped, owned=owned, problem="it owns objects; say with --reassign-to whose they become"
                )
            problem = offboarder(connection).drop(user, reassign_to)
            return replace(stripped, owned=owned, dropped=not problem, problem=problem)

        return self._calls.run(finish, names)

    def end_aliases(self, names: Sequence[str]) -> list[AliasEnded]:
        """Disable, terminate until confirmed empty, then drop; idempotent: an alias that is gone counts as dropped.

        In few transactions: whoever has many aliases to end asks for some at a time.

        Raises:
            WarehouseUnavailable, WarehouseRefused: some may have ended; repeat it for all.
        """
        foreign = [name for name in names if not self._is_ours(name)]
        ours = [name for name in names if self._is_ours(name)]
        ended = [AliasEnded(name, 0, dropped=False, problem="not a login alias of the broker") for name in foreign]
        if ours:
            ended += self._calls.run(partial(self._end_together, ours), ours)
        return ended

    def aliases(self) -> list[AliasFound]:
        """Every role with the shape of this workgroup's login aliases."""

        def work(connection: AnyConnection) -> list[AliasFound]:
            rows = connection.execute(query("aliases", prefix=self._config.alias_prefix))
            return [_alias_found(*row) for row in rows if self._is_ours(row[0])]

        return self._calls.run(work)

    def stable_users(self) -> list[StableUser]:
        """Everybody whom the broker made here."""
        return self._calls.run(lambda connection: stable_users(connection.execute(query("stable_users")).fetchall()))

    def explain_access(self, database_user: str, database: str, target: AccessTarget) -> AccessExplanation:
        """Whether the person may, and which database roles would allow it.

        Raises:
            UnknownDatabase: the workgroup does not offer that database.
            PrivilegeUnknown: relations have no such privilege.
        """
        check_offered(self._config, database)

        def work(connection: AnyConnection) -> AccessExplanation:
            candidates = mapped_roles(connection, self._reach()).grantable
            return explain_access(connection, database_user, target, candidates)

        return self._calls.run(work, database=database)

    def access_map(self, database: str, target: AccessTarget) -> AccessMap | None:
        """All that decides about `target`; None if the database has no such relation.

        Raises:
            UnknownDatabase: the workgroup does not offer that database.
            PrivilegeUnknown: relations have no such privilege.
        """
        check_offered(self._config, database)
        return self._calls.run(lambda connection: read_access_map(connection, target), database=database)

    def readiness(self) -> list[Finding]:
        """What `broker doctor` says about this warehouse: version, rights, ADMIN OPTION, alias canary."""
        config = self._config
        expected = Expectations(
            policy=self._reach(),
            host=config.host,
            sslmode=config.sslmode,
            client_conninfo=make_conninfo(
                host=config.host,
                port=config.port,
                sslmode=config.sslmode,
                sslrootcert=str(config.ssl_root_certificate) if config.ssl_root_certificate else None,
            ),
            databases=config.databases,
            alias_prefix=config.alias_prefix,
        )
        return self._calls.run(lambda connection: list(examine(connection, self._dialect, expected, self._clock)))

    def role_objections(self) -> dict[str, str | None]:
        """Every role but our own, and why it must not be given unless the workgroup names it, or None."""

        def work(connection: AnyConnection) -> dict[str, str | None]:
            creators = creator_names(connection.info.user)
            names = [name for name in role_names(connection) if not self._is_ours(name) and name not in creators]
            return role_objections(connection, names)

        return self._calls.run(work)

    def setup_sql(self, admin_role: str) -> str:
        """What the warehouse's administrator must run for an admin login that is no superuser."""
        return self._calls.run(
            lambda connection: setup_sql(
                admin_role, mapped_roles(connection, self._reach()).grantable, connection.info.server_version
            )
        )

    def _is_ours(self, name: str) -> bool:
        return is_alias_name(name, self._config.alias_prefix)

    def _end_together(self, names: Sequence[str], connection: AnyConnection) -> list[AliasEnded]:
        ender = AliasEnder(connection, self._dialect, self._pool.connection, self._pause)
        return [AliasEnded(one.name, one.terminated, not one.problem, one.problem) for one in ender.end(names)]


def under_policy(workgroup: WorkgroupConfig, policy: Callable[[], Policy], clock: Clock = utc_now) -> PostgresWarehouse:
    """The warehouse of a workgroup, under the policy that is in force at each moment."""
    return PostgresWarehouse(workgroup, clock, reach=lambda: policy().reach(scope_of(workgroup)))


def _expected(plan: Plan, actual: ActualState) -> frozenset[DatabaseRoleName]:
    granted = {change.role for change in plan.changes if isinstance(change, GrantRole)}
    revoked = {change.role for change in plan.changes if isinstance(change, RevokeRole)}
    return (actual.memberships | granted) - revoked


def _alias_found(name: str, can_login: bool, valid_until: datetime | None, comment: str | None) -> AliasFound:
    record = parse_alias(comment)
    return AliasFound(
        name=name,
        lease_id=record.lease_id if record else "",
        database_user=record.database_user if record else "",
        valid_until=valid_until,
        can_login=can_login,
    )
