"""What a look at a policy finds, and that it is silent about a good one."""

import pytest

from roles.policy import Scope
from roles.policy_check import Surroundings, check_policy
from roles.policy_document import parse_policy
from roles.readiness import Severity

POWER = "It is a role with SUPERUSER, and the workgroup does not name it."
AROUND = Surroundings(
    scopes=(Scope("analytics", ("dev", "prod"), ("pg_monitor",)), Scope("dark", ("dev",))),
    identity_providers=("okta",),
    access_roles=("analyst",),
    roles={"analytics": {"sales": None, "team_a": None, "root": POWER, "pg_monitor": "It is a predefined role."}},
)
RULE = {"name": "r", "groups": ["sales"], "workgroups": ["analytics"], "databases": ["*"], "pass_through": ["sales"]}
DENIAL = {"name": "d", "subjects": ["*"], "workgroups": ["analytics"]}
EVERYBODY = {"name": "d", "groups": ["*"], "workgroups": ["*"]}


def found(*rules, denials=()):
    policy = parse_policy({"rules": list(rules), "denials": list(denials)})
    return [(finding.check, finding.severity) for finding in check_policy(policy, AROUND)]


def test_a_good_policy_is_good():
    assert found(RULE, denials=[DENIAL | {"subjects": ["x"]}]) == [("policy", Severity.OK)]


def test_an_empty_policy_gives_nothing():
    assert found() == [("policy", Severity.WARNING)]


@pytest.mark.parametrize(
    ("rules", "denials", "expected"),
    [
        ([RULE], [EVERYBODY], ("unreachable", Severity.PROBLEM)),
        ([RULE], [EVERYBODY | {"groups": ["sales", "x"]}], ("unreachable", Severity.PROBLEM)),
        ([RULE], [EVERYBODY | {"database_roles": ["s*"]}], ("contradiction", Severity.PROBLEM)),
        ([RULE, RULE | {"name": "s"}], [], ("redundant", Severity.WARNING)),
        ([RULE | {"pass_through": ["s*"]}, RULE | {"name": "s"}], [], ("redundant", Severity.WARNING)),
        ([RULE | {"workgroups": ["analitics"]}], [], ("unknown-name", Severity.WARNING)),
        ([RULE | {"databases": ["dev", "prod", "test"]}], [], ("unknown-name", Severity.WARNING)),
        ([RULE | {"identity_providers": ["entra"]}], [], ("unknown-name", Severity.WARNING)),
        ([RULE | {"databases": ["dev"]}], [], ("server-wide", Severity.WARNING)),
        ([RULE | {"add": ["gone"]}], [], ("unknown-role", Severity.PROBLEM)),
        ([RULE | {"rename": {"A": "gone"}}], [], ("unknown-role", Severity.PROBLEM)),
        ([RULE | {"pass_through": ["nix_*"]}], [], ("unknown-role", Severity.WARNING)),
        ([RULE | {"add": ["root"]}], [], ("powerful-role", Severity.PROBLEM)),
        ([RULE | {"add": ["pg_monitor"]}], [], ("powerful-role", Severity.WARNING)),
        ([RULE | {"pass_through": ["*"]}], [], ("powerful-role", Severity.WARNING)),
    ],
)
def test_one_fault_at_a_time(rules, denials, expected):
    assert found(*rules, denials=denials) == [expected]


@pytest.mark.parametrize(
    ("rules", "denials"),
    [
        ([RULE], [EVERYBODY | {"groups": ["sales_eu"]}]),
        ([RULE], [EVERYBODY | {"databases": ["dev"]}]),
        ([RULE], [EVERYBODY | {"identity_providers": ["okta"]}]),
        ([RULE, RULE | {"name": "s", "groups": ["other"]}], []),
        ([RULE, RULE | {"name": "s", "authn_contexts": ["urn:mfa"]}], []),
        ([RULE | {"workgroups": ["dark"], "databases": ["dev"], "pass_through": ["never_compared"]}], []),
    ],
)
def test_what_is_not_certain_is_not_said(rules, denials):
    assert found(*rules, denials=denials) == [("policy", Severity.OK)]
