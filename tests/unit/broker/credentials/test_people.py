"""Whom a short name means."""

import pytest

from broker.credentials.people import known_user
from broker.errors import PersonAmbiguous

OWNERS = {
    "ethan@example.com": ("okta", "00u1"),
    "fiona": ("okta", "fiona@example.com"),
    "fiona_2": ("entra", "fiona@example.org"),
    "00u1": ("entra", "sam@example.com"),
    "zoe_1": ("okta", "zoe@example.com"),
    "zoe_2": ("entra", "zoe@example.com"),
}


@pytest.mark.parametrize(
    ("name", "user"),
    [
        ("ethan@example.com", "ethan@example.com"),  # the database user
        ("fiona@example.org", "fiona_2"),  # the subject
        ("ethan", "ethan@example.com"),  # before the "@" of the database user
        ("sam", "00u1"),  # before the "@" of the subject
        ("fiona", "fiona"),  # a database user, though another person's subject begins so
        ("00u1", "00u1"),  # a database user, though it is another person's subject
        ("etha", None),
        ("ethan@", None),
        ("ETHAN", None),
        ("", None),
    ],
)
def test_a_name_means_one_person_or_nobody(name: str, user: str | None) -> None:
    assert known_user(OWNERS, name) == user


@pytest.mark.parametrize("name", ["zoe", "zoe@example.com"])
def test_a_name_that_means_several_is_refused_with_their_names(name: str) -> None:
    with pytest.raises(PersonAmbiguous) as refused:
        known_user(OWNERS, name)
    assert refused.value.what.endswith("zoe_1 (zoe@example.com of okta), zoe_2 (zoe@example.com of entra).")
    assert refused.value.remedy == "Name the database user."


def test_an_empty_name_means_nobody_where_a_name_begins_with_an_at() -> None:
    assert known_user({"@home": ("okta", "@home")}, "") is None
