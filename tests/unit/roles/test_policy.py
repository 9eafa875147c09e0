"""Rules and denials: who, where, what; deny wins; limits are the strictest."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roles.decision import Decision, decide
from roles.policy import Policy, Scope
from roles.policy_document import parse_policy
from roles.principal import Principal, SessionTag

SCOPE = Scope("analytics", ("dev", "prod"))
ETHAN = Principal(
    identity_provider="okta",
    subject="ethan@example.com",
    source_identity="ethan",
    access_role="analyst",
    database_user="ethan@example.com",
    asserted_roles=("sales", "AAD-Finance"),
    tags=(SessionTag("Department", "Sales"),),
    authn_context="urn:password",
)
RULE = {"name": "r", "subjects": ["*"], "workgroups": ["*"], "databases": ["*"], "pass_through": ["*"]}


def rule(**changes):
    return {key: value for key, value in (RULE | changes).items() if value is not None}


def policy(*rules, denials=()) -> Policy:
    return parse_policy({"rules": list(rules), "denials": list(denials)})


def judged(*rules, denials=(), who: Principal = ETHAN, scope: Scope = SCOPE) -> Decision:
    return decide(who, policy(*rules, denials=denials), scope)


def reasons(decision: Decision) -> dict[str, str]:
    return dict(decision.refused)


@pytest.mark.parametrize(
    "condition",
    [
        {"identity_providers": ["okta"]},
        {"access_roles": ["ana*"]},
        {"subjects": ["Ethan@EXAMPLE.com"]},
        {"subjects": ["/[a-z]+@example[.]com/"]},
        {"groups": ["AAD-*", "other"]},
        {"tags": {"department": ["Sales", "Finance"]}},
    ],
)
def test_a_condition_that_holds_gives(condition):
    assert judged(rule(subjects=None, **condition) if "subjects" not in condition else rule(**condition)).candidates


@pytest.mark.parametrize(
    "condition",
    [
        {"identity_providers": ["entra"]},
        {"access_roles": ["dba"]},
        {"subjects": ["ethan"]},
        {"groups": ["sale"]},
        {"tags": {"Department": ["Finance"]}},
        {"tags": {"CostCenter": ["*x*"]}},
        {"identity_providers": ["okta"], "groups": ["dba"]},
    ],
)
def test_each_condition_must_hold(condition):
    decision = judged(rule(**condition))
    assert (decision.candidates, decision.databases) == ((), ())


def test_names_pass_through_are_renamed_and_added():
    decision = judged(rule(pass_through=["sales"], rename={"AAD-Finance": "finance"}, add=["reader"]))
    assert decision.candidates == ("finance", "reader", "sales")
    assert [each.describe() for each in decision.grounds] == [
        "sales by the rule r for 'sales'",
        "finance by the rule r for 'AAD-Finance'",
        "reader by the rule r",
    ]
    assert decision.refused == ()


def test_a_new_name_helps_a_group_whose_name_no_database_role_can_have():
    group = "cn=Finance:EMEA," + "o" * 80
    decision = judged(rule(rename={group: "finance"}), who=replace(ETHAN, asserted_roles=(group,)))
    assert (decision.candidates, decision.refused) == (("finance",), ())


def test_what_no_rule_gives_is_refused_by_name():
    assert reasons(judged(rule(pass_through=["sales"]))) == {"AAD-Finance": "No rule of the policy gives it."}


def test_the_empty_policy_gives_nothing():
    assert judged().candidates == ()
    assert parse_policy({}) == Policy()


@pytest.mark.parametrize("given_by", [{}, {"rename": {"AAD-Finance": "sales"}}, {"add": ["sales"]}])
def test_deny_wins_over_every_way(given_by):
    denial = {"name": "d", "subjects": ["ethan@*"], "workgroups": ["ana*"], "database_roles": ["sal*"]}
    decision = judged(rule(**given_by), denials=[denial])
    assert "sales" not in decision.candidates
    assert reasons(decision)["sales"] == "The rule d denies it."


def test_a_denied_database_is_closed_and_the_others_stay_open():
    denial = {"name": "d", "subjects": ["*"], "workgroups": ["*"], "databases": ["prod"]}
    assert judged(rule(), denials=[denial]).databases == ("dev",)


def test_a_denial_without_more_denies_everything():
    decision = judged(rule(), denials=[{"name": "d", "groups": ["sales"], "workgroups": ["*"]}])
    assert (decision.candidates, decision.databases) == ((), ())
    assert reasons(decision)["sales"] == "The rule d denies all access."


def test_a_denial_for_others_is_none():
    assert judged(rule(), denials=[{"name": "d", "groups": ["x"], "workgroups": ["*"]}]).candidates


def test_the_database_roles_of_all_open_databases_add_up():
    """PostgreSQL holds a membership in the whole server: two rules for two databases must not take turns."""
    decision = judged(
        rule(name="a", databases=["dev"], pass_through=["sales"]),
        rule(name="b", databases=["prod"], pass_through=None, add=["reader"]),
    )
    assert decision.candidates == ("reader", "sales")
    assert decision.databases == ("dev", "prod")


def test_another_workgroup_is_another_matter():
    assert judged(rule(workgroups=["other"])).databases == ()


def test_a_weak_sign_in_is_told_what_would_do():
    strict = rule(authn_contexts=["urn:mfa"], pass_through=["sales"])
    assert reasons(judged(strict))["sales"] == "The rule r gives it after a sign-in by one of urn:mfa only."
    assert judged(strict, who=replace(ETHAN, authn_context="urn:mfa")).candidates == ("sales",)
    assert judged(strict, who=replace(ETHAN, authn_context="")).candidates == ()


def test_the_strictest_limit_of_the_rules_that_give_holds():
    decision = judged(
        rule(name="a", maximum_duration_seconds=900, connection_limit=5),
        rule(name="b", maximum_duration_seconds=1800, connection_limit=2),
        rule(name="c", pass_through=["nothing"], maximum_duration_seconds=60, connection_limit=1),
    )
    assert (decision.maximum_duration, decision.connection_limit) == (timedelta(seconds=900), 2)


def test_a_predefined_role_is_never_added_unnamed():
    assert judged(rule(add=["pg_monitor"]), who=replace(ETHAN, asserted_roles=())).candidates == ()
    named = replace(SCOPE, privileged=("pg_monitor",))
    assert "pg_monitor" in judged(rule(add=["pg_monitor"]), scope=named).candidates


def test_the_reach_is_what_somebody_may_be_given():
    found = policy(
        rule(pass_through=["team_*"], rename={"G": "finance"}, add=["reader"]),
        rule(name="other", workgroups=["other"], add=["x"]),
    ).reach(SCOPE)
    assert [name for name in ("team_a", "finance", "reader", "x", "pg_x") if found.allows(name)] == [
        "team_a",
        "finance",
        "reader",
    ]


ROLES = st.sampled_from(["sales", "finance", "team_a", "team_b", "pg_monitor"])
PATTERNS = st.lists(st.sampled_from(["sales", "team_*", "/f.*/", "*"]), min_size=1, max_size=3)


@given(st.lists(ROLES), PATTERNS, PATTERNS, st.booleans())
def test_nobody_gets_what_is_denied_or_not_given(asserted, given_by, denied, with_addition):
    rules = [rule(pass_through=given_by, add=["reader"] if with_addition else None)]
    denials = [{"name": "d", "subjects": ["*"], "workgroups": ["*"], "database_roles": denied}]
    found = judged(*rules, denials=denials, who=replace(ETHAN, asserted_roles=tuple(asserted)))
    parsed = policy(*rules, denials=denials)
    for role in found.candidates:
        assert not parsed.denials[0].denies(role)
        assert role == "reader" or role in asserted
        assert parsed.rules[0].sources(role)
    assert {*found.candidates, *reasons(found)} >= set(asserted)
    assert not set(found.candidates) & set(reasons(found))
