"""While a neighbour is down its callers hear so at once, and one at a time finds out whether it is back."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from broker.breaker import LONGEST, SHORTEST, Breaker


class Time:
    def __init__(self):
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self):
        return self.now

    def pass_(self, by):
        self.now += by


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def breaker(time):
    return Breaker(time)


def test_it_lets_everybody_through_at_first(breaker):
    assert breaker.refused_for() is None
    assert breaker.refused_for() is None


def test_a_failure_refuses_at_once_and_says_for_how_long(breaker):
    breaker.failed()
    wait = breaker.refused_for()
    assert timedelta(0) < wait <= SHORTEST


def test_then_one_caller_tries(breaker, time):
    breaker.failed()
    time.pass_(SHORTEST)
    assert breaker.refused_for() is None
    assert breaker.refused_for() is not None


def test_a_caller_that_never_reports_does_not_keep_it_open_for_ever(breaker, time):
    breaker.failed()
    time.pass_(SHORTEST)
    assert breaker.refused_for() is None
    time.pass_(SHORTEST)
    assert breaker.refused_for() is None


def test_success_closes_it(breaker):
    breaker.failed()
    breaker.succeeded()
    assert breaker.refused_for() is None
    assert breaker.refused_for() is None


def test_each_further_failure_doubles_the_wait_up_to_a_limit(breaker, time):
    waits = []
    for _ in range(8):
        breaker.failed()
        waits.append(breaker.refused_for())
        time.pass_(LONGEST)
    assert all(later > earlier for earlier, later in pairwise(waits[:5]))
    assert waits[-1] <= LONGEST
