"""From the document of a policy file (TOML, already parsed) to a `Policy`: everything is named, nothing is guessed.

An empty list, an unknown key or a rule without a condition is refused: whoever means everybody writes `*`.
"""

import unicodedata
from collections.abc import Mapping
from datetime import timedelta
from difflib import get_close_matches
from typing import Any, Final

from roles.errors import PolicyInvalid, RolesError
from roles.names import DatabaseRoleName, parse_database_role, shown
from roles.pattern import Pattern, parse_pattern
from roles.policy import Denial, Policy, Rule, Who

_WHO: Final = ("identity_providers", "access_roles", "subjects", "groups", "tags")
_RULE: Final = (
    *("name", *_WHO, "workgroups", "databases", "pass_through", "rename", "add"),
    *("maximum_duration_seconds", "connection_limit", "authn_contexts"),
)
_DENIAL: Final = ("name", *_WHO, "workgroups", "databases", "database_roles")
_MOST_SECONDS: Final = 86_400
_MOST_CONNECTIONS: Final = 10_000
_EVERYTHING: Final = (parse_pattern("*"),)


def parse_policy(document: Mapping[str, Any]) -> Policy:
    """The policy that the document describes.

    Raises:
        PolicyInvalid: a key is unknown, missing, empty or of a wrong type; the text names rule and key.
    """
    _refuse_unknown("the file", document, ("rules", "denials"))
    rules = tuple(_rule(*each) for each in _tables(document, "rules"))
    denials = tuple(_denial(*each) for each in _tables(document, "denials"))
    names = [*(rule.name for rule in rules), *(denial.name for denial in denials)]
    for name in names:
        if names.count(name) > 1:
            raise PolicyInvalid(f"Two rules are named {shown(name)}.")
    return Policy(rules, denials)


def _tables(document: Mapping[str, Any], kind: str) -> list[tuple[str, Mapping[str, Any]]]:
    """Each table of a kind, and how messages call it."""
    found = document.get(kind, [])
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise PolicyInvalid(f"`{kind}` must be written as [[{kind}]] tables.")
    named = []
    for number, content in enumerate(found, 1):
        name = content.get("name")
        if not isinstance(name, str) or not name.isprintable() or not 0 < len(name) <= 64:
            raise PolicyInvalid(f"The {number}. of [[{kind}]] needs a `name` of 1 to 64 printable characters.")
        named.append((f"rule {name}" if kind == "rules" else f"denial {name}", content))
    return named


def _rule(where: str, content: Mapping[str, Any]) -> Rule:
    _refuse_unknown(where, content, _RULE)
    seconds = _number(where, content, "maximum_duration_seconds", _MOST_SECONDS)
    rule = Rule(
        name=content["name"],
        who=_who(where, content),
        workgroups=_patterns(where, content, "workgroups", required=True),
        databases=_patterns(where, content, "databases", required=True),
        pass_through=_patterns(where, content, "pass_through"),
        rename=_rename(where, content),
        add=tuple(_role(f"{where}: add", name) for name in _texts(where, content, "add")),
        maximum_duration=timedelta(seconds=seconds) if seconds else None,
        connection_limit=_number(where, content, "connection_limit", _MOST_CONNECTIONS),
        authn_contexts=_texts(where, content, "authn_contexts"),
    )
    if not (rule.pass_through or rule.rename or rule.add):
        raise PolicyInvalid(f"{where} gives nothing: it needs `pass_through`, `rename` or `add`.")
    return rule


def _denial(where: str, content: Mapping[str, Any]) -> Denial:
    _refuse_unknown(where, content, _DENIAL)
    if "databases" in content and "database_roles" in content:
        raise PolicyInvalid(
            f"{where} has `databases` and `database_roles`: a database role is held in the whole server or not at all.",
            remedy="Deny the database roles in the workgroup, or all access to the databases.",
        )
    return Denial(
        name=content["name"],
        who=_who(where, content),
        workgroups=_patterns(where, content, "workgroups", required=True),
        databases=_patterns(where, content, "databases") or _EVERYTHING,
        database_roles=_patterns(where, content, "database_roles"),
    )


def _who(where: str, content: Mapping[str, Any]) -> Who:
    if not any(key in content for key in _WHO):
        raise PolicyInvalid(f"{where} means nobody: it needs one of {', '.join(f'`{key}`' for key in _WHO)}.")
    return Who(
        identity_providers=_patterns(where, content, "identity_providers"),
        access_roles=_patterns(where, content, "access_roles"),
        subjects=_patterns(where, content, "subjects", fold=True),
        groups=_patterns(where, content, "groups"),
        tags=tuple(
            (key, _patterns(f"{where}: tags", tags, key))
            for tags in [_table(where, content, "tags")]
            for key in sorted(tags)
        ),
    )


def _patterns(
    where: str, content: Mapping[str, Any], key: str, *, required: bool = False, fold: bool = False
) -> tuple[Pattern, ...]:
    if required and key not in content:
        raise PolicyInvalid(f'{where} needs `{key}`; `["*"]` means all.')
    try:
        return tuple(parse_pattern(text, fold=fold) for text in _texts(where, content, key))
    except PolicyInvalid as invalid:
        raise PolicyInvalid(f"{where}: {key}: {invalid.what}") from None


def _texts(where: str, content: Mapping[str, Any], key: str) -> tuple[str, ...]:
    if key not in content:
        return ()
    found = content[key]
    if not isinstance(found, list) or not found or not all(isinstance(each, str) and each for each in found):
        raise PolicyInvalid(f"{where}: `{key}` must be a list of texts, none empty, and at least one.")
    return tuple(dict.fromkeys(found))


def _rename(where: str, content: Mapping[str, Any]) -> tuple[tuple[str, DatabaseRoleName], ...]:
    table = _table(where, content, "rename")
    return tuple(
        (unicodedata.normalize("NFC", group), _role(f"{where}: rename", name)) for group, name in table.items()
    )


def _role(where: str, name: object) -> DatabaseRoleName:
    if not isinstance(name, str):
        raise PolicyInvalid(f"{where}: a database role must be a text.")
    try:
        return parse_database_role(name)
    except RolesError as error:
        raise PolicyInvalid(f"{where}: {error.what}") from None


def _table(where: str, content: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = content.get(key, {})
    if not isinstance(found, dict) or (key in content and not found):
        raise PolicyInvalid(f"{where}: `{key}` must be a table, and not empty.")
    return found


def _number(where: str, content: Mapping[str, Any], key: str, most: int) -> int | None:
    found = content.get(key)
    if found is not None and (type(found) is not int or not 1 <= found <= most):
        raise PolicyInvalid(f"{where}: `{key}` must be a whole number from 1 to {most}.")
    return found


def _refuse_unknown(where: str, content: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for key in content:
        if key not in known:
            nearest = get_close_matches(key, known, n=1, cutoff=0.0)[0]
            raise PolicyInvalid(f"{where}: `{key}` is not a known key; the nearest is `{nearest}`.")
