"""A warehouse that is down for minutes, a store that is down for seconds, a store that loses every fifth call."""

import random
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from broker.clock import utc_now
from broker.credentials.model import DatabaseCredentials, LeaseState
from broker.credentials.reaper import INTENT_GRACE
from broker.demo.postgres import EmbeddedPostgres
from broker.errors import StoreUnavailable, WarehouseUnavailable
from broker.warehouse import PostgresWarehouse
from broker.wiring import open_broker
from tests.conftest import server_of
from tests.integration.credentials.ground import Broker, Ground, make_ground
from tests.integration.faults.site import Answer, Site, issue, store_url_of, until, warehouse

pytestmark = pytest.mark.integration

LATER = INTENT_GRACE + timedelta(seconds=1)
HALF_A_MINUTE = timedelta(seconds=30)


@pytest.fixture
def mortal() -> Iterator[EmbeddedPostgres]:
    """A server of our own, to stop and to start. Not below pytest's folder: that is closed to root's server."""
    folder = Path(tempfile.mkdtemp(prefix="wab-mortal-"))
    folder.chmod(0o755)
    try:
        with EmbeddedPostgres(folder) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Clock:
    """The system's, moved on by hand."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def __call__(self) -> datetime:
        return utc_now() + self.ahead


def test_a_warehouse_is_down_for_minutes(site: Site, ground: Ground, mortal: EmbeddedPostgres) -> None:
    clock = Clock()
    with make_ground(server_of(mortal.conninfo), site.folder) as down:
        site.write(warehouse("down", down), warehouse("well", ground))
        with open_broker(site.config, clock) as broker:
            due, lasting = issue(broker, "down", down, seconds=60), issue(broker, "down", down, seconds=3600)
            mortal.stop()
            refused = []
            for _ in range(10):
                clock.ahead += HALF_A_MINUTE
                with pytest.raises(WarehouseUnavailable) as refusal:
                    issue(broker, "down", down, now=clock())
                refused.append(refusal.value.retry_after)
                with pytest.raises(WarehouseUnavailable):
                    broker.reaper.run_once("down", clock())
                assert issue(broker, "well", ground, now=clock())
            assert all(0 < (seconds or 0) <= 30 for seconds in refused)
            mortal.start()
            clock.ahead += HALF_A_MINUTE
            broker.reaper.run_once("down", clock())
            assert down.usable_aliases() == {lasting.user}
            left = broker.reaper._leases.live(workgroup="down")
            assert [(lease.lease_id, lease.state) for lease in left] == [(lasting.lease_id, LeaseState.ACTIVE)]
            with down.log_in(lasting):
                again = issue(broker, "down", down, now=clock())
            assert again.user != due.user


def test_a_store_is_down_for_seconds(site: Site, ground: Ground, mortal: EmbeddedPostgres) -> None:
    site = replace(site, store_url=store_url_of(mortal.conninfo, "postgres"))
    site.write(warehouse("analytics", ground))
    (token,) = site.tokens([ground.person("ethan", ground.sales)])
    answers: list[tuple[float, Answer]] = []
    stop = threading.Event()

    def ask() -> None:
        client = broker.client()
        while not stop.is_set():
            begun = time.monotonic()
            answer = client.credentials(token, "analytics")
            answers.append((time.monotonic() - begun, answer))
            stop.wait(0.02)

    def count(status: int) -> int:
        return sum(answer.status == status for _, answer in answers)

    with site.serving(1) as (broker,):
        client = threading.Thread(target=ask)
        client.start()
        until(lambda: count(200) >= 10)
        mortal.stop()
        down = time.monotonic()
        until(lambda: count(503) >= 5 and time.monotonic() > down + 2)
        before = count(200)
        mortal.start()
        until(lambda: count(200) >= before + 10)
        stop.set()
        client.join()
    assert {answer.status for _, answer in answers} == {200, 503}
    assert {answer.code for _, answer in answers if answer.status == 503} == {"store-unavailable"}
    assert max(seconds for seconds, _ in answers) < 10
    _check_after_a_sweep(site, ground, [answer.body["lease_id"] for _, answer in answers if answer.status == 200])


def _check_after_a_sweep(site: Site, ground: Ground, handed_out: list[str]) -> None:
    with open_broker(site.config) as broker:
        broker.reaper.run_once("analytics", utc_now() + LATER)
        live = {lease.lease_id: lease for lease in broker.reaper._leases.live()}
    assert {lease.state for lease in live.values()} == {LeaseState.ACTIVE}
    assert ground.usable_aliases() == {lease.alias for lease in live.values()}
    assert set(handed_out) <= set(live), "a lease was lost"


class Losing:
    """A port of the store that loses every fifth call: half of them before it is done, half its answer."""

    def __init__(self, port: object, chance: random.Random) -> None:
        self._port = port
        self._chance = chance

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._port, name)

        def call(*args: object, **kwargs: object) -> object:
            fate = self._chance.random()
            if fate < 0.1:
                raise StoreUnavailable("It is lost.", retry_after=1)
            found = method(*args, **kwargs)
            if fate < 0.2:
                raise StoreUnavailable("Its answer is lost.", retry_after=1)
            return found

        return call


def test_a_store_loses_every_fifth_call(ground: Ground) -> None:
    chance = random.Random(4)

    def losing(port: object) -> object:
        return port if isinstance(port, PostgresWarehouse) else Losing(port, chance)

    moves = [(ground.sales,), (ground.finance,), (ground.sales, ground.finance)]
    got: dict[str, DatabaseCredentials] = {}
    lost = 0
    with ground.broker(losing) as shaky, ground.broker() as steady:
        for number in range(90):
            person = ground.person(f"p{number % 5}", *moves[number % 3])
            try:
                made = shaky.issue(person)
            except StoreUnavailable:
                lost += 1
            else:
                got[made.lease_id] = made
            with suppress(StoreUnavailable):
                shaky.reap()
        assert lost >= 20
        assert len(got) >= 20
        steady.reap(after=LATER)
        live = {lease.lease_id: lease for lease in steady.store.leases.live()}
        assert {lease.state for lease in live.values()} == {LeaseState.ACTIVE}
        assert ground.usable_aliases() == {lease.alias for lease in live.values()}, "an alias without a lease"
        assert set(got) <= set(live), "a lease was lost"
        for each in got.values():
            ground.log_in(each).close()
        _everything_ends(ground, shaky, steady)


def _everything_ends(ground: Ground, shaky: Broker, steady: Broker) -> None:
    """By a reaper whose store stays as it is."""
    for _ in range(200):
        with suppress(StoreUnavailable):
            shaky.reap(after=timedelta(hours=1))
        if not steady.store.leases.live():
            break
    assert steady.store.leases.live() == []
    assert ground.usable_aliases() == set()
