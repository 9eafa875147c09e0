"""The policy's document: one lie at a time, each refused with rule and key."""

import pytest

from roles.errors import PolicyInvalid
from roles.policy_document import parse_policy

RULE = {"name": "r", "subjects": ["*"], "workgroups": ["*"], "databases": ["*"], "pass_through": ["*"]}
DENIAL = {"name": "d", "subjects": ["*"], "workgroups": ["*"]}


def without(content, *keys):
    return {key: value for key, value in content.items() if key not in keys}


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"rule": [RULE]}, "the file: `rule` is not a known key; the nearest is `rules`"),
        ({"rules": RULE}, "[[rules]]"),
        ({"rules": [1]}, "[[rules]]"),
        ({"rules": [without(RULE, "name")]}, "needs a `name`"),
        ({"rules": [RULE | {"name": "a\nb"}]}, "needs a `name`"),
        ({"rules": [RULE, RULE]}, "Two rules are named 'r'"),
        ({"rules": [RULE], "denials": [DENIAL | {"name": "r"}]}, "Two rules are named 'r'"),
        ({"rules": [RULE | {"group": ["x"]}]}, "rule r: `group` is not a known key; the nearest is `groups`"),
        ({"rules": [without(RULE, "subjects")]}, "rule r means nobody"),
        ({"rules": [without(RULE, "workgroups")]}, "rule r needs `workgroups`"),
        ({"rules": [without(RULE, "databases")]}, "rule r needs `databases`"),
        ({"rules": [without(RULE, "pass_through")]}, "rule r gives nothing"),
        ({"rules": [RULE | {"groups": []}]}, "rule r: `groups` must be a list"),
        ({"rules": [RULE | {"groups": [""]}]}, "rule r: `groups` must be a list"),
        ({"rules": [RULE | {"groups": "x"}]}, "rule r: `groups` must be a list"),
        ({"rules": [RULE | {"groups": ["/(/"]}]}, "rule r: groups: The regular expression"),
        ({"rules": [RULE | {"tags": {}}]}, "rule r: `tags` must be a table"),
        ({"rules": [RULE | {"tags": {"Team": []}}]}, "rule r: tags: `Team` must be a list"),
        ({"rules": [RULE | {"rename": {"a": 1}}]}, "rule r: rename: a database role must be a text"),
        ({"rules": [RULE | {"rename": {"a": "b:c"}}]}, "rule r: rename: The database role name"),
        ({"rules": [RULE | {"add": ["x" * 64]}]}, "rule r: add: The database role name"),
        ({"rules": [RULE | {"add": ["public"]}]}, "reserved word"),
        ({"rules": [RULE | {"connection_limit": 0}]}, "rule r: `connection_limit` must be a whole number"),
        ({"rules": [RULE | {"connection_limit": True}]}, "rule r: `connection_limit` must be a whole number"),
        ({"rules": [RULE | {"maximum_duration_seconds": 90_000}]}, "`maximum_duration_seconds` must be"),
        ({"denials": [without(DENIAL, "subjects")]}, "denial d means nobody"),
        ({"denials": [DENIAL | {"databases": []}]}, "denial d: `databases` must be a list"),
        ({"denials": [DENIAL | {"databases": ["a"], "database_roles": ["b"]}]}, "held in the whole server"),
        ({"denials": [DENIAL | {"add": ["x"]}]}, "denial d: `add` is not a known key"),
    ],
)
def test_what_does_not_fit_is_refused_by_rule_and_key(document, said):
    with pytest.raises(PolicyInvalid) as refused:
        parse_policy(document)
    assert said in refused.value.what


def test_a_rule_says_what_it_says():
    (rule,) = parse_policy(
        {"rules": [RULE | {"tags": {"Team": ["a"]}, "rename": {"G": "g"}, "connection_limit": 3}]}
    ).rules
    assert rule.who.tags[0][0] == "Team"
    assert rule.rename == (("G", "g"),)
    assert rule.connection_limit == 3
    assert rule.sources("g") == ("g", "G")
