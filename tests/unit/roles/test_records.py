"""What the broker writes into comments it reads back; what others wrote is not taken for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roles.desired import Owner
from roles.records import AliasRecord, StableUserRecord, made_by_broker, parse_alias, parse_stable_user

TEXT = st.text(max_size=30)


@given(TEXT, TEXT, st.frozensets(TEXT))
def test_a_stable_users_record_comes_back(provider, subject, managed):
    record = StableUserRecord(Owner(provider, subject), managed)
    comment = record.to_comment()
    assert comment.isascii()
    assert "\x00" not in comment
    assert parse_stable_user(comment) == record
    assert parse_alias(comment) is None
    assert made_by_broker(comment)


@given(TEXT, TEXT, TEXT)
def test_an_aliass_record_comes_back(lease, user, expires):
    record = AliasRecord(lease, user, expires)
    assert parse_alias(record.to_comment()) == record
    assert parse_stable_user(record.to_comment()) is None


@pytest.mark.parametrize(
    "comment",
    [
        None,
        "",
        "the reporting role",
        "[]",
        "{}",
        '{"broker":2,"identity_provider":"okta","subject":"x","managed":[]}',
        '{"broker":"1","identity_provider":"okta","subject":"x","managed":[]}',
        "[" * 5000,
    ],
)
def test_a_foreign_comment_is_nobodys_record(comment):
    assert parse_stable_user(comment) is None
    assert parse_alias(comment) is None
    assert not made_by_broker(comment)


@pytest.mark.parametrize(
    "comment",
    [
        '{"broker":1}',
        '{"broker":1,"identity_provider":"okta","subject":"x"}',
        '{"broker":1,"identity_provider":"okta","subject":7,"managed":[]}',
        '{"broker":1,"identity_provider":"okta","subject":"x","managed":"sales"}',
    ],
)
def test_a_damaged_record_names_no_owner(comment):
    assert parse_stable_user(comment) is None
