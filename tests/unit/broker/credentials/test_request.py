"""A request against its workgroup's limits: one lie at a time, and the end as algebra."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.config.model import WorkgroupConfig
from broker.credentials.model import CredentialRequest
from broker.credentials.request import MAXIMUM_SCRAM_ITERATIONS, SHORTEST_LEASE, terms
from broker.errors import BadDuration, RequestMalformed, SessionExpired, UnknownDatabase
from broker.secrets import Secret

NOW = datetime(2026, 11, 24, 9, 0, 0, 250_000, tzinfo=UTC)
LATER = NOW + timedelta(hours=8)
ANALYTICS = WorkgroupConfig("analytics", "db.example.com", 5432, Secret("host=db"), databases=("sales", "finance"))
REQUEST = CredentialRequest("analytics")


def test_defaults_are_the_workgroups() -> None:
    got = terms(REQUEST, ANALYTICS, LATER, NOW)
    assert got.database == "sales"
    assert got.expires_at == NOW.replace(microsecond=0) + timedelta(seconds=900)
    assert got.scram_iterations == 4096


def test_a_database_that_is_not_offered_is_refused_by_name() -> None:
    with pytest.raises(UnknownDatabase, match="postgres"):
        terms(replace(REQUEST, database="postgres"), ANALYTICS, LATER, NOW)


def test_no_database_means_none() -> None:
    with pytest.raises(UnknownDatabase):
        terms(REQUEST, replace(ANALYTICS, databases=()), LATER, NOW)


@pytest.mark.parametrize("seconds", [-1, 0, 899, 3601])
def test_a_duration_outside_the_limits_is_refused_with_the_limits(seconds: int) -> None:
    with pytest.raises(BadDuration, match=r"900 to 3600 s"):
        terms(replace(REQUEST, duration=timedelta(seconds=seconds)), ANALYTICS, LATER, NOW)


def test_the_limits_are_the_workgroups_own() -> None:
    short = replace(ANALYTICS, minimum_duration=timedelta(seconds=5))
    got = terms(replace(REQUEST, duration=timedelta(seconds=5)), short, LATER, NOW)
    assert got.expires_at <= NOW + timedelta(seconds=5)


@pytest.mark.parametrize("iterations", [0, -1, MAXIMUM_SCRAM_ITERATIONS + 1])
def test_an_absurd_iteration_count_is_refused(iterations: int) -> None:
    with pytest.raises(RequestMalformed, match="scram_iterations"):
        terms(replace(REQUEST, scram_iterations=iterations), ANALYTICS, LATER, NOW)


def test_too_few_iterations_are_lifted_to_the_workgroups_minimum() -> None:
    strict = replace(ANALYTICS, minimum_scram_iterations=4096)
    assert terms(replace(REQUEST, scram_iterations=1), strict, LATER, NOW).scram_iterations == 4096


def test_a_session_that_ends_before_the_minimum_duration_still_gets_a_login_until_then() -> None:
    ends = NOW + timedelta(seconds=200)
    assert terms(REQUEST, ANALYTICS, ends, NOW).expires_at == ends.replace(microsecond=0)


def test_a_session_that_is_nearly_over_gets_none() -> None:
    with pytest.raises(SessionExpired):
        terms(REQUEST, ANALYTICS, NOW + SHORTEST_LEASE - timedelta(microseconds=1), NOW)


@given(
    asked=st.none() | st.integers(900, 3600).map(lambda seconds: timedelta(seconds=seconds)),
    left=st.integers(60, 50_000).map(lambda seconds: timedelta(seconds=seconds)),
)
def test_a_login_never_outlives_its_session_nor_what_was_asked(asked: timedelta | None, left: timedelta) -> None:
    end = terms(replace(REQUEST, duration=asked), ANALYTICS, NOW + left, NOW).expires_at
    assert NOW < end <= NOW + min(left, asked or ANALYTICS.default_duration)
    assert end.microsecond == 0
