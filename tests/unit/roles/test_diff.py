"""The algebra of state: a plan turns actual into desired, touches only what the broker manages, and then is empty."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roles.actual import ActualState, ActualUser, RoleAttributes
from roles.desired import DesiredAlias, DesiredLogin, DesiredPassword, Owner
from roles.diff import diff
from roles.errors import DatabaseUserNotManaged, DatabaseUserOfAnother, DatabaseUserPrivileged
from roles.names import DatabaseRoleName, DatabaseUserName
from roles.plan import CreateAlias, CreateStableUser, GrantRole, RecordManaged, RevokeRole, SetPassword
from roles.records import StableUserRecord
from roles.verifier import Verifier

USER = DatabaseUserName("ethan@example.com")
OWNER = Owner("okta", "ethan")
ALIAS = DesiredAlias("bk_" + "a" * 20, Verifier("SCRAM-SHA-256$...", 1), datetime(2026, 1, 1, tzinfo=UTC), 3, "lease")
ROLES = st.frozensets(st.sampled_from([DatabaseRoleName(name) for name in "abcdef"]))


def desired(roles=(), alias=None, owner=OWNER):
    return DesiredLogin(USER, owner, tuple(sorted(roles)), alias)


def actual(held=(), managed=(), owner=OWNER, **attributes):
    comment = StableUserRecord(owner, frozenset(managed)).to_comment()
    return ActualState(ActualUser(RoleAttributes(**attributes), comment), frozenset(held))


def applied(plan, state):
    """What the warehouse would be after `plan`."""
    for change in plan.changes:
        match change:
            case CreateStableUser():
                assert state.user is None
                state = replace(state, user=ActualUser(RoleAttributes(), None))
            case GrantRole(role):
                assert role not in state.memberships
                state = replace(state, memberships=state.memberships | {role})
            case RevokeRole(role):
                assert role in state.memberships
                state = replace(state, memberships=state.memberships - {role})
            case RecordManaged():
                state = replace(state, user=replace(state.user, comment=change.comment))
            case CreateAlias():
                assert state.user is not None
    return state


STATES = st.just(ActualState()) | st.builds(actual, held=ROLES, managed=ROLES)


@given(STATES, ROLES, st.sampled_from([ALIAS, None]))
def test_a_plan_turns_actual_into_desired_and_then_is_empty(state, wanted, alias):
    plan = diff(desired(wanted, alias), state)
    after = applied(plan, state)
    assert wanted <= after.memberships
    assert plan.managed & after.memberships == plan.managed
    again = diff(desired(wanted), after)
    assert again.changes == ()
    assert again.managed == plan.managed
    assert str(again) == "no changes"


@given(ROLES, ROLES, ROLES)
def test_only_managed_memberships_are_touched(held, managed, wanted):
    state = actual(held, managed)
    after = applied(diff(desired(wanted), state), state)
    foreign = held - managed
    assert foreign <= after.memberships
    assert after.memberships == foreign | wanted


@given(ROLES, ROLES, ROLES)
def test_what_somebody_else_granted_does_not_become_the_brokers(held, managed, wanted):
    plan = diff(desired(wanted), actual(held, managed))
    assert plan.managed == wanted - (held - managed)


@given(ROLES, ROLES, ROLES)
def test_access_shrinks_before_it_grows_in_sorted_order(held, managed, wanted):
    changes = diff(desired(wanted, ALIAS), actual(held, managed)).changes
    kinds = [type(change) for change in changes]
    order = [RevokeRole, CreateAlias, GrantRole, RecordManaged]
    assert kinds == sorted(kinds, key=order.index)
    for kind in (RevokeRole, GrantRole):
        names = [change.role for change in changes if isinstance(change, kind)]
        assert names == sorted(names)


def test_a_first_login_makes_everything():
    plan = diff(desired(["sales"], ALIAS), ActualState())
    assert [type(change) for change in plan.changes] == [CreateStableUser, CreateAlias, GrantRole, RecordManaged]
    assert not plan.shrinks


def test_a_second_login_makes_its_alias_only():
    assert diff(desired(["sales"], ALIAS), actual(["sales"], ["sales"])).changes == (CreateAlias(ALIAS, USER),)


def test_a_lost_role_shrinks():
    assert diff(desired(["sales"]), actual(["sales", "finance"], ["sales", "finance"])).shrinks


def test_nobody_is_made_for_nothing():
    assert diff(desired(), ActualState()).changes == ()


@pytest.mark.parametrize("comment", [None, "a reporting role", '{"broker":1}'])
def test_a_role_that_the_broker_did_not_make_is_refused(comment):
    with pytest.raises(DatabaseUserNotManaged, match="ethan@example"):
        diff(desired(["sales"]), ActualState(ActualUser(RoleAttributes(), comment)))


@pytest.mark.parametrize("other", [Owner("okta", "eve"), Owner("entra", "ethan")])
def test_another_persons_user_is_refused(other):
    with pytest.raises(DatabaseUserOfAnother):
        diff(desired(["sales"]), actual(owner=other))


@pytest.mark.parametrize("power", RoleAttributes.__slots__)
def test_a_user_with_power_of_its_own_is_refused_with_the_remedy(power):
    with pytest.raises(DatabaseUserPrivileged) as caught:
        diff(desired(["sales"]), actual(**{power: True}))
    assert f'ALTER ROLE "ethan@example.com" NO{power.upper()};' in caught.value.remedy


def test_a_plan_is_safe_to_print():
    plan = diff(desired(["sales"], ALIAS), ActualState())
    for text in (str(plan), plan.describe(), repr(plan)):
        assert "SCRAM" not in text
    assert "create stable user" in str(plan)
    assert 'grant "sales" to "ethan@example.com"' in str(plan)
    assert 'create login alias "bk_' in str(plan)


def test_a_password_is_set_once_a_generation():
    password = DesiredPassword("g2", Verifier("md5...", 1), datetime(2026, 1, 1, tzinfo=UTC), 3, timedelta(hours=1))
    wanted = replace(desired(["sales"]), password=password)
    made = diff(wanted, ActualState()).changes
    assert made[0] == CreateStableUser(USER, password)
    there = actual(["sales"], ["sales"])
    for generation, changes in (
        ("g2", ()),
        ("g1", (SetPassword(USER, password),)),
        ("", (SetPassword(USER, password),)),
    ):
        assert diff(wanted, replace(there, generation=generation)).changes == changes
