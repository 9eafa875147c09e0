"""One workgroup's Amazon Redshift: a `broker.credentials.ports.Warehouse` without login aliases.

The stable user logs in itself, with the one password that its leases share (`broker.credentials.generations`). Every
change of a user is made in its turn: look, announce in the store, change, settle in the store. A crash at any point
leaves something announced, which the next turn finishes, or a user that may log in without a lease, which the sweep
disables.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import psycopg

from broker.credentials.generations import Generations, KnownUser, takes_password
from broker.credentials.lease import SHARED, reason_to_end
from broker.credentials.model import Lease, LeaseState, RefusedRole
from broker.credentials.ports import AliasEnded, AliasFound, Issued, Leases
from broker.errors import WarehouseOutcomeUnknown, WarehouseUnavailable
from broker.redshift_desk import Means
from broker.redshift_turns import PersonTurns, held, lost_turn
from broker.redshift_view import RedshiftView
from broker.warehouse_calls import OutcomeUnknown
from broker.warehouse_pool import is_lost
from roles.actual import ActualState
from roles.desired import DesiredLogin, DesiredPassword, Owner
from roles.dialect.redshift import DISABLED_UNTIL
from roles.diff import diff
from roles.inspect import AnyConnection
from roles.names import DatabaseRoleName, DatabaseUserName
from roles.offboard import Offboarded
from roles.plan import CreateStableUser, GrantRole, Plan
from roles.privileges import sift
from roles.redshift.apply import apply_in_transaction, terminate
from roles.redshift.inspect import (
    memberships,
    person,
    server_facts,
    sessions,
    user,
    users,
)
from roles.redshift.offboard import Leaver
from roles.redshift.state import UserFound, actual_state

LOOK_AT_LEAST: Final = timedelta(hours=1)
"""How often the warehouse is looked at while nobody has a login there."""

A_LOOK: Final = timedelta(minutes=1)
"""How long such a look lasts: what it finds is looked at again before it is ended."""

SHOWS_UP_WITHIN: Final = timedelta(minutes=10)
"""A login that the warehouse had let in just before it was shut out is in its views by then."""

_LIVE: Final = frozenset({LeaseState.INTENT, LeaseState.ACTIVE})


class RedshiftWarehouse(RedshiftView):
    """Thread-safe; connects when first used."""

    def __init__(self, means: Means, generations: Generations, leases: Leases) -> None:
        """Take the means, and the store's part.

        Args:
            means: of the workgroup.
            generations: passwords, turns, and which user is the broker's.
            leases: tells whether somebody still has a login; one of several leases ends without ending the others.
        """
        super().__init__(means, generations)
        self._leases = leases
        self._turns = PersonTurns(generations, means.config.name, means.clock, means.pause)
        self._next_look = self._look_until = datetime.min.replace(tzinfo=UTC)

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
            outcome = terminate(connection, self._dialect, [found.user_id], before, self._pause)
            if outcome.alive:
                raise WarehouseUnavailable(f"Sessions of {database_user} do not end.", retry_after=5)
            return sum(outcome.ended.values())

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
        outcomes = self._shut_out({name: theirs for name, theirs in people.items() if self._is_known(name)}, leases)
        return [
            AliasEnded(name, 0 if number else count, not problem, problem)
            for person_, theirs in people.items()
            for count, problem in [outcomes.get(person_, (0, ""))]
            for number, name in enumerate(theirs)
        ]

    def _shut_out(self, people: Mapping[str, list[str]], leases: Mapping[str, Lease]) -> dict[str, tuple[int, str]]:
        """Shut out those whose login must end, in their turns, together; what became of each, as `_shut` says it.

        Who has other leases keeps the password, unless a revoked lease may know it; sessions of a revoked one end.
        """
        shut: list[tuple[KnownUser, str]] = []
        outcomes: dict[str, tuple[int, str]] = {}
        with ExitStack() as turns:
            for name in sorted(people):  # in one order, so that two brokers don't wait for each other
                holder = turns.enter_context(self._turns.of(name))
                known = self._generations.get(self._config.name, name)
                if known is None:
                    continue
                revoked = [leases[each] for each in people[name] if each in leases and takes_password(leases[each])]
                others = self._others(known, people[name])
                present = known.generation
                if others and not revoked:
                    continue
                if others and present and not any(map(present.is_known_to, revoked)):
                    outcomes[name] = (self.end_person_sessions(name, spare_alias=""), "")
                    continue
                for other in others:
                    self._leases.move(other.lease_id, LeaseState.ENDING, self._clock(), reason_to_end(other, SHARED))
                self._generations.withdraw(self._config.name, name)
                shut.append((known, holder))
            if shut:
                outcomes |= self._calls.run(lambda connection: self._shut(connection, shut), list(people))
        return outcomes

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

    def _shut(self, connection: AnyConnection, people: Sequence[tuple[KnownUser, str]]) -> dict[str, tuple[int, str]]:
        """Disable these users and end their sessions; by name, how many ended, and why that failed, or ""."""
        outcomes: dict[str, tuple[int, str]] = {}
        there = users(connection)
        shut: list[tuple[KnownUser, str, int]] = []
        for known, holder in people:
            found = there.get(known.database_user)
            if found is None:
                outcomes[known.database_user] = (0, "")
            elif held(known, found) is None:
                outcomes[known.database_user] = (0, "a user of that name is there that the broker did not make")
            else:
                told = replace(known, user_id=found.user_id, applied="", applied_until=None)
                if not self._generations.announce(told, holder):
                    raise lost_turn(known.database_user)
                connection.execute(self._dialect.disable(known.database_user))
                shut.append((told, holder, found.user_id))
        ended = terminate(connection, self._dialect, {user_id for *_, user_id in shut}, None, self._pause)
        for told, holder, user_id in shut:
            self._generations.settle(replace(told, applied_until=self._clock()), holder)
            problem = "its sessions do not end" if user_id in ended.alive else ""
            outcomes[told.database_user] = (ended.ended.get(user_id, 0), problem)
        return outcomes

    def aliases(self) -> list[AliasFound]:
        """The logins that work, or have a session: one for each live lease, or the user itself where there is none."""
        if not self._worth_a_look():
            return []

        def look(connection: AnyConnection) -> tuple[dict[str, UserFound], frozenset[int]]:
            return users(connection), frozenset(who for who, _ in sessions(connection))

        found, open_sessions = self._calls.run(look)
        # Read after the warehouse: a lease is announced before its login works.
        known, live = self._generations.of_workgroup(self._config.name), self._leases.live(workgroup=self._config.name)
        return [
            alias
            for each in known
            if (there := found.get(each.database_user)) and held(each, there)
            for alias in self._logins_of(there, live, there.user_id in open_sessions)
        ]

    def _worth_a_look(self) -> bool:
        """Whether anybody may have a login; if not, the warehouse may sleep (a question costs money on Serverless).

        What others did to a user that was shut out is looked for from time to time all the same.
        """
        now = self._clock()
        awake = any(_is_awake(each, now) for each in self._generations.of_workgroup(self._config.name))
        if not awake and now >= self._next_look:
            self._next_look, self._look_until = now + LOOK_AT_LEAST, now + A_LOOK
        return awake or now < self._look_until or bool(self._leases.live(workgroup=self._config.name))

    def _logins_of(self, found: UserFound, live: Sequence[Lease], has_session: bool) -> list[AliasFound]:
        usable = found.may_log_in(self._clock())
        theirs = [lease for lease in live if lease.database_user == found.name]
        if theirs and usable:
            return [AliasFound(each.alias, each.lease_id, found.name, found.valid_until, usable) for each in theirs]
        if not theirs and (usable or has_session):
            return [AliasFound(found.name, "", found.name, found.valid_until, usable)]
        return []

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
            leaver.refuse_target(reassign_to, self._is_known)
        found = user(connection, user_name)
        known = self._generations.get(self._config.name, user_name)
        if found is None or known is None:
            self._generations.forget(self._config.name, user_name)
            return Offboarded(user_name, existed=False, plan=Plan())
        stripped = self._reconcile(connection, DesiredLogin(user_name, owner, (), None), holder)
        known = self._generations.get(self._config.name, user_name) or known
        self._generations.withdraw(self._config.name, user_name)
        _, problem = self._shut(connection, [(known, holder)])[user_name]
        owned = leaver.owned(found)
        report = Offboarded(user_name, True, stripped.plan, stripped.foreign_roles, tuple(one.shown() for one in owned))
        if not problem and owned:
            ask = "it owns objects; say with --reassign-to whose they become"
            problem = leaver.hand_over(owned, reassign_to) if reassign_to else ask
        problem = problem or leaver.drop(found)
        if not problem:
            self._generations.forget(self._config.name, user_name)
        return replace(report, dropped=not problem, problem=problem)

    def _is_known(self, name: str) -> bool:
        return self._generations.get(self._config.name, name) is not None


def _is_awake(known: KnownUser, now: datetime) -> bool:
    """Whether the user may have a password, or was shut out so lately that a session may still show up."""
    lately = known.applied_until is not None and known.applied_until + SHOWS_UP_WITHIN > now
    return bool(known.applied) or lately or (known.generation is not None and known.generation.valid_until > now)


def _is_present(known: KnownUser | None, password: DesiredPassword) -> bool:
    return (
        known is not None and known.generation is not None and (known.generation.generation_id == password.generation)
    )


def _expected(plan: Plan, actual: ActualState) -> frozenset[str]:
    granted = {change.role for change in plan.changes if isinstance(change, GrantRole)}
    return frozenset((actual.memberships | granted) - {change.role for change in plan.revocations})
