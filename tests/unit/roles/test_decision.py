"""Policy and decision: deny wins, empty means no, and every asserted name gets an answer."""

from hypothesis import given
from hypothesis import strategies as st

from roles import decision as decisions
from roles.decision import Decision, no_database_role
from roles.names import REDSHIFT_MAXIMUM_BYTES, parse_database_role
from roles.policy import RolePolicy, Scope, policy_of_lists
from roles.principal import Principal

NAMES = st.sampled_from(["sales", "sales_eu", "finance", "pg_monitor", "", "a:b", "x" * 64, "Sales"])


def decide(asserted: list[str], lists: RolePolicy) -> Decision:
    """By a workgroup's own lists."""
    principal = Principal("okta", "ethan", "ethan", "analyst", "ethan", tuple(asserted))
    policy = policy_of_lists("analytics", lists.allow, lists.deny)
    return decisions.decide(principal, policy, Scope("analytics", ("dev",), lists.privileged))


def reasons(decision):
    return {role.name: role.reason for role in decision.refused}


def test_names_pass_through_by_name():
    decision = decide(["finance", "sales", "sales"], RolePolicy(allow=("sales", "finance")))
    assert decision.candidates == ("finance", "sales")
    assert decision.refused == ()


def test_an_empty_policy_refuses_everything():
    assert decide(["sales"], RolePolicy()).candidates == ()


def test_nothing_asserted_is_nothing_granted():
    assert decide([], RolePolicy(allow=("*",))).candidates == ()


def test_deny_wins():
    decision = decide(["sales", "sales_eu"], RolePolicy(allow=("sales*",), deny=("sales_*",)))
    assert decision.candidates == ("sales",)
    assert reasons(decision) == {"sales_eu": "The rule workgroups.analytics.deny_database_roles denies it."}


def test_how_long_a_name_may_be_depends_on_the_warehouse():
    long = "x" * 127
    principal = Principal("okta", "ethan", "ethan", "analyst", "ethan", (long, long + "x"))
    policy = policy_of_lists("cloud", ("x*",), ())
    decided = decisions.decide(principal, policy, Scope("cloud", ("dev",), maximum_bytes=REDSHIFT_MAXIMUM_BYTES))
    assert decided.candidates == (long,)
    assert "127 bytes" in reasons(decided)[long + "x"]
    assert decisions.decide(principal, policy, Scope("cloud", ("dev",))).candidates == ()


def test_case_matters():
    assert decide(["Sales"], RolePolicy(allow=("sales",))).candidates == ()


def test_a_glob_is_anchored():
    assert decide(["presales", "sales_eu"], RolePolicy(allow=("sales",))).candidates == ()


def test_a_star_gives_no_predefined_role():
    assert "predefined" in reasons(decide(["pg_monitor"], RolePolicy(allow=("*",))))["pg_monitor"]


def test_a_predefined_role_must_be_named_and_allowed():
    assert decide(["pg_monitor"], RolePolicy(allow=("*",), privileged=("pg_monitor",))).candidates == ("pg_monitor",)
    assert decide(["pg_monitor"], RolePolicy(privileged=("pg_monitor",))).candidates == ()


def test_privileged_names_are_no_globs():
    assert decide(["pg_monitor"], RolePolicy(allow=("*",), privileged=("pg_*",))).candidates == ()


@given(
    st.lists(NAMES), st.lists(st.sampled_from(["*", "sales*", "finance"])), st.lists(st.sampled_from(["*_eu", "f*"]))
)
def test_every_asserted_name_gets_an_answer(asserted, allow, deny):
    decision = decide(asserted, RolePolicy(tuple(allow), tuple(deny)))
    assert {*decision.candidates, *reasons(decision)} == set(asserted)
    assert not set(decision.candidates) & set(reasons(decision))


def test_the_refusal_names_each_role_and_why():
    decision = decide(["sales"], RolePolicy())
    error = no_database_role(decision.refused, [parse_database_role("gone")])
    assert error.code == "no-database-role"
    assert "'sales': No rule of the policy gives it." in error.what
    assert "'gone': The warehouse has no such role." in error.what


def test_the_refusal_says_when_nothing_was_asserted():
    assert "asserted no database role" in no_database_role([]).what
