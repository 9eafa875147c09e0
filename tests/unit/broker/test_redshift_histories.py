"""Random histories on a stand-in for Redshift: logins, other groups, grants by hand, revocations, crashes, time."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from broker.credentials.drift import GRACE
from broker.credentials.model import CredentialRequest, DatabaseCredentials, LeaseState
from broker.errors import BrokerError
from roles.errors import RolesError
from tests.simulators.redshift import Killed
from tests.simulators.redshift_broker import Cloud

PEOPLE = st.sampled_from(["ethan", "emma"])
GROUPS = st.frozensets(st.sampled_from(["sales", "finance", "hr"]), min_size=1)
GIVEN = {"sales", "finance"}


def user_of(name: str) -> str:
    return f"{name}@example.com"


class Histories(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.cloud = Cloud()
        self.cloud.server.catalogue.roles |= {"auditors", "hr"}
        self.asserted: dict[str, frozenset[str]] = {}
        self.by_hand: dict[str, set[str]] = {}
        self.handed: list[DatabaseCredentials] = []

    def login(self, name: str, groups: frozenset[str], minutes: int) -> None:
        try:
            got = self.cloud.issue(name, *sorted(groups), minutes=minutes)
        except (BrokerError, RolesError):
            self.asserted[name] = groups
            return
        self.asserted[name] = groups
        self.handed.append(got)
        assert self.cloud.lets_in(got)
        planned = self.cloud.service.plan(
            self.cloud.session(name, *sorted(groups)), CredentialRequest("cloud"), "request-2", self.cloud.now
        )
        assert planned.changes == ()  # a second reconcile has nothing to do

    @rule(name=PEOPLE, groups=GROUPS, minutes=st.sampled_from([15, 60]))
    def logs_in(self, name: str, groups: frozenset[str], minutes: int) -> None:
        self.login(name, groups, minutes)

    @rule(name=PEOPLE, groups=GROUPS, step=st.integers(0, 14))
    def dies_in_a_login(self, name: str, groups: frozenset[str], step: int) -> None:
        left = [step]

        def die(statement: str) -> None:
            left[0] -= 1
            if left[0] < 0:
                raise Killed(statement)

        self.cloud.server.before = die
        try:
            self.login(name, groups, 15)
        except Killed:
            self.asserted[name] = self.asserted.get(name, frozenset()) | groups  # either may hold
        finally:
            self.cloud.server.before = lambda _statement: None
            self.cloud.start()
        self.cloud.later(seconds=61)  # the turn of the dead is over

    @rule(name=PEOPLE)
    def grants_by_hand(self, name: str) -> None:
        if user_of(name) in self.cloud.server.catalogue.users:
            self.cloud.server.grant(user_of(name), "auditors")
            self.by_hand.setdefault(name, set()).add("auditors")

    @rule(data=st.data())
    def opens_a_session(self, data: Any) -> None:
        if self.handed:
            got = data.draw(st.sampled_from(self.handed))
            if self.cloud.lets_in(got):
                self.cloud.server.log_in(got.user, got.password.reveal())

    @rule(data=st.data())
    def revokes(self, data: Any) -> None:
        if self.handed:
            got = data.draw(st.sampled_from(self.handed))
            was_live = self.cloud.lease_of(got).state is LeaseState.ACTIVE
            self.cloud.revoke(lease_id=got.lease_id)
            if was_live:
                assert not self.cloud.lets_in(got)

    @rule(minutes=st.sampled_from([1, 14, 16, 61, 200]))
    def time_goes_by(self, minutes: int) -> None:
        self.cloud.later(minutes=minutes)

    @rule()
    def reaps(self) -> None:
        self.cloud.reap()
        for lease in self.cloud.store.leases.live():
            assert lease.expires_at + GRACE > self.cloud.now
        live = {lease.database_user for lease in self.cloud.store.leases.live()}
        ids = {user.user_id: name for name, user in self.cloud.server.catalogue.users.items()}
        assert {ids[who] for who, _ in self.cloud.server.sessions.values()} <= live
        for name, user in self.cloud.server.catalogue.users.items():
            if name.endswith("@example.com") and name not in live:
                assert user.verifier is None

    @invariant()
    def nobody_holds_more_than_was_asserted_or_granted_by_hand(self) -> None:
        for name in ("ethan", "emma"):
            allowed = (self.asserted.get(name, frozenset()) & GIVEN) | self.by_hand.get(name, set())
            assert self.cloud.server.roles_of(user_of(name)) <= allowed

    @invariant()
    def what_was_granted_by_hand_is_there(self) -> None:
        for name, roles in self.by_hand.items():
            assert roles <= self.cloud.server.roles_of(user_of(name))


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=20, stateful_step_count=25, deadline=None)
