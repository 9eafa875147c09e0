import asyncio
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from broker.errors import TooManyRequests
from broker.http import limits
from broker.http.limits import Brake, ClientAddress, RateLimit, Turns
from tests.simulators.sign_in import NOW

PROXY = "10.0.0.7"


def request(peer: str, *forwarded: str) -> Request:
    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    return Request({"type": "http", "method": "GET", "path": "/", "headers": headers, "client": (peer, 1)})


def taken(limit: RateLimit, key: str, count: int, after: timedelta = timedelta()) -> int:
    """How many of `count` were let pass."""
    passed = 0
    for _ in range(count):
        try:
            limit.take(key, NOW + after)
        except TooManyRequests:
            continue
        passed += 1
    return passed


def test_a_quarter_comes_at_once_and_the_rest_in_time() -> None:
    limit = RateLimit(60)
    assert taken(limit, "a", 20) == 15
    assert taken(limit, "b", 1) == 1
    assert taken(limit, "a", 5, timedelta(seconds=1)) == 1
    assert taken(limit, "a", 99, timedelta(minutes=1)) == 15


def test_the_smallest_limit_still_lets_one_pass() -> None:
    limit = RateLimit(1)
    assert taken(limit, "a", 3) == 1
    assert taken(limit, "a", 3, timedelta(seconds=59)) == 0
    assert taken(limit, "a", 3, timedelta(seconds=60)) == 1


def test_the_refusal_says_when_to_come_back() -> None:
    limit = RateLimit(60)
    taken(limit, "a", 15)
    with pytest.raises(TooManyRequests) as refused:
        limit.take("a", NOW)
    assert refused.value.retry_after == 1
    assert taken(limit, "a", 1, timedelta(seconds=refused.value.retry_after)) == 1


def test_a_refusal_costs_nothing() -> None:
    limit = RateLimit(60)
    taken(limit, "a", 10_000)
    assert taken(limit, "a", 1, timedelta(seconds=1)) == 1


def test_a_clock_that_goes_back_locks_nobody_out_for_longer() -> None:
    limit = RateLimit(60)
    assert taken(limit, "a", 15, timedelta(seconds=30)) == 15
    assert taken(limit, "a", 1) == 0
    assert taken(limit, "a", 1, timedelta(seconds=31)) == 1


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_MAXIMUM_KEYS", 3)
    limit = RateLimit(4)
    for key in "abcd":
        assert taken(limit, key, 2) == 1
    assert taken(limit, "d", 1) == 0
    assert taken(limit, "a", 1) == 1  # it was longest away, and is forgotten
    assert len(limit._full_at) == 3


@given(st.lists(st.integers(0, 30), max_size=60), st.integers(1, 200))
def test_never_more_than_a_burst_and_the_rate(pauses: list[int], per_minute: int) -> None:
    limit, passed, elapsed = RateLimit(per_minute), 0, timedelta()
    for pause in pauses:
        elapsed += timedelta(seconds=pause)
        passed += taken(limit, "a", 40, elapsed)
    assert passed <= max(1, per_minute / 4) + per_minute * elapsed / timedelta(minutes=1) + 1e-6


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        ("192.0.2.1", (), "192.0.2.1"),
        ("192.0.2.1", ("198.51.100.9",), "192.0.2.1"),  # nobody asked it
        (PROXY, (), PROXY),
        (PROXY, ("198.51.100.9",), "198.51.100.9"),
        (PROXY, ("203.0.113.5, 198.51.100.9",), "198.51.100.9"),  # what stands before the last may be made up
        (PROXY, ("203.0.113.5", "198.51.100.9"), "198.51.100.9"),
        (PROXY, ("198.51.100.9, 10.0.0.8",), "198.51.100.9"),  # two proxies of ours
        (PROXY, ("203.0.113.5, nonsense",), PROXY),
        (PROXY, ("203.0.113.5, nonsense, 10.0.0.8",), PROXY),
        (PROXY, ("",), PROXY),
        (PROXY, ("10.0.0.8",), PROXY),
        ("::ffff:10.0.0.7", ("198.51.100.9",), "198.51.100.9"),
        ("2001:db8:1:2:3:4:5:6", (), "2001:db8:1:2::/64"),
        (PROXY, ("2001:db8:1:2::9",), "2001:db8:1:2::/64"),
        ("testclient", (), "testclient"),
    ],
)
def test_only_a_trusted_proxy_says_who_asks(peer: str, forwarded: tuple[str, ...], found: str) -> None:
    assert ClientAddress(("10.0.0.0/8",)).of(request(peer, *forwarded)) == found


async def _held(brake: Brake, count: int) -> list[float]:
    async def one() -> float:
        begun = asyncio.get_running_loop().time()
        await brake.hold()
        return asyncio.get_running_loop().time() - begun

    return await asyncio.gather(*(one() for _ in range(count)))


def test_refusals_wait_and_those_beyond_the_places_do_not() -> None:
    brake = Brake(seconds=0.05, places=3)
    for _ in range(2):  # the places are free again
        waited = asyncio.run(_held(brake, 5))
        assert [seconds >= 0.04 for seconds in waited] == [True] * 3 + [False] * 2


async def _served(turns: Turns, *addresses: str) -> int:
    """The most that were served at once."""
    running = most = 0

    async def one(address: str) -> None:
        nonlocal running, most
        async with turns.of(address):
            running += 1
            most = max(most, running)
            await asyncio.sleep(0)
            running -= 1

    await asyncio.gather(*map(one, addresses))
    return most


def test_an_address_has_one_turn_and_another_its_own() -> None:
    turns = Turns()
    assert asyncio.run(_served(turns, "a", "a", "a")) == 1
    assert asyncio.run(_served(turns, "a", "b", "a", "b")) == 2
    assert not turns._locks  # whoever is served is forgotten


def test_nobody_is_trusted_unless_configured() -> None:
    assert ClientAddress(()).of(request(PROXY, "198.51.100.9")) == PROXY
