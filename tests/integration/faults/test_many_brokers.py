"""Three brokers on one store, as processes: they start together, share the work, and one of them is killed."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta

import psycopg
import pytest

from broker.audit import AuditEvent
from broker.clock import utc_now
from broker.credentials.model import LeaseState
from broker.credentials.ports import AliasEnded
from broker.credentials.reaper import INTENT_GRACE
from broker.warehouse import PostgresWarehouse
from broker.wiring import Broker, open_broker
from tests.integration.credentials.ground import Ground
from tests.integration.faults.site import Answer, BrokerProcess, Site, issue, until, warehouse

pytestmark = pytest.mark.integration

LATER = INTENT_GRACE + timedelta(seconds=1)
PEOPLE = 6
LEASES = 60


@dataclass
class Load:
    """Clients that ask without a pause, each of its own broker; of another one, once theirs is gone."""

    brokers: Sequence[BrokerProcess]
    workgroup: str
    answers: list[Answer] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self, number: int, token: str) -> None:
        turn = number
        client = self.brokers[turn % len(self.brokers)].client()
        while not self.stop.is_set():
            answer = client.credentials(token, self.workgroup)
            self.answers.append(answer)
            if answer.status == 0:
                turn += 1
                client = self.brokers[turn % len(self.brokers)].client()

    @property
    def handed_out(self) -> list[Answer]:
        return [answer for answer in self.answers if answer.status == 200]


def test_one_of_three_is_killed_under_load(site: Site, ground: Ground, other_ground: Ground) -> None:
    site.write(warehouse("analytics", ground), warehouse("other", other_ground, host="localhost"))
    with site.serving(3) as brokers, ExitStack() as stack:  # on an empty store
        tokens = site.tokens([ground.person(f"p{number}", ground.sales) for number in range(PEOPLE)])
        strangers = site.tokens([other_ground.person("ethan", other_ground.sales)])
        loads = [Load(brokers, "analytics"), Load(brokers[1:], "other")]
        threads = [threading.Thread(target=loads[0].run, args=each) for each in enumerate(tokens)]
        threads += [threading.Thread(target=loads[1].run, args=each) for each in enumerate(strangers)]
        for each in threads:
            stack.callback(each.join)
            each.start()
        for load in loads:
            stack.callback(load.stop.set)
        until(lambda: len(loads[0].handed_out) >= 40)
        brokers[0].process.kill()
        seen = len(loads[0].handed_out)
        until(lambda: len(loads[0].handed_out) >= seen + 40)
        for load in loads:
            load.stop.set()
        for each in threads:
            each.join()
        cut_off = [answer for answer in loads[0].answers if answer.status != 200]
        assert {answer.status for answer in cut_off} == {0}
        assert 0 < len(cut_off) <= PEOPLE, "only requests that the killed one had"
        assert [answer for answer in loads[1].answers if answer.status != 200] == [], "of the other warehouse"
        with open_broker(site.config) as broker:
            _check(broker, "analytics", ground, loads[0].handed_out)
            _check(broker, "other", other_ground, loads[1].handed_out)


def _check(broker: Broker, workgroup: str, ground: Ground, handed_out: Sequence[Answer]) -> None:
    """After one sweep: what was handed out works, and nothing else is there."""
    broker.reaper.run_once(workgroup, utc_now() + LATER)
    live = {lease.lease_id: lease for lease in broker.reaper._leases.live(workgroup=workgroup)}
    assert {lease.state for lease in live.values()} == {LeaseState.ACTIVE}
    assert ground.usable_aliases() == {lease.alias for lease in live.values()}, "an alias without a lease"
    assert {answer.body["lease_id"] for answer in handed_out} <= set(live), "a lease was lost"
    for answer in handed_out[-10:]:
        with psycopg.connect(ground.login_conninfo(answer.body["user"], answer.body["password"])) as login:
            assert login.execute("SELECT amount FROM sales_schema.store_sales").fetchall() == [(1,)]


def test_three_reapers_end_each_login_once(site: Site, ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    site.write(warehouse("analytics", ground))
    asked: list[str] = []
    end_aliases = PostgresWarehouse.end_aliases

    def counted(warehouse: PostgresWarehouse, names: Sequence[str]) -> list[AliasEnded]:
        asked.extend(names)
        return end_aliases(warehouse, names)

    monkeypatch.setattr(PostgresWarehouse, "end_aliases", counted)
    with ExitStack() as stack:
        brokers = [stack.enter_context(open_broker(site.config)) for _ in range(3)]
        due = [issue(brokers[0], "analytics", ground, f"p{number % PEOPLE}") for number in range(LEASES)]
        start, much_later = threading.Barrier(3), utc_now() + timedelta(hours=1)

        def reap(broker: Broker) -> int:
            start.wait(10)
            runs = [broker.reaper.run_in_turn("analytics", much_later) for _ in range(3)]
            return sum(run.ended for run in runs if run)

        with ThreadPoolExecutor(3) as threads:
            assert sum(threads.map(reap, brokers)) == LEASES
        assert sorted(asked) == sorted(each.user for each in due), "two reapers were at the same login"
        with site.store() as store:
            records = [record for number in range(PEOPLE) for record in store.audit.by_request(f"of p{number}")]
        assert [record.event for record in records].count(AuditEvent.LEASE_REAPED) == LEASES
    assert ground.usable_aliases() == set()
