"""Names: what is accepted stays exactly itself; what is refused is refused by name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roles.errors import (
    DatabaseRoleNameInvalid,
    DatabaseRoleNameTooLong,
    DatabaseUserNameInvalid,
    DatabaseUserNameReserved,
    DatabaseUserNameTooLong,
    RolesError,
)
from roles.names import (
    MAXIMUM_BYTES,
    is_alias_name,
    parse_database_role,
    parse_database_user,
    quoted,
    shown,
)

ANY_TEXT = st.text(max_size=80) | st.from_regex(r"[A-Za-z][A-Za-z0-9_+.@-]{0,70}", fullmatch=True)


def user(raw_name, fold=True):
    return parse_database_user(raw_name, fold=fold, alias_prefix="bk_")


@pytest.mark.parametrize("raw_name", ["ethan", "ethan@example.com", "a", "e.than+x-1_2@example.com", "x" * 63])
def test_a_usual_name_is_kept(raw_name):
    assert user(raw_name) == raw_name


def test_case_is_folded_only_if_configured():
    assert user("Ethan@Example.COM") == "ethan@example.com"
    assert user("Ethan", fold=False) == "Ethan"


@pytest.mark.parametrize(
    ("raw_name", "error"),
    [
        ("", DatabaseUserNameInvalid),
        (" ethan", DatabaseUserNameInvalid),
        ("1ethan", DatabaseUserNameInvalid),
        ('eth"an', DatabaseUserNameInvalid),
        ("eth'an", DatabaseUserNameInvalid),
        ("a:b", DatabaseUserNameInvalid),
        ("IAM/ethan", DatabaseUserNameInvalid),
        ("ethan\n", DatabaseUserNameInvalid),
        ("ethan\x00", DatabaseUserNameInvalid),
        ("eth\u200ban", DatabaseUserNameInvalid),
        ("eth\u202ean", DatabaseUserNameInvalid),
        ("\u0435than", DatabaseUserNameInvalid),  # Cyrillic letter that looks like e
        ("\u212aelvin", DatabaseUserNameInvalid),  # Kelvin sign: NFC and folding would make it a k
        ("x" * 64, DatabaseUserNameTooLong),
        ("\u00fc" * 32, DatabaseUserNameTooLong),  # 32 characters, 64 bytes
        ("public", DatabaseUserNameReserved),
        ("PUBLIC", DatabaseUserNameReserved),
        ("none", DatabaseUserNameReserved),
        ("current_user", DatabaseUserNameReserved),
        ("pg_monitor", DatabaseUserNameReserved),
        ("bk_ethan", DatabaseUserNameReserved),
        ("BK_ethan", DatabaseUserNameReserved),
    ],
)
def test_any_other_name_is_refused(raw_name, error):
    with pytest.raises(error):
        user(raw_name)


@pytest.mark.parametrize("reserved", ["Public", "Pg_x", "BK_x"])
def test_reserved_names_stay_reserved_without_folding(reserved):
    with pytest.raises(DatabaseUserNameReserved):
        user(reserved, fold=False)


@given(st.lists(ANY_TEXT, max_size=6), st.booleans())
def test_two_names_never_become_one_person(raw_names, fold):
    people = {}
    for raw_name in raw_names:
        try:
            name = user(raw_name, fold)
        except RolesError:
            continue
        assert name.isascii()
        assert len(name.encode()) <= MAXIMUM_BYTES
        assert user(name, fold) == name
        same = people.setdefault(name, raw_name)
        assert same == raw_name or (fold and same.lower() == raw_name.lower())


@pytest.mark.parametrize("raw_name", ["sales", "Sales Team", "Vertrieb-S\u00fcd", 'odd"name', "pg_monitor", "x" * 63])
def test_a_role_name_is_kept(raw_name):
    assert parse_database_role(raw_name) == raw_name


def test_a_role_name_is_composed():
    assert parse_database_role("Su\u0308d") == "S\u00fcd"


@pytest.mark.parametrize(
    ("raw_name", "error"),
    [
        ("", DatabaseRoleNameInvalid),
        ("sales:finance", DatabaseRoleNameInvalid),
        (" sales", DatabaseRoleNameInvalid),
        ("sales\t", DatabaseRoleNameInvalid),
        ("sa\nles", DatabaseRoleNameInvalid),
        ("sa\u200dles", DatabaseRoleNameInvalid),
        ("sa\u2066les", DatabaseRoleNameInvalid),
        ("public", DatabaseRoleNameInvalid),
        ("None", DatabaseRoleNameInvalid),
        ("\ud800", DatabaseRoleNameInvalid),
        ("\u00fc" * 32, DatabaseRoleNameTooLong),
    ],
)
def test_any_other_role_name_is_refused(raw_name, error):
    with pytest.raises(error):
        parse_database_role(raw_name)


@given(st.text(max_size=70))
def test_a_role_name_never_changes_twice_nor_exceeds_the_catalogue(raw_name):
    try:
        name = parse_database_role(raw_name)
    except RolesError:
        return
    assert parse_database_role(name) == name
    assert 0 < len(name.encode()) <= MAXIMUM_BYTES


@given(st.text(max_size=200))
def test_a_refusal_shows_no_hidden_character(raw_name):
    assert shown(raw_name).isascii()
    assert shown(raw_name).isprintable()


@pytest.mark.parametrize(
    ("name", "is_alias"),
    [
        ("bk_abcdefghijklmnop2345", True),
        ("bk_reporting", False),
        ("bk_abcdefghijklmnop23456", False),
        ("bk_ABCDEFGHIJKLMNOP2345", False),
        ("bk_abcdefghijklmnop2345\n", False),
        ("abcdefghijklmnop2345bk_", False),
    ],
)
def test_an_alias_has_prefix_and_twenty_random_characters(name, is_alias):
    assert is_alias_name(name, "bk_") is is_alias


def test_a_quote_in_an_identifier_is_doubled():
    assert quoted('a"b') == '"a""b"'
