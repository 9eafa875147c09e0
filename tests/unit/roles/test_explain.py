"""The answer beside "permission denied"."""

from roles.chains import AccessTarget
from roles.explain import RoleAccess, judge

REVENUE = AccessTarget("finance_schema", "revenue")


def role(name, usage=False, privilege=False, columns=(), row_security=False):
    return RoleAccess(name, usage, privilege, columns, row_security)


def test_what_does_not_exist_is_said_and_nothing_else():
    said = judge(REVENUE, [])
    assert (said.exists, said.allowed, said.missing, said.database_roles) == (False, False, (), ())


def test_everything_is_missing():
    said = judge(REVENUE, [role("ethan"), role("finance", True, True), role("sales")])
    assert not said.allowed
    assert said.missing == ("USAGE on schema finance_schema", "SELECT on finance_schema.revenue")
    assert said.database_roles == ("finance",)


def test_a_role_need_only_add_what_is_missing():
    said = judge(REVENUE, [role("ethan", usage=True), role("readers", privilege=True), role("users", usage=True)])
    assert said.missing == ("SELECT on finance_schema.revenue",)
    assert said.database_roles == ("readers",)


def test_who_is_allowed_learns_which_roles_allow_it():
    said = judge(REVENUE, [role("ethan", True, True), role("finance", True, True), role("readers", privilege=True)])
    assert (said.allowed, said.missing, said.database_roles) == (True, (), ("finance",))


def test_grants_on_columns_are_noted_and_do_not_count():
    said = judge(REVENUE, [role("ethan", True, columns=("account", "customer")), role("auditors", True)])
    assert not said.allowed
    assert said.notes == ("ethan has SELECT on columns only: account, customer",)


def test_row_security_is_noted():
    assert "row security" in judge(REVENUE, [role("ethan", True, True, row_security=True)]).notes[0]
