"""Which access a revocation ends, in which order, and what it says about the rest."""

from dataclasses import replace
from datetime import timedelta

import pytest

from broker.audit import AuditEvent
from broker.credentials.lease import CUT_OFF
from broker.credentials.model import Lease, LeaseState
from broker.credentials.reaper import Reaper
from broker.credentials.revocation import Order, Revocation, Revoked, Selection
from broker.errors import PersonUnknown, WarehouseUnavailable
from broker.store.memory import memory_store
from broker.sts.model import Session
from tests.unit.broker.credentials.double import ETHAN, NOW, WarehouseDouble, raising

HOUR = timedelta(hours=1)
EMMA = replace(ETHAN, subject="emma@example.com", source_identity="emma", identity_provider="entra")


class Desk:
    """Ethan has two sessions, each with a lease in another workgroup; Emma has one, of another provider."""

    def __init__(self) -> None:
        self.store = memory_store()
        self.warehouses = {"analytics": WarehouseDouble(), "other": WarehouseDouble()}
        reaper = Reaper(
            warehouses=self.warehouses,
            leases=self.store.leases,
            turns=self.store.turns,
            audit=self.store.audit,
            clock=lambda: NOW,
            interval=timedelta(seconds=1),
            forget=self.store.forget_expired,
        )
        store = self.store
        self.revocation = Revocation(store.people, store.sessions, store.leases, reaper, store.audit)
        self.add("s1", ETHAN, "l1", "analytics")
        self.add("s2", ETHAN, "l2", "other")
        self.add("s3", EMMA, "l3", "analytics")

    def add(self, session_id: str, who: object, lease_id: str, workgroup: str, *, active: bool = True) -> None:
        person = who if isinstance(who, type(ETHAN)) else ETHAN
        self.store.sessions.add(Session(session_id, person, "cli", NOW, NOW + HOUR, f"WABA{session_id}"))
        user, alias = person.source_identity, f"bk_{lease_id}"
        owner = (person.identity_provider, person.subject)
        lease = Lease(
            lease_id, workgroup, "dev", user, alias, *owner, session_id, "r", LeaseState.INTENT, NOW, NOW + HOUR
        )
        self.store.leases.add_intent(lease)
        self.warehouses[workgroup].add(alias, lease_id, user)
        if active:
            self.store.leases.move(lease_id, LeaseState.ACTIVE, NOW)

    def revoke(self, **selection: str) -> Revoked:
        return self.revocation.revoke(Selection(**selection), Order("root", "order-1", NOW))

    def live(self) -> set[str]:
        return {lease.lease_id for lease in self.store.leases.live()}

    def signed_in(self) -> set[str]:
        return {each for each in ("s1", "s2", "s3") if self.store.sessions.is_live(each, NOW)}


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.mark.parametrize(
    ("selection", "sessions", "leases"),
    [
        ({"user": "ethan@example.com"}, {"s3"}, {"l3"}),
        ({"user": "ethan"}, {"s3"}, {"l3"}),
        ({"session_id": "s1"}, {"s2", "s3"}, {"l2", "l3"}),
        ({"lease_id": "l2"}, {"s1", "s2", "s3"}, {"l1", "l3"}),
        ({"identity_provider": "entra"}, {"s1", "s2"}, {"l1", "l2"}),
        ({"user": "ethan", "identity_provider": "entra"}, {"s1", "s2", "s3"}, {"l1", "l2", "l3"}),
        ({}, {"s1", "s2", "s3"}, {"l1", "l2", "l3"}),
    ],
)
def test_what_is_selected_ends_and_nothing_else(
    desk: Desk, selection: dict[str, str], sessions: set[str], leases: set[str]
) -> None:
    desk.revoke(**selection)
    assert (desk.signed_in(), desk.live()) == (sessions, leases)


def test_it_says_what_it_did_and_has_it_on_record(desk: Desk) -> None:
    done = desk.revoke(user="ethan")
    assert {each.session_id for each in done.sessions} == {"s1", "s2"}
    assert {(each.lease_id, each.state, each.reason) for each in done.leases} == {
        ("l1", LeaseState.ENDED, "revoked by an administrator (root)"),
        ("l2", LeaseState.ENDED, "revoked by an administrator (root)"),
    }
    assert (done.terminated, done.problems) == (2, ())
    assert desk.store.sessions.why_ended("s1") == "revoked by an administrator (root)"
    events = [record.event for record in desk.store.audit.by_request("order-1")]
    assert events[0] is AuditEvent.REVOCATION_ORDERED
    assert events.count(AuditEvent.SESSION_REVOKED) == events.count(AuditEvent.LEASE_REVOKED) == 2
    assert all("root" in str(record.detail["by"]) for record in desk.store.audit.by_request("order-1"))


def test_again_it_finds_nothing_to_do(desk: Desk) -> None:
    desk.revoke(user="ethan")
    assert desk.revoke(user="ethan") == Revoked((), (), 0, ())


def test_one_warehouse_that_is_down_delays_no_other(desk: Desk) -> None:
    desk.warehouses["analytics"].before["end_aliases"] = raising(WarehouseUnavailable("It does not answer."))
    done = desk.revoke(user="ethan")
    assert {each.lease_id: each.state for each in done.leases} == {"l1": LeaseState.ENDING, "l2": LeaseState.ENDED}
    assert done.problems == ("analytics: It does not answer.",)


def test_an_issue_under_way_leaves_its_mark(desk: Desk) -> None:
    desk.add("s4", ETHAN, "l4", "analytics", active=False)
    desk.revoke(session_id="s4")
    lease = desk.store.leases.get("l4")
    assert lease
    assert lease.reason == CUT_OFF
    assert any(call.startswith("end_person_sessions") for call in desk.warehouses["analytics"].calls)


def test_a_lease_that_is_committed_meanwhile_is_found(desk: Desk) -> None:
    def late() -> None:
        desk.warehouses["other"].before.clear()
        desk.add("s2", ETHAN, "l5", "other")
        desk.store.sessions.revoke("s2", NOW, "again")

    desk.warehouses["other"].before["end_aliases"] = late
    desk.revoke(user="ethan")
    assert desk.live() == {"l3"}


def test_a_name_that_is_nobody_s_does_not_read_as_done(desk: Desk) -> None:
    with pytest.raises(PersonUnknown, match="'etham'"):
        desk.revoke(user="etham")
    assert desk.live() == {"l1", "l2", "l3"}
    desk.revoke(user="ethan")
    assert desk.revoke(user="ethan").leases == ()  # known, and nothing left to do
