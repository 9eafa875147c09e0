"""The store as a whole: tables brought up to date, shared by brokers, silent about people at rest."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import select, text

from broker.credentials.model import LeaseState
from broker.errors import StoreTooNew, StoreUnavailable
from broker.store.engine import Database
from broker.store.model import ENDED_LEASE_KEPT, Store
from broker.store.open import open_store
from broker.store.schema import metadata
from broker.sts.keys import KeyRing
from tests.clean_processes import PROCESSES
from tests.contract.values import (
    APPROVED,
    LATER,
    NOW,
    SECOND,
    at_once,
    audit_record,
    authorization_code,
    device_grant,
    lease,
    pending_login,
    session,
)


def in_process(work: Callable[[Store], Any], url: str, ring_path: Path, start: Any) -> Any:
    start.wait()
    store = open_store(url, KeyRing.load(ring_path))
    try:
        return work(store)
    finally:
        store.close()


def take(handle: str, store: Store) -> bool:
    return store.pending_logins.take(handle, NOW) is not None


def use(assertion_id: str, store: Store) -> bool:
    return store.used_assertions.use("okta", assertion_id, LATER)


def poll(digest: str, store: Store) -> bool:
    return store.device_grants.poll(digest, NOW) is not None


def ping(store: Store) -> bool:
    store.ping()
    return True


def in_processes(work: Callable[[Store], Any], url: str, ring: KeyRing, count: int = 4) -> list[Any]:
    """What `work` returned in each of several processes, each with a store of its own, begun at the same moment."""
    with PROCESSES.Manager() as manager, PROCESSES.Pool(count) as pool:
        start = manager.Barrier(count)
        calls = [pool.apply_async(in_process, (work, url, ring._path, start)) for _ in range(count)]
        return [call.get(timeout=60) for call in calls]


class TestTables:
    def test_migrations_make_the_tables_of_the_schema(self, url: str, ring: KeyRing) -> None:
        open_store(url, ring).close()
        database = Database.connect(url)
        with database.transaction() as transaction:
            assert compare_metadata(MigrationContext.configure(transaction), metadata) == []
        database.close()

    def test_an_up_to_date_store_keeps_its_rows(self, url: str, ring: KeyRing) -> None:
        first = open_store(url, ring)
        login = pending_login()
        first.pending_logins.add(login)
        first.close()
        second = open_store(url, ring)
        assert second.pending_logins.take(login.handle, NOW) == login
        second.close()

    def test_a_store_of_a_newer_broker_is_refused(self, url: str, ring: KeyRing) -> None:
        open_store(url, ring).close()
        database = Database.connect(url)
        with database.transaction() as transaction:
            transaction.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        with pytest.raises(StoreTooNew, match="9999"):
            open_store(url, ring)
        database.close()

    def test_brokers_that_start_at_once_on_an_empty_store_all_come_up(self, url: str, ring: KeyRing) -> None:
        assert in_processes(ping, url, ring) == [True] * 4

    def test_threads_that_start_at_once_on_an_empty_store_all_come_up(self, url: str, ring: KeyRing) -> None:
        for store in at_once([lambda: open_store(url, ring)] * 6):
            store.ping()
            store.close()


class TestBrokersOnOneStore:
    def test_one_process_takes_a_pending_login(self, url: str, ring: KeyRing) -> None:
        store, login = open_store(url, ring), pending_login()
        store.pending_logins.add(login)
        assert sorted(in_processes(partial(take, login.handle), url, ring)) == [False] * 3 + [True]
        store.close()

    def test_one_process_uses_an_assertion(self, url: str, ring: KeyRing) -> None:
        open_store(url, ring).close()
        assert sorted(in_processes(partial(use, "_a"), url, ring)) == [False] * 3 + [True]

    def test_one_process_is_handed_an_approved_grant(self, url: str, ring: KeyRing) -> None:
        store, grant = open_store(url, ring), device_grant()
        store.device_grants.add(grant)
        store.device_grants.approve(grant.device_code_digest, APPROVED, NOW)
        assert sorted(in_processes(partial(poll, grant.device_code_digest), url, ring)) == [False] * 3 + [True]
        store.close()

    def test_one_of_two_stores_takes_it_and_the_other_sees_that(self, url: str, ring: KeyRing) -> None:
        one, other, code = open_store(url, ring), open_store(url, ring), authorization_code()
        one.authorization_codes.add(code)
        taken = at_once(
            [lambda: one.authorization_codes.take(code.code_digest, NOW)] * 4
            + [lambda: other.authorization_codes.take(code.code_digest, NOW)] * 4
        )
        assert [found for found in taken if found] == [code]
        one.close()
        other.close()


class TestTurns:
    def test_one_at_a_time_has_it(self, store: Store) -> None:
        with store.turns.turn("a") as first:
            assert first
            with store.turns.turn("b") as other:
                assert other
        with store.turns.turn("a") as again:
            assert again

    def test_another_broker_comes_later(self, postgres_store_url: str, ring: KeyRing) -> None:
        one, other = open_store(postgres_store_url, ring), open_store(postgres_store_url, ring)
        with one.turns.turn("a"):
            with other.turns.turn("a") as second:
                assert not second
            with other.turns.turn("a") as third:
                assert not third, "who had no turn took it away"
        with other.turns.turn("a") as fourth:
            assert fourth
        one.close()
        other.close()

    def test_a_turn_ends_with_its_connection_and_what_was_done_in_it_stands(
        self, postgres_store_url: str, ring: KeyRing
    ) -> None:
        one, other = open_store(postgres_store_url, ring), open_store(postgres_store_url, ring)
        database = Database.connect(postgres_store_url)
        with one.turns.turn("a"):
            database.rows(
                text(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory'"
                    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
                )
            )
            with other.turns.turn("a") as second:
                assert second
        one.ping()
        for each in (one, other, database):
            each.close()


class TestWhole:
    def test_everything_past_its_end_is_forgotten(self, store: Store) -> None:
        store.pending_logins.add(pending_login())
        store.authorization_codes.add(authorization_code())
        store.device_grants.add(device_grant())
        store.used_assertions.use("okta", "_a", LATER)
        store.sessions.add(session())
        ended = lease(expires_at=LATER)
        store.leases.add_intent(ended)
        store.leases.move(ended.lease_id, LeaseState.FAILED, LATER)
        assert store.forget_expired(LATER - SECOND) == 0
        assert store.forget_expired(LATER) == 4
        assert store.forget_expired(LATER + timedelta(days=1)) == 1
        assert store.forget_expired(LATER + ENDED_LEASE_KEPT + SECOND) == 1

    def test_a_live_store_answers(self, store: Store) -> None:
        store.ping()

    def test_a_sign_in_at_rest_names_nobody(self, url: str, ring: KeyRing) -> None:
        store = open_store(url, ring)
        grant = device_grant()
        store.authorization_codes.add(authorization_code())
        store.device_grants.add(grant)
        store.device_grants.approve(grant.device_code_digest, APPROVED, NOW)
        store.close()
        database = Database.connect(url)
        for name in ("authorization_codes", "device_grants"):
            (row,) = database.rows(select(metadata.tables[name]))
            assert "ethan" not in str(row)
        database.close()

    def test_a_store_that_is_gone_says_so(self, url: str, ring: KeyRing) -> None:
        store = open_store(url, ring)
        database = Database.connect(url)
        with database.transaction() as transaction:
            transaction.execute(text("DROP TABLE audit_records"))
        with pytest.raises(StoreUnavailable):
            store.audit.record(audit_record())
        store.close()
        database.close()
