"""One workgroup's Amazon Redshift: a `broker.credentials.ports.Warehouse` without login aliases.

The stable user logs in itself, with the one password that its leases share (`broker.credentials.generations`). Every
change of a user is made in its turn: look, announce in the store, change, settle in the store. A crash at any point
leaves something announced, which the next turn finishes, or a user that may log in without a lease, which the sweep
disables.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from time import sleep

import psycopg

from broker.clock import Clock, utc_now
from broker.config.model import WorkgroupConfig
from broker.credentials.generations import Generations, KnownUser
from broker.credentials.lease import QUIET_ENDS, SHARED, reason_to_end
from broker.credentials.model import Lease, LeaseState, RefusedRole
from broker.credentials.ports import AliasEnded, AliasFound, Issued, Leases
from broker.errors import WarehouseOutcomeUnknown, WarehouseUnavailable
from broker.redshift_desk import RedshiftDesk
from broker.redshift_turns import PersonTurns, held, lost_turn, record_of
from broker.warehouse_calls import Connections, OutcomeUnknown
from broker.warehouse_pool import is_lost
from roles.actual import ActualState
from roles.census import Membership, StableUser
from roles.chains import AccessMap, AccessTarget
from roles.desired import DesiredLogin, DesiredPassword, Owner
from roles.dialect.redshift import DISABLED_UNTIL
from roles.diff import diff
from roles.explain import AccessExplanation
from roles.inspect import AnyConnection
from roles.names import DatabaseRoleName, DatabaseUserName
from roles.offboard import Offboarded
from roles.plan import CreateStableUser, GrantRole, Plan
from roles.policy import RolePolicy
from roles.privileges import sift
from roles.records import StableUserRecord
from roles.redshift.access import SOMEBODY, explain_access, read_access_map
from roles.redshift.apply import apply_in_transaction, terminate
from roles.redshift.inspect import (
    all_memberships,
    mapped_roles,
    memberships,
    person,
    server_facts,
    user,
    users,
    with_sessions,
)
from roles.redshift.offboard import Leaver
from roles.redshift.state import UserFound, actual_state

_LIVE = frozenset({LeaseState.INTENT, LeaseState.ACTIVE})


class RedshiftWarehouse(RedshiftDesk):
    """Thread-safe; connects when first used."""

    def __init__(
        self,
        config: WorkgroupConfig,
        generations: Generations,
        leases: Leases,
        clock: Clock = utc_now,
        pause: Callable[[float], None] = sleep,
        reach: Callable[[], RolePolicy] | None = None,
        pool: Connections | None = None,
    ) -> None:
        """Take the means.

        Args:
            config: of the workgroup.
            generations: the store's part: passwords, turns, and which user is the broker's.
            leases: tells whether somebody still has a login; one of several leases ends without ending the others.
            clock: for the breaker, turns and ends.
            pause: waits so many seconds.
            reach: database roles that may be given at the moment; without it, what the workgroup's own lists mean.
            pool: where connections come from; without it, a pool of the workgroup's own.
        """
        super().__init__(config, clock, pause, reach, pool)
        self._generations = generations
        self._leases = leases
        self._turns = PersonTurns(generations, config.name, clock, pause)

    def issue(self, login: DesiredLogin) -> Issued:
        """Reconcile the stable user and apply the present password, in one transaction in the person's turn.

        Raises:
            RolesError: a name is not ours to use.
            WarehouseOutcomeUnknown: it went away during the change.
            WarehouseUnavailable: it does not answer, or the password was withdrawn meanwhile; nothing was changed.
            WarehouseRefused: the admin login is no superuser; nothing was changed.
        """
        names = (login.database_user, *login.database_roles)
        with self._turns.of(login.database_user) as holder:
            return self._calls.run(lambda connection: self._reconcile(connection, login, holder), names)

    def plan(self, login: DesiredLogin) -> Issued:
        """What `issue` would do at this moment, by the same steps up to the changes, which are not made."""
        names = (login.database_user, *login.database_roles)
        return self._calls.run(lambda connection: self._reconcile(connection, login, ""), names)

    def _reconcile(self, connection: AnyConnection, login: DesiredLogin, holder: str) -> Issued:
        """`holder` "" for a dry run."""
        known = self._generations.get(self._config.name, login.database_user)
        if holder and login.password and not _is_present(known, login.password):
            raise WarehouseUnavailable("The password was withdrawn while the login was made.", retry_after=1)
        found = person(connection, login.database_user, login.database_roles)
        actual = actual_state(found.user, held(known, found.user), found.memberships, found.reachable)
        sifted = sift(login.database_roles, actual, self._reach())
        password = login.password if sifted.grantable else None
        plan = diff(replace(login, database_roles=sifted.grantable, password=password), actual)
        left: frozenset[str] = _expected(plan, actual)
        if holder and known and plan.changes:
            left = self._carry_out(connection, plan, known, found.user, password, holder)
        return Issued(
            plan=plan,
            database_roles=tuple(sorted(left & set(sifted.grantable))),
            unknown_roles=sifted.unknown,
            refused_roles=tuple(RefusedRole(name, reason) for name, reason in sifted.refused),
            foreign_roles=tuple(sorted(left - plan.managed)),
            shrank=plan.shrinks,
        )

    def _carry_out(
        self,
        connection: AnyConnection,
        plan: Plan,
        known: KnownUser,
        found: UserFound | None,
        password: DesiredPassword | None,
        holder: str,
    ) -> frozenset[str]:
        """Announce, change, look, settle; the memberships that are there then."""
        told = replace(known, managed=tuple(sorted({*(known.managed if found else ()), *plan.managed})))
        if any(isinstance(change, CreateStableUser) for change in plan.changes):
            until = password.valid_until if password else DISABLED_UNTIL
            told = replace(told, user_id=None, announced_until=until, applied="", applied_until=None)
        elif found:
            told = replace(told, user_id=found.user_id)
        if not self._generations.announce(told, holder):
            raise lost_turn(known.database_user)
        try:
            apply_in_transaction(connection, self._dialect, plan)
            made = user(connection, known.database_user)
            left = memberships(connection, known.database_user)
        except psycopg.Error as error:
            # Any other error of a statement has rolled the transaction back.
            if error.sqlstate is None or is_lost(error):
                raise OutcomeUnknown from error
            raise
        settled = replace(told, user_id=made.user_id if made else None, managed=tuple(sorted(plan.managed)))
        if password:
            settled = replace(settled, applied=password.generation, applied_until=password.valid_until)
        if made is None or not self._generations.settle(settled, holder):
            raise WarehouseOutcomeUnknown(f"The user {known.database_user} was changed by others meanwhile.")
        return left

    def end_person_sessions(self, database_user: str, spare_alias: str) -> int:  # noqa: ARG002 - sessions have no alias
        """Terminate the person's sessions that began before now, until confirmed empty.

        Raises:
            WarehouseUnavailable: it does not answer, or sessions live on.
        """

        def work(connection: AnyConnection) -> int:
            found = user(connection, database_user)
            if found is None or held(self._generations.get(self._config.name, database_user), found) is None:
                return 0
            before = server_facts(connection).now
            outcome = terminate(connection, self._dialect, found.user_id, before, self._pause)
            if outcome.alive:
                raise WarehouseUnavailable(f"Sessions of {database_user} do not end.", retry_after=5)
            return outcome.ended

        return self._calls.run(work, (database_user,))

    def end_aliases(self, names: Sequence[str]) -> list[AliasEnded]:
        """End the logins of these leases, by their aliases' names; or of a user without a lease, by the user's.

        A person with other live leases keeps the password when a lease came quietly to its end. After a revocation
        everything ends that has the password: other leases too, which say so.

        Raises:
            WarehouseUnavailable, WarehouseRefused: some may have ended; repeat it for all.
        """
        leases = self._leases.by_aliases(self._config.name, names)
        people: dict[str, list[str]] = {}
        for name in names:
            people.setdefault(leases[name].database_user if name in leases else name, []).append(name)
        return [each for name, theirs in people.items() for each in self._end_person(name, theirs, leases)]

    def _end_person(self, database_user: str, names: Sequence[str], leases: Mapping[str, Lease]) -> list[AliasEnded]:
        if self._generations.get(self._config.name, database_user) is None:
            return [AliasEnded(name, 0, dropped=True) for name in names]
        with self._turns.of(database_user) as holder:
            known = self._generations.get(self._config.name, database_user)
            if known is None:
                return [AliasEnded(name, 0, dropped=True) for name in names]
            others = self._others(known, names)
            quiet = all(leases[name].reason in QUIET_ENDS for name in names if name in leases)
            if others and quiet:
                return [AliasEnded(name, 0, dropped=True) for name in names]
            for other in others:
                self._leases.move(other.lease_id, LeaseState.ENDING, self._clock(), reason_to_end(other, SHARED))
            self._generations.withdraw(self._config.name, database_user)
            ended, problem = self._calls.run(lambda connection: self._shut(connection, known, holder), [database_user])
        counts = [ended, *(0 for _ in names[1:])]
        return [AliasEnded(name, count, not problem, problem) for name, count in zip(names, counts, strict=True)]

    def _others(self, known: KnownUser, names: Sequence[str]) -> list[Lease]:
        """The person's leases that go on; one that is past its end does not."""
        live = self._leases.live(workgroup=self._config.name, subject=known.owner.subject)
        return [
            lease
            for lease in live
            if (lease.database_user, lease.identity_provider) == (known.database_user, known.owner.identity_provider)
            and lease.state in _LIVE
            and lease.alias not in names
            and lease.expires_at > self._clock()
        ]

    def _shut(self, connection: AnyConnection, known: KnownUser, holder: str) -> tuple[int, str]:
        """Disable the user and end its sessions; how many, and why that failed, or ""."""
        found = user(connection, known.database_user)
        if found is None:
            return 0, ""
        if held(known, found) is None:
            return 0, "a user of that name is there that the broker did not make"
        shut = replace(known, user_id=found.user_id, applied="", applied_until=None)
        if not self._generations.announce(shut, holder):
            raise lost_turn(known.database_user)
        connection.execute(self._dialect.disable(known.database_user))
        outcome = terminate(connection, self._dialect, found.user_id, None, self._pause)
        self._generations.settle(shut, holder)
        return outcome.ended, "its sessions do not end" if outcome.alive else ""

    def aliases(self) -> list[AliasFound]:
        """The logins that work, or have a session: one for each live lease, or the user itself where there is none."""

        def look(connection: AnyConnection) -> tuple[dict[str, UserFound], frozenset[int]]:
            return users(connection), with_sessions(connection)

        found, open_sessions = self._calls.run(look)
        # Read after the warehouse: a lease is announced before its login works.
        known, live = self._generations.of_workgroup(self._config.name), self._leases.live(workgroup=self._config.name)
        return [
            alias
            for each in known
            if (there := found.get(each.database_user)) and held(each, there)
            for alias in self._logins_of(there, live, there.user_id in open_sessions)
        ]

    def _logins_of(self, found: UserFound, live: Sequence[Lease], has_session: bool) -> list[AliasFound]:
        usable = found.may_log_in(self._clock())
        theirs = [lease for lease in live if lease.database_user == found.name]
        if theirs and usable:
            return [AliasFound(each.alias, each.lease_id, found.name, found.valid_until, usable) for each in theirs]
        if not theirs and (usable or has_session):
            return [AliasFound(found.name, "", found.name, found.valid_until, usable)]
        return []

    def stable_users(self) -> list[StableUser]:
        """Everybody whom the broker made here."""

        def look(connection: AnyConnection) -> tuple[dict[str, UserFound], dict[str, list[str]]]:
            return users(connection), all_memberships(connection)

        found, roles = self._calls.run(look)
        return [
            StableUser(
                DatabaseUserName(each.database_user),
                record_of(each),
                tuple(Membership(DatabaseRoleName(role), SOMEBODY) for role in roles.get(each.database_user, ())),
            )
            for each in self._generations.of_workgroup(self._config.name)
            if held(each, found.get(each.database_user))
        ]

    def explain_access(self, database_user: str, database: str, target: AccessTarget) -> AccessExplanation:
        """Whether the person may, and which database roles would allow it.

        Raises:
            UnknownDatabase: the workgroup does not offer that database.
            PrivilegeUnknown: relations have no such privilege.
        """
        self._check_offered(database)

        def work(connection: AnyConnection) -> AccessExplanation:
            found = read_access_map(connection, target, self._records())
            return explain_access(found, database_user, target, mapped_roles(connection, self._reach()).grantable)

        return self._calls.run(work, database=database)

    def access_map(self, database: str, target: AccessTarget) -> AccessMap | None:
        """All that decides about `target`; None if the database has no such relation.

        Raises:
            UnknownDatabase: the workgroup does not offer that database.
            PrivilegeUnknown: relations have no such privilege.
        """
        self._check_offered(database)
        return self._calls.run(lambda found: read_access_map(found, target, self._records()), database=database)

    def _records(self) -> dict[str, StableUserRecord]:
        return {each.database_user: record_of(each) for each in self._generations.of_workgroup(self._config.name)}

    def offboard(self, user_name: DatabaseUserName, owner: Owner, reassign_to: DatabaseRoleName | None) -> Offboarded:
        """Strip and disable the user, end its sessions, and drop it where nothing belongs to it any more.

        Raises:
            RolesError: the user is not the broker's or this person's, or nothing can be reassigned to that user.
            WarehouseUnavailable, WarehouseRefused: repeat it.
        """
        names = (user_name, *([reassign_to] if reassign_to else ()))
        with self._turns.of(user_name) as holder:
            return self._calls.run(lambda found: self._leave(found, user_name, owner, reassign_to, holder), names)

    def _leave(
        self,
        connection: AnyConnection,
        user_name: DatabaseUserName,
        owner: Owner,
        reassign_to: DatabaseRoleName | None,
        holder: str,
    ) -> Offboarded:
        leaver = Leaver(connection, self._dialect, self._pool.connection)
        if reassign_to:
            leaver.refuse_target(reassign_to, lambda name: self._is_person(name))
        found = user(connection, user_name)
        known = self._generations.get(self._config.name, user_name)
        if found is None or known is None:
            self._generations.forget(self._config.name, user_name)
            return Offboarded(user_name, existed=False, plan=Plan())
        stripped = self._reconcile(connection, DesiredLogin(user_name, owner, (), None), holder)
        known = self._generations.get(self._config.name, user_name) or known
        self._generations.withdraw(self._config.name, user_name)
        _, problem = self._shut(connection, known, holder)
        owned = leaver.owned(found)
        report = Offboarded(user_name, True, stripped.plan, stripped.foreign_roles, tuple(one.shown() for one in owned))
        if not problem and owned:
            ask = "it owns objects; say with --reassign-to whose they become"
            problem = leaver.hand_over(owned, reassign_to) if reassign_to else ask
        problem = problem or leaver.drop(found)
        if not problem:
            self._generations.forget(self._config.name, user_name)
        return replace(report, dropped=not problem, problem=problem)

    def _is_person(self, name: str) -> bool:
        return self._generations.get(self._config.name, name) is not None


def _is_present(known: KnownUser | None, password: DesiredPassword) -> bool:
    return (
        known is not None and known.generation is not None and (known.generation.generation_id == password.generation)
    )


def _expected(plan: Plan, actual: ActualState) -> frozenset[str]:
    granted = {change.role for change in plan.changes if isinstance(change, GrantRole)}
    return frozenset((actual.memberships | granted) - {change.role for change in plan.revocations})
