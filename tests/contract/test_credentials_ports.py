"""What every store of leases keeps."""

from dataclasses import replace

import pytest

from broker.credentials.lease import FINAL_STATES, TRANSITIONS
from broker.credentials.model import Lease, LeaseState
from broker.errors import DatabaseUserTaken
from broker.store.model import Store
from tests.contract.values import LATER, MINUTE, NOW, SECOND, at_once, lease

PATH = {
    LeaseState.INTENT: [],
    LeaseState.ACTIVE: [LeaseState.ACTIVE],
    LeaseState.ENDING: [LeaseState.ACTIVE, LeaseState.ENDING],
    LeaseState.ENDED: [LeaseState.ACTIVE, LeaseState.ENDING, LeaseState.ENDED],
    LeaseState.FAILED: [LeaseState.FAILED],
}
"""How a new lease gets to each state."""


def added(store: Store, state: LeaseState = LeaseState.INTENT, **fields) -> Lease:
    new = lease(**fields)
    store.leases.add_intent(new)
    for step in PATH[state]:
        assert store.leases.move(new.lease_id, step, NOW)
    return new


def ids(leases) -> list[str]:
    return [found.lease_id for found in leases]


class TestLeases:
    def test_what_was_added_is_found(self, store: Store) -> None:
        new = added(store)
        assert store.leases.get(new.lease_id) == new
        assert store.leases.get("another") is None

    @pytest.mark.parametrize("source", LeaseState)
    @pytest.mark.parametrize("target", LeaseState)
    def test_it_moves_as_the_table_of_transitions_says(
        self, store: Store, source: LeaseState, target: LeaseState
    ) -> None:
        new = added(store, source)
        moves = target in TRANSITIONS[source]
        assert store.leases.move(new.lease_id, target, LATER, "why") is moves
        found = store.leases.get(new.lease_id)
        assert found
        assert found.state is (target if moves else source)
        if moves:
            assert found.reason == "why"
            assert found.ended_at == (LATER if target in FINAL_STATES else None)

    def test_an_unknown_lease_does_not_move(self, store: Store) -> None:
        assert not store.leases.move("another", LeaseState.ACTIVE, NOW)

    def test_a_move_without_a_reason_keeps_the_one_before(self, store: Store) -> None:
        new = added(store, LeaseState.ACTIVE)
        store.leases.move(new.lease_id, LeaseState.ENDING, NOW, "expired")
        store.leases.move(new.lease_id, LeaseState.ENDED, LATER)
        assert store.leases.get(new.lease_id) == replace(new, state=LeaseState.ENDED, ended_at=LATER, reason="expired")

    def test_many_move_at_once_where_the_table_lets_them(self, store: Store) -> None:
        leases = [lease() for _ in range(3)]
        for each in leases:
            store.leases.add_intent(each)
        store.leases.move(leases[2].lease_id, LeaseState.FAILED, NOW)
        asked = [*(each.lease_id for each in leases), "another"]
        assert store.leases.move_all(asked, LeaseState.ENDING, LATER, "expired") == 2
        found = [store.leases.get(each.lease_id) for each in leases]
        assert [(each.state, each.reason) for each in found if each] == [
            (LeaseState.ENDING, "expired"),
            (LeaseState.ENDING, "expired"),
            (LeaseState.FAILED, ""),
        ]
        assert store.leases.move_all([], LeaseState.ENDED, LATER) == 0

    def test_one_of_eight_moves_wins(self, store: Store) -> None:
        new = added(store, LeaseState.ACTIVE)
        moved = at_once([lambda: store.leases.move(new.lease_id, LeaseState.ENDING, NOW)] * 8)
        assert sorted(moved) == [False] * 7 + [True]


class TestDatabaseUsers:
    def test_a_person_gets_many_leases_on_their_database_user(self, store: Store) -> None:
        first, second = added(store), added(store)
        assert ids(store.leases.live()) == sorted([first.lease_id, second.lease_id])

    @pytest.mark.parametrize("other", [{"subject": "emma@example.com"}, {"identity_provider": "entra"}])
    def test_nobody_else_gets_a_lease_on_it(self, store: Store, other: dict[str, str]) -> None:
        added(store)
        refused = lease(**other)
        with pytest.raises(DatabaseUserTaken):
            store.leases.add_intent(refused)
        assert store.leases.get(refused.lease_id) is None

    def test_another_workgroup_has_database_users_of_its_own(self, store: Store) -> None:
        added(store)
        assert store.leases.get(added(store, workgroup="other", subject="emma@example.com").lease_id)

    def test_it_stays_theirs_when_every_lease_is_forgotten(self, store: Store) -> None:
        added(store, LeaseState.FAILED)
        assert store.leases.forget_ended(LATER) == 1
        with pytest.raises(DatabaseUserTaken):
            store.leases.add_intent(lease(subject="emma@example.com"))

    def test_it_goes_to_one_of_eight_who_ask_at_once(self, store: Store) -> None:
        def ask(person: int) -> bool:
            try:
                store.leases.add_intent(lease(subject=f"person {person}"))
            except DatabaseUserTaken:
                return False
            return True

        assert sorted(at_once([lambda person=person: ask(person) for person in range(8)])) == [False] * 7 + [True]

    def test_a_person_may_ask_eight_times_at_once(self, store: Store) -> None:
        at_once([lambda: store.leases.add_intent(lease())] * 8)
        assert len(store.leases.live()) == 8


class TestLeasesFound:
    def test_by_aliases_of_the_workgroup(self, store: Store) -> None:
        first, second = added(store), added(store, LeaseState.ENDED)
        elsewhere = added(store, workgroup="other")
        wanted = [first.alias, second.alias, elsewhere.alias, "bk_unknown"]
        found = store.leases.by_aliases("main", wanted)
        assert {alias: one.lease_id for alias, one in found.items()} == {
            first.alias: first.lease_id,
            second.alias: second.lease_id,
        }
        assert store.leases.by_aliases("main", []) == {}

    def test_due_are_those_that_must_end_oldest_first(self, store: Store) -> None:
        intent_cut_off = added(store, created_at=NOW - 3 * MINUTE)
        active_past = added(store, LeaseState.ACTIVE, created_at=NOW - 4 * MINUTE, expires_at=NOW)
        ending = added(store, LeaseState.ENDING, created_at=NOW - 2 * MINUTE)
        added(store, created_at=NOW - MINUTE)  # an intent that is still young
        added(store, LeaseState.ACTIVE, expires_at=NOW + SECOND)
        added(store, LeaseState.ENDED, expires_at=NOW - MINUTE)
        added(store, LeaseState.FAILED, created_at=NOW - 9 * MINUTE)
        added(store, LeaseState.ENDING, workgroup="other")
        due = store.leases.due("main", NOW, NOW - MINUTE, 10)
        assert ids(due) == ids([active_past, intent_cut_off, ending])
        assert ids(store.leases.due("main", NOW, NOW - MINUTE, 2)) == ids([active_past, intent_cut_off])

    def test_live_matches_every_filter(self, store: Store) -> None:
        base = {"workgroup": "main", "session_id": "s1"}
        first = added(store, **base)
        second = added(store, LeaseState.ACTIVE, **base | {"session_id": "s2"}, created_at=NOW + SECOND)
        third = added(store, LeaseState.ENDING, **base | {"workgroup": "other"}, created_at=NOW + MINUTE)
        emma = added(store, database_user="emma", subject="emma", session_id="s3", created_at=NOW + 2 * MINUTE)
        added(store, LeaseState.ENDED, **base)
        added(store, LeaseState.FAILED, **base)
        assert ids(store.leases.live()) == ids([first, second, third, emma])
        assert ids(store.leases.live(session_id="s1")) == ids([first, third])
        assert ids(store.leases.live(workgroup="main", subject="ethan@example.com")) == ids([first, second])
        assert ids(store.leases.live(workgroup="other", session_id="s2")) == []

    def test_only_what_ended_before_is_forgotten(self, store: Store) -> None:
        ended, failed = added(store, LeaseState.ENDED), added(store, LeaseState.FAILED)
        alive = added(store, LeaseState.ENDING)
        assert store.leases.forget_ended(NOW) == 0
        assert store.leases.forget_ended(NOW + SECOND) == 2
        assert store.leases.get(ended.lease_id) is None
        assert store.leases.get(failed.lease_id) is None
        assert store.leases.get(alive.lease_id)

    def test_owners_are_of_one_workgroup_and_outlive_their_leases(self, store: Store) -> None:
        new = added(store, LeaseState.ENDED)
        assert store.leases.forget_ended(LATER) == 1
        assert store.leases.owners(new.workgroup) == {new.database_user: (new.identity_provider, new.subject)}
        assert store.leases.owners("another") == {}

    def test_who_left_is_known_as_that_until_the_next_lease(self, store: Store) -> None:
        ethan = added(store, LeaseState.ENDED)
        other = added(store, LeaseState.ENDED, workgroup="other")
        store.leases.mark_offboarded(ethan.workgroup, ethan.database_user, NOW)
        store.leases.mark_offboarded(ethan.workgroup, "nobody", NOW)
        assert store.leases.offboarded(ethan.workgroup) == {ethan.database_user: NOW}
        assert store.leases.offboarded("other") == {}
        assert ethan.database_user in store.leases.owners(ethan.workgroup)
        with pytest.raises(DatabaseUserTaken):
            added(store, subject="somebody else")
        assert store.leases.offboarded(ethan.workgroup) == {ethan.database_user: NOW}
        back = added(store)
        assert store.leases.get(back.lease_id)
        assert store.leases.offboarded(ethan.workgroup) == {}
        assert other.database_user in store.leases.owners("other")
