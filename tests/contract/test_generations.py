"""What every store of password generations keeps, and whose turn it lets be."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from broker.credentials.generations import Generation, KnownUser
from broker.secrets import Secret, random_name
from broker.store.engine import Database
from broker.store.model import Store
from broker.store.open import open_store
from broker.store.schema import generations as table
from broker.sts.keys import KeyRing
from roles.desired import Owner
from tests.contract.values import LATER, MINUTE, NOW, SECOND, at_once, lease

PLACE = ("main", "ethan@example.com")
LONG = LATER + timedelta(hours=3)


def generation(until=LATER) -> Generation:
    return Generation(random_name(8), Secret(random_name(30)), NOW, until)


@pytest.fixture
def ethan(store: Store) -> Store:
    """The store once Ethan has a lease: only then may there be a password."""
    store.leases.add_intent(lease())
    return store


def known(store: Store) -> KnownUser:
    found = store.generations.get(*PLACE)
    assert found
    return found


class TestHandedOut:
    def test_nobody_is_known_at_first(self, ethan: Store) -> None:
        assert ethan.generations.get(*PLACE) is None
        assert ethan.generations.of_workgroup("main") == []

    def test_the_same_until_it_nears_its_end(self, ethan: Store) -> None:
        first, second = generation(), generation(LONG)
        assert ethan.generations.hand_out(*PLACE, first, NOW + MINUTE) == first
        assert ethan.generations.hand_out(*PLACE, second, LATER) == first
        assert ethan.generations.hand_out(*PLACE, second, LATER + SECOND) == second
        assert known(ethan).generation == second
        assert known(ethan).owner == Owner("okta", "ethan@example.com")

    def test_not_after_it_was_withdrawn(self, ethan: Store) -> None:
        first, second = generation(), generation()
        ethan.generations.hand_out(*PLACE, first, LATER)
        ethan.generations.withdraw(*PLACE)
        assert known(ethan).generation is None
        assert ethan.generations.hand_out(*PLACE, second, NOW) == second

    def test_eight_who_propose_at_once_get_one(self, ethan: Store) -> None:
        got = at_once([lambda: ethan.generations.hand_out(*PLACE, generation(), LATER)] * 8)
        assert len({each.generation_id for each in got}) == 1
        assert got == [known(ethan).generation] * 8

    def test_each_person_has_their_own(self, ethan: Store) -> None:
        ethan.leases.add_intent(lease(database_user="emma", subject="emma"))
        ethan.leases.add_intent(lease(workgroup="other"))
        mine = ethan.generations.hand_out(*PLACE, generation(), LATER)
        hers = ethan.generations.hand_out("main", "emma", generation(), LATER)
        ethan.generations.hand_out("other", PLACE[1], generation(), LATER)
        assert mine != hers
        assert [each.database_user for each in ethan.generations.of_workgroup("main")] == ["emma", PLACE[1]]


class TestTurns:
    def take(self, store: Store, holder: str, now=NOW) -> bool:
        return store.generations.take_turn(*PLACE, holder, now, now + MINUTE)

    def test_one_at_a_time(self, ethan: Store) -> None:
        assert self.take(ethan, "a")
        assert not self.take(ethan, "b")
        ethan.generations.end_turn(*PLACE, "b")  # not b's to give back
        assert not self.take(ethan, "b")
        ethan.generations.end_turn(*PLACE, "a")
        assert self.take(ethan, "b")

    def test_it_is_free_again_when_its_time_is_over(self, ethan: Store) -> None:
        assert self.take(ethan, "a")
        assert not self.take(ethan, "b", NOW + MINUTE)
        assert self.take(ethan, "b", NOW + MINUTE + SECOND)
        ethan.generations.end_turn(*PLACE, "a")
        assert not self.take(ethan, "c", NOW + MINUTE + SECOND)

    def test_one_of_eight_gets_it(self, ethan: Store) -> None:
        got = at_once([lambda name=name: self.take(ethan, name) for name in "abcdefgh"])
        assert sorted(got) == [False] * 7 + [True]

    def test_nobody_has_one_on_a_user_that_is_no_persons(self, store: Store) -> None:
        assert not self.take(store, "a")

    def test_only_the_holder_writes(self, ethan: Store) -> None:
        self.take(ethan, "a")
        told = replace(known(ethan), user_id=104, announced_until=LATER, managed=("finance", "sales"))
        assert not ethan.generations.announce(told, "b")
        assert ethan.generations.announce(told, "a")
        assert known(ethan) == told
        settled = replace(told, managed=("sales",), applied="password-1", applied_until=LATER)
        assert not ethan.generations.settle(settled, "b")
        assert ethan.generations.settle(settled, "a")
        assert known(ethan) == settled

    def test_forgotten_is_gone(self, ethan: Store) -> None:
        self.take(ethan, "a")
        ethan.generations.forget(*PLACE)
        assert ethan.generations.get(*PLACE) is None
        assert self.take(ethan, "b")


class TestAtRest:
    def test_the_store_alone_gives_nothing_away(self, url: str, ring: KeyRing) -> None:
        store = open_store(url, ring)
        store.leases.add_intent(lease())
        mine = store.generations.hand_out(*PLACE, generation(), LATER)
        database = Database.connect(url)
        (row,) = database.rows(select(table))
        assert mine.password.reveal() not in repr(row)
        database.close()
        store.close()

    def test_a_password_sealed_for_somebody_else_is_refused(self, url: str, ring: KeyRing) -> None:
        store = open_store(url, ring)
        for name in ("emma", "eve"):
            store.leases.add_intent(lease(database_user=name, subject=name))
            store.generations.hand_out("main", name, generation(), LATER)
        database = Database.connect(url)
        rows = {row.database_user: row for row in database.rows(select(table))}
        copied = {name: getattr(rows["emma"], name) for name in ("sealed_password", "generation_id")}
        database.count(update(table).where(table.c.database_user == "eve").values(copied))
        with pytest.raises(Exception, match="sealed for somebody else"):
            store.generations.get("main", "eve")
        database.close()
        store.close()

    def test_one_sealed_by_a_key_that_is_gone_is_replaced(self, url: str, ring: KeyRing, tmp_path) -> None:
        store = open_store(url, ring)
        store.leases.add_intent(lease())
        lost = store.generations.hand_out(*PLACE, generation(LONG), LATER)
        store.close()
        later = open_store(url, KeyRing.create(tmp_path / "other.json"))
        assert known(later).generation is None
        new = later.generations.hand_out(*PLACE, generation(LONG), LATER)
        assert new != lost
        assert known(later).generation == new
        later.close()
