"""What comes to its end: due leases, cut-off issues, orphans; and that no failure stops the next attempt."""

import threading
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.audit import AuditEvent, AuditRecord
from broker.credentials import reaper as reaper_module
from broker.credentials.lease import CUT_OFF, EXPIRED
from broker.credentials.model import Lease, LeaseState
from broker.credentials.reaper import BATCH, INTENT_GRACE, LONGEST_PAUSE, Reaper, ReapReport, pause
from broker.errors import BrokerError, StoreUnavailable, WarehouseBusy, WarehouseRefused, WarehouseUnavailable
from broker.store.memory import memory_store
from roles.readiness import CANARY_LEASE
from tests.unit.broker.credentials.double import NOW, WarehouseDouble, raising

LEASE = Lease(
    lease_id="lease-1",
    workgroup="analytics",
    database="sales",
    database_user="ethan@example.com",
    alias="bk_1",
    identity_provider="okta",
    subject="ethan@example.com",
    session_id="session-1",
    request_id="request-1",
    state=LeaseState.INTENT,
    created_at=NOW,
    expires_at=NOW + timedelta(seconds=900),
)
END = LEASE.expires_at


class Bench:
    """A reaper on memory and one double."""

    def __init__(self) -> None:
        self.warehouse = WarehouseDouble()
        self.store = memory_store()
        self.reaper = self.another()

    def another(self) -> Reaper:
        return Reaper(
            warehouses={"analytics": self.warehouse},
            leases=self.store.leases,
            turns=self.store.turns,
            audit=self.store.audit,
            clock=lambda: END,
            interval=timedelta(milliseconds=1),
            forget=self.store.forget_expired,
        )

    def intent(self, lease: Lease = LEASE, *, in_warehouse: bool = True) -> Lease:
        self.store.leases.add_intent(lease)
        if in_warehouse:
            self.warehouse.add(lease.alias, lease.lease_id, lease.database_user, lease.expires_at)
        return lease

    def active(self, lease: Lease = LEASE) -> Lease:
        self.intent(lease)
        assert self.store.leases.move(lease.lease_id, LeaseState.ACTIVE, NOW)
        return lease

    def run(self, now: datetime = END) -> ReapReport:
        return self.reaper.run_once("analytics", now)

    def stored(self, lease_id: str = "lease-1") -> Lease:
        lease = self.store.leases.get(lease_id)
        assert lease
        return lease

    @property
    def records(self) -> list[AuditRecord]:
        return self.store.audit.by_request("request-1")


@pytest.fixture
def bench() -> Bench:
    return Bench()


# --- due leases ----------------------------------------------------------------------------------------------------


def test_a_live_lease_is_left_alone(bench: Bench) -> None:
    bench.active()
    assert bench.run(END - timedelta(seconds=1)) == ReapReport()
    assert (bench.stored().state, list(bench.warehouse.found)) == (LeaseState.ACTIVE, ["bk_1"])


def test_a_lease_past_its_end_ends_with_its_sessions_and_is_on_record(bench: Bench) -> None:
    bench.active()
    assert bench.run() == ReapReport(ended=1, terminated=1)
    assert (bench.stored().state, bench.stored().ended_at, bench.warehouse.found) == (LeaseState.ENDED, END, {})
    (record,) = bench.records
    assert (record.event, record.lease_id, record.alias) == (AuditEvent.LEASE_REAPED, "lease-1", "bk_1")
    assert record.detail == {"reason": EXPIRED, "sessions": 1}


def test_a_second_run_finds_nothing(bench: Bench) -> None:
    bench.active()
    bench.run()
    assert bench.run() == ReapReport()
    assert len(bench.records) == 1


def test_many_end_in_batches(bench: Bench) -> None:
    for number in range(2 * BATCH + 1):
        bench.active(replace(LEASE, lease_id=f"lease-{number}", alias=f"bk_{number}"))
    assert bench.run().ended == 2 * BATCH + 1
    assert [call for call in bench.warehouse.calls if call.startswith("end_")] == [
        f"end_aliases({BATCH})",
        f"end_aliases({BATCH})",
        "end_aliases(1)",
    ]


@pytest.mark.parametrize("failure", [WarehouseRefused("not yours"), WarehouseBusy("a lock")])
def test_one_that_is_refused_holds_up_no_other_of_its_batch(bench: Bench, failure: BrokerError) -> None:
    for number in range(1, 4):
        bench.active(replace(LEASE, lease_id=f"lease-{number}", alias=f"bk_{number}"))
    bench.warehouse.add("bk_stray", "", "")
    bench.warehouse.refused["bk_2"] = failure
    with pytest.raises(type(failure)):
        bench.run()
    assert list(bench.warehouse.found) == ["bk_2"]
    states = [bench.stored(f"lease-{number}").state for number in range(1, 4)]
    assert states == [LeaseState.ENDED, LeaseState.ENDING, LeaseState.ENDED]
    assert {record.alias for record in bench.records} == {"bk_1", "bk_3"}
    bench.warehouse.refused.clear()
    assert bench.run().ended == 1


def test_an_orphan_that_is_refused_holds_up_no_other(bench: Bench) -> None:
    for name in ("bk_1", "bk_2", "bk_3"):
        bench.warehouse.add(name, "", "")
    bench.warehouse.refused["bk_2"] = WarehouseRefused("not yours")
    with pytest.raises(WarehouseRefused):
        bench.run()
    assert list(bench.warehouse.found) == ["bk_2"]


def test_a_warehouse_that_does_not_answer_is_asked_once_for_a_batch(bench: Bench) -> None:
    for number in range(3):
        bench.active(replace(LEASE, lease_id=f"lease-{number}", alias=f"bk_{number}"))
    bench.warehouse.before["end_aliases"] = raising(WarehouseUnavailable("down"))
    with pytest.raises(WarehouseUnavailable):
        bench.run()
    assert bench.warehouse.calls.count("end_aliases(3)") == 1
    assert "end_aliases(1)" not in bench.warehouse.calls


def test_while_more_is_due_the_sweep_waits(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reaper_module, "AT_ONCE", 2)
    for number in range(3):
        bench.active(replace(LEASE, lease_id=f"lease-{number}", alias=f"bk_{number}"))
    first = bench.run()
    assert (first.ended, first.full, "aliases" in bench.warehouse.calls) == (2, True, False)
    second = bench.run()
    assert (second.ended, second.full, "aliases" in bench.warehouse.calls) == (1, False, True)


def test_what_cannot_end_does_not_keep_the_sweep_away(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reaper_module, "AT_ONCE", 2)
    for number in range(3):
        bench.active(replace(LEASE, lease_id=f"lease-{number}", alias=f"bk_{number}"))
        bench.warehouse.refused[f"bk_{number}"] = WarehouseRefused("not yours")
    for _ in range(2):
        with pytest.raises(WarehouseRefused):
            bench.run()
    assert "aliases" in bench.warehouse.calls


def test_a_run_that_was_cut_off_is_taken_up_by_the_next(bench: Bench) -> None:
    bench.active()
    bench.warehouse.after["end_aliases"] = raising(WarehouseUnavailable("the connection broke"))
    with pytest.raises(WarehouseUnavailable):
        bench.run()
    assert bench.stored().state is LeaseState.ENDING
    bench.warehouse.after.clear()
    assert bench.run().ended == 1
    assert bench.records[-1].detail["reason"] == EXPIRED


def test_an_end_that_cannot_be_recorded_is_not_final(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.active()
    with monkeypatch.context() as patch:
        patch.setattr(bench.store.audit, "record_all", lambda _records: raising(StoreUnavailable("down"))())
        with pytest.raises(StoreUnavailable):
            bench.run()
    assert bench.warehouse.found == {}
    assert bench.stored().state is LeaseState.ENDING
    assert (bench.run().ended, len(bench.records)) == (1, 1)


def test_an_alias_that_cannot_be_dropped_is_disabled_reported_and_tried_again(bench: Bench) -> None:
    bench.active()
    bench.warehouse.undroppable = "bk_1"
    first = bench.run()
    assert (first.ended, first.problems) == (1, ("bk_1: it owns a large object",))
    assert bench.records[-1].detail["problem"] == "it owns a large object"
    assert bench.run().problems == first.problems
    assert len(bench.records) == 1
    bench.warehouse.undroppable = ""
    assert bench.run().orphans == 1
    assert bench.records[-1].event is AuditEvent.ORPHAN_REMOVED


def test_another_broker_that_reaps_at_the_same_moment_disturbs_nobody(bench: Bench) -> None:
    bench.active()

    def overtake() -> None:
        bench.warehouse.before.clear()
        bench.another().run_once("analytics", END)

    bench.warehouse.before["end_aliases"] = overtake
    assert bench.run() == ReapReport()
    assert bench.stored().state is LeaseState.ENDED
    assert [record.event for record in bench.records] == [AuditEvent.LEASE_REAPED]


# --- issues that were cut off --------------------------------------------------------------------------------------


def test_a_young_intent_is_somebodys_work(bench: Bench) -> None:
    bench.intent()
    assert bench.run(NOW + INTENT_GRACE) == ReapReport()
    assert bench.stored().state is LeaseState.INTENT


def test_an_old_intent_ends_the_persons_sessions_and_then_its_alias(bench: Bench) -> None:
    bench.intent()
    report = bench.run(NOW + INTENT_GRACE + timedelta(seconds=1))
    assert report == ReapReport(ended=1, terminated=3)
    ends = [call for call in bench.warehouse.calls if call.startswith("end_")]
    assert ends == ["end_person_sessions(ethan@example.com, spare=)", "end_aliases(1)"]
    assert (bench.stored().state, bench.stored().reason) == (LeaseState.ENDED, CUT_OFF)
    assert [record.event for record in bench.records] == [AuditEvent.SESSIONS_ENDED, AuditEvent.LEASE_REAPED]


def test_an_old_intent_without_an_alias_may_have_taken_a_right_away_all_the_same(bench: Bench) -> None:
    bench.intent(in_warehouse=False)
    assert bench.run() == ReapReport(ended=1, terminated=2)


def test_several_cut_off_issues_of_one_person_end_the_sessions_once(bench: Bench) -> None:
    for number in range(3):
        bench.intent(replace(LEASE, lease_id=f"lease-{number}", alias=f"bk_{number}"))
    assert bench.run().ended == 3
    assert len([call for call in bench.warehouse.calls if call.startswith("end_person")]) == 1


@pytest.mark.parametrize("step", ["end_person_sessions", "end_aliases"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_cut_off_issue_is_cleaned_up_even_if_the_clean_up_is_cut_off(bench: Bench, step: str, moment: str) -> None:
    bench.intent()
    getattr(bench.warehouse, moment)[step] = raising(WarehouseUnavailable("the connection broke"))
    with pytest.raises(WarehouseUnavailable):
        bench.run()
    bench.warehouse.before.clear()
    bench.warehouse.after.clear()
    bench.run()
    assert (bench.stored().state, bench.warehouse.found) == (LeaseState.ENDED, {})
    completed = [record for record in bench.records if record.event is AuditEvent.SESSIONS_ENDED]
    assert len(completed) >= 1


def test_a_person_whose_sessions_do_not_end_holds_up_nobody_else(bench: Bench) -> None:
    bench.intent()
    bench.active(replace(LEASE, lease_id="lease-2", alias="bk_2"))
    bench.warehouse.add("bk_stray", "", "")
    bench.warehouse.before["end_person_sessions"] = raising(WarehouseUnavailable("sessions live on"))
    with pytest.raises(WarehouseUnavailable, match="sessions live on"):
        bench.run()
    assert list(bench.warehouse.found) == ["bk_1"]
    assert bench.stored("lease-1").state is LeaseState.ENDING
    assert bench.stored("lease-2").state is LeaseState.ENDED


# --- the sweep -----------------------------------------------------------------------------------------------------


def test_an_alias_that_the_store_does_not_know_is_removed(bench: Bench) -> None:
    bench.warehouse.add("bk_stray", "lease-of-a-lost-store", "ethan@example.com")
    assert bench.run() == ReapReport(orphans=1, terminated=1)
    (record,) = bench.store.audit.by_request("")
    assert (record.event, record.alias, record.lease_id) == (
        AuditEvent.ORPHAN_REMOVED,
        "bk_stray",
        "lease-of-a-lost-store",
    )


@pytest.mark.parametrize("path", [(LeaseState.FAILED,), (LeaseState.ENDING, LeaseState.ENDED)])
def test_an_alias_whose_lease_is_over_is_removed(bench: Bench, path: tuple[LeaseState, ...]) -> None:
    bench.intent()
    for state in path:
        assert bench.store.leases.move("lease-1", state, NOW)
    assert bench.run().orphans == 1
    assert bench.warehouse.found == {}
    assert bench.records[-1].detail["reason"] == f"its lease is {path[-1]}"


def test_a_cut_off_transaction_that_comes_through_late_still_ends_the_persons_sessions(bench: Bench) -> None:
    bench.intent(in_warehouse=False)
    bench.run()
    bench.warehouse.calls.clear()
    bench.warehouse.add("bk_1", "lease-1", "ethan@example.com", END)
    assert bench.run().orphans == 1
    assert "end_person_sessions(ethan@example.com, spare=)" in bench.warehouse.calls


def test_an_alias_that_appears_while_the_sweep_looks_is_never_taken_for_an_orphan(bench: Bench) -> None:
    bench.warehouse.after["aliases"] = bench.intent  # type: ignore[assignment]
    assert bench.run(NOW) == ReapReport()
    assert list(bench.warehouse.found) == ["bk_1"]


def test_what_another_broker_ends_while_the_sweep_looks_is_no_orphan(bench: Bench) -> None:
    bench.active()

    def end_elsewhere() -> None:  # a broker whose clock is ahead
        bench.warehouse.after.clear()
        bench.another().run_once("analytics", END)

    bench.warehouse.after["aliases"] = end_elsewhere
    assert bench.run(END - timedelta(seconds=1)) == ReapReport()
    assert [record.event for record in bench.records] == [AuditEvent.LEASE_REAPED]


def test_the_doctors_canary_is_left_alone_until_its_end(bench: Bench) -> None:
    bench.warehouse.add("bk_canary", CANARY_LEASE, "broker_canary_1", END)
    assert bench.run(END - timedelta(seconds=1)) == ReapReport()
    assert bench.run(END).orphans == 1


# --- the loop ------------------------------------------------------------------------------------------------------


def test_a_failing_warehouse_neither_stops_the_loop_nor_delays_another() -> None:
    broken, well, stop = WarehouseDouble(), WarehouseDouble(), threading.Event()
    hang, seen_both = threading.Event(), threading.Barrier(2, timeout=10)
    failures: list[int] = []

    def fail() -> None:
        failures.append(1)
        if len(failures) == 3:
            seen_both.wait()
            hang.wait(10)
        raise RuntimeError("a defect")

    runs: list[int] = []
    many = threading.Event()

    def run() -> None:
        runs.append(1)
        if len(runs) == 3:
            seen_both.wait()
        if len(runs) == 20:
            many.set()

    broken.before["aliases"] = fail
    well.before["aliases"] = run
    store = memory_store()
    reaper = Reaper(
        warehouses={"broken": broken, "well": well},
        leases=store.leases,
        turns=store.turns,
        audit=store.audit,
        clock=lambda: NOW,
        interval=timedelta(milliseconds=1),
        forget=store.forget_expired,
    )
    loop = threading.Thread(target=reaper.run_forever, args=(stop,))
    loop.start()
    assert many.wait(10)
    assert len(failures) == 3  # it hangs all the while
    stop.set()
    hang.set()
    loop.join(timeout=10)
    assert not loop.is_alive()


@given(st.integers(1, 120), st.integers(0, 10_000), st.floats(0, 1))
def test_a_pause_grows_to_a_limit_and_is_never_much_shorter(seconds: int, failures: int, jitter: float) -> None:
    interval = timedelta(seconds=seconds)
    got = pause(interval, failures, jitter)
    assert interval * 0.75 <= got <= max(interval, LONGEST_PAUSE)
    assert got <= pause(interval, failures + 1, jitter)
