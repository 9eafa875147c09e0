"""What the broker says to Redshift in each story, word for word: the golden files beside `statements.sql`."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from broker.credentials.revocation import Order
from tests.simulators.redshift_broker import ETHAN, Cloud

GOLDEN = Path(__file__).parents[2] / "fixtures" / "redshift"


def first_login(cloud: Cloud) -> None:
    cloud.issue("ethan", "sales", "finance")


def second_login(cloud: Cloud) -> None:
    cloud.issue("ethan", "sales", "finance")


def login_after_a_day_with_another_group(cloud: Cloud) -> None:
    cloud.later(days=1)
    cloud.reap()
    cloud.server.conversation.clear()
    cloud.issue("ethan", "sales")


def the_last_lease_ends(cloud: Cloud) -> None:
    got = cloud.issue("ethan", "sales")
    cloud.server.log_in(got.user, got.password.reveal())
    cloud.now += timedelta(minutes=15)
    cloud.server.conversation.clear()
    cloud.reap()


def somebody_leaves(cloud: Cloud) -> None:
    cloud.offboarding.offboard(ETHAN, "", None, Order("admin", "request-2", cloud.now))


STORIES = (first_login, second_login, login_after_a_day_with_another_group, the_last_lease_ends, somebody_leaves)


def masked(statement: str) -> str:
    statement = re.sub(r"'md5[0-9a-f]{32}'", "'md5<digest>'", statement)
    return re.sub(r"pg_terminate_backend\(\d+\)", "pg_terminate_backend(<process>)", statement)


@pytest.fixture(scope="module")
def told() -> dict[str, str]:
    """The stories one after the other, on one warehouse."""
    cloud = Cloud()
    found = {}
    for story in STORIES:
        cloud.server.conversation.clear()
        story(cloud)
        found[story.__name__] = "".join(f"{masked(each)};\n" for each in cloud.server.conversation)
    return found


@pytest.mark.parametrize("story", [story.__name__ for story in STORIES])
def test_a_story_is_told_as_it_was(told: dict[str, str], story: str) -> None:
    """A line `SELECT name;` is the question of `roles/sql/redshift/name.sql`."""
    assert told[story] == (GOLDEN / f"{story}.sql").read_text()
