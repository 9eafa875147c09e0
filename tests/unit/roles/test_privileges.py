"""Power is refused wherever it is reached, and nobody becomes another person."""

import pytest

from roles.actual import ActualState, ReachableRole, RoleAttributes
from roles.desired import Owner
from roles.names import DatabaseRoleName
from roles.policy import RolePolicy
from roles.privileges import sift
from roles.records import AliasRecord, StableUserRecord

SALES = DatabaseRoleName("sales")
PERSON = StableUserRecord(Owner("okta", "bob"), frozenset()).to_comment()
ALIAS = AliasRecord("lease", "bob", "2026-01-01").to_comment()


def sifted(*reachable, privileged=()):
    return sift([SALES], ActualState(reachable=reachable), RolePolicy(("*",), (), privileged))


def itself(**attributes):
    return ReachableRole(SALES, "sales", RoleAttributes(**attributes))


def above(name, comment=None, **attributes):
    return ReachableRole(SALES, name, RoleAttributes(**attributes), comment)


def test_a_plain_role_is_grantable():
    assert sifted(itself(), above("readers")).grantable == (SALES,)


def test_a_role_that_is_not_there_is_reported():
    found = sifted()
    assert (found.grantable, found.unknown, found.refused) == ((), (SALES,), ())


@pytest.mark.parametrize("power", RoleAttributes.__slots__)
def test_a_powerful_role_is_refused_unless_named(power):
    refused = sifted(itself(**{power: True})).refused
    assert power.upper() in refused[0].reason
    assert sifted(itself(**{power: True}), privileged=("sales",)).grantable == (SALES,)


@pytest.mark.parametrize("power", RoleAttributes.__slots__)
def test_power_that_is_reached_through_others_counts(power):
    refused = sifted(itself(), above("boss", **{power: True})).refused
    assert "leads through 'boss'" in refused[0].reason


def test_a_predefined_role_that_is_reached_counts():
    assert "predefined" in sifted(itself(), above("pg_execute_server_program")).refused[0].reason


def test_naming_what_lies_above_does_not_name_the_role_itself():
    assert sifted(itself(), above("boss", superuser=True), privileged=("boss",)).grantable == ()


@pytest.mark.parametrize("comment", [PERSON, ALIAS])
@pytest.mark.parametrize("privileged", [(), ("sales",)])
def test_another_persons_user_is_never_a_database_role(comment, privileged):
    refused = sifted(ReachableRole(SALES, "sales", RoleAttributes(), comment), privileged=privileged).refused
    assert "a person's database user" in refused[0].reason
    assert sifted(itself(), above("bob", comment), privileged=privileged).grantable == ()
