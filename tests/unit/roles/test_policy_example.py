"""The worked example of docs/policy.md does what its table says, and the document has every key."""

import re
import tomllib
from pathlib import Path

import pytest

from roles import policy_document
from roles.decision import decide
from roles.policy import Scope
from roles.policy_document import parse_policy
from roles.principal import Principal, SessionTag

DOCUMENT = (Path(__file__).parents[3] / "docs" / "policy.md").read_text(encoding="utf-8")
EXAMPLE = tomllib.loads(DOCUMENT.split("```toml\n")[2].partition("```")[0])
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in DOCUMENT.partition("| who signs in |")[2].partition("\n## ")[0].splitlines()[2:]
    if line
]


def principal(words: str) -> Principal:
    provider, _, rest = words.partition(", ")
    department = re.search(r"Department `(\w+)`", rest)
    return Principal(
        identity_provider=provider,
        subject="ethan@example.com",
        source_identity="ethan",
        access_role="analyst",
        database_user="ethan",
        asserted_roles=tuple(re.findall(r"`([^`]+)`", rest)) if rest.startswith("groups") else (),
        tags=(SessionTag("Department", department[1]),) if department else (),
        authn_context="https://refeds.org/profile/mfa" if "second factor" in rest else "urn:password",
    )


@pytest.mark.parametrize(("who", "roles", "databases", "why_not"), ROWS, ids=[row[0] for row in ROWS])
def test_the_table_tells_the_truth(who, roles, databases, why_not):
    found = decide(principal(who), parse_policy(EXAMPLE), Scope("analytics", ("dev", "prod")))
    assert (", ".join(f"`{role}`" for role in found.candidates) or "none") == roles
    assert (", ".join(found.databases) or "none") == databases
    reasons = [f"{name}: {reason}" for name, reason in found.refused]
    assert not why_not or why_not in reasons


def test_the_table_has_rows():
    assert len(ROWS) == 6


def test_the_document_names_every_key():
    documented = set(re.findall(r"^\| `(\w+)` \|", DOCUMENT, re.MULTILINE))
    assert documented == {*policy_document._RULE, *policy_document._DENIAL} - {"name"}


def test_the_document_names_every_kind_of_drift():
    text = (Path(__file__).parents[3] / "broker" / "credentials" / "drift.py").read_text(encoding="utf-8")
    kinds = set(re.findall(r'^    [A-Z_]+ = "([a-z-]+)"$', text, re.MULTILINE))
    assert set(re.findall(r"^\| `([a-z]+-[a-z-]+)` \|", DOCUMENT, re.MULTILINE)) == kinds
