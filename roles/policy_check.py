"""Looks a policy over: what contradicts, what can never apply, what the warehouse does not have, what gives power.

Only what is certain is said: one pattern covers another where both are the same, or one of them names a single thing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from roles.names import quoted, shown
from roles.pattern import Pattern
from roles.policy import Denial, Policy, Rule, Scope, all_covered
from roles.readiness import Finding, Severity


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the policy is compared with.

    Attributes:
        scopes: the configured workgroups.
        roles: by workgroup: each role of its warehouse, and why it must not be given unless named (or None). A
            workgroup whose warehouse does not answer is absent.
    """

    scopes: tuple[Scope, ...]
    identity_providers: tuple[str, ...]
    access_roles: tuple[str, ...]
    roles: Mapping[str, Mapping[str, str | None]]


def check_policy(policy: Policy, around: Surroundings) -> Iterator[Finding]:
    """Every finding, in the order of the rules; one OK if there is none."""
    findings = [
        *(finding for rule in policy.rules for finding in _check_rule(rule, policy, around)),
        *(finding for denial in policy.denials for finding in _check_places(denial, around)),
    ]
    yield from findings
    if not policy.rules:
        yield Finding("policy", Severity.WARNING, "No rule gives anything: nobody gets a login.", "Add a rule.")
    elif not findings:
        yield Finding("policy", Severity.OK, f"{len(policy.rules)} rules, {len(policy.denials)} denials.")


def _check_rule(rule: Rule, policy: Policy, around: Surroundings) -> Iterator[Finding]:
    yield from _check_places(rule, around)
    yield from _check_reachable(rule, policy)
    for scope in around.scopes:
        if any(pattern.matches(scope.workgroup) for pattern in rule.workgroups):
            yield from _check_databases(rule, scope)
            if scope.workgroup in around.roles:
                yield from _check_roles(rule, scope, around.roles[scope.workgroup])


def _check_places(rule: Rule | Denial, around: Surroundings) -> Iterator[Finding]:
    """Whether what the rule names is configured at all."""
    named = (
        ("workgroup", rule.workgroups, [scope.workgroup for scope in around.scopes]),
        ("database", rule.databases, [name for scope in around.scopes for name in scope.databases]),
        ("identity provider", rule.who.identity_providers, around.identity_providers),
        ("access role", rule.who.access_roles, around.access_roles),
    )
    for kind, patterns, known in named:
        for pattern in patterns:
            if not any(pattern.matches(name) for name in known):
                what = f"{_name(rule)}: no {kind} is configured that fits {shown(pattern.text)}."
                yield Finding("unknown-name", Severity.WARNING, what, f"Correct it; there are: {', '.join(known)}.")


def _check_reachable(rule: Rule, policy: Policy) -> Iterator[Finding]:
    for denial in policy.denials:
        if not (all_covered(denial.workgroups, rule.workgroups) and denial.who.covers(rule.who)):
            continue
        if not denial.database_roles and all_covered(denial.databases, rule.databases):
            what = f"{_name(rule)} can never apply: {_name(denial)} denies all access to everybody whom it means."
            yield Finding("unreachable", Severity.PROBLEM, what, "Remove one of the two, or narrow the denial.")
            return
        lost = [role for role in rule.named_roles if denial.denies(role)]
        if lost:
            what = f"{_name(rule)} gives {', '.join(lost)}, which {_name(denial)} denies to everybody whom it means."
            yield Finding("contradiction", Severity.PROBLEM, what, "Keep one of the two; the denial wins.")
    for other in policy.rules:
        if other is not rule and _adds_nothing(rule, other, policy.rules.index(other) < policy.rules.index(rule)):
            what = f"{_name(rule)} adds nothing: {_name(other)} gives the same to everybody whom it means."
            yield Finding("redundant", Severity.WARNING, what, "Remove it, unless its limits are what it is for.")
            return


def _adds_nothing(rule: Rule, other: Rule, other_is_first: bool) -> bool:
    covered = (
        other.who.covers(rule.who)
        and all_covered(other.workgroups, rule.workgroups)
        and all_covered(other.databases, rule.databases)
        and set(other.authn_contexts) >= set(rule.authn_contexts)
        and bool(other.authn_contexts) == bool(rule.authn_contexts)
        and set(rule.rename) <= set(other.rename)
        and set(rule.add) <= set(other.add)
        and (not rule.pass_through or all_covered(other.pass_through, rule.pass_through))
    )
    same = (rule.who, rule.pass_through, rule.rename, rule.add) == (
        *(other.who, other.pass_through),
        *(other.rename, other.add),
    )
    return covered and (other_is_first or not same)


def _check_databases(rule: Rule, scope: Scope) -> Iterator[Finding]:
    opened = [name for name in scope.databases if any(pattern.matches(name) for pattern in rule.databases)]
    if opened and len(opened) < len(scope.databases):
        what = (
            f"{_name(rule)} opens {', '.join(opened)} of workgroup {scope.workgroup}, but its database roles are held "
            f"in the whole server, so in {', '.join(name for name in scope.databases if name not in opened)} too."
        )
        yield Finding("server-wide", Severity.WARNING, what, "Use a database role with grants in these databases only.")


def _check_roles(rule: Rule, scope: Scope, roles: Mapping[str, str | None]) -> Iterator[Finding]:
    for role in rule.named_roles:
        if role not in roles:
            what = f"{_name(rule)} gives {shown(role)}, which the warehouse of {scope.workgroup} does not have."
            yield Finding("unknown-role", Severity.PROBLEM, what, f"CREATE ROLE {quoted(role)};")
        elif roles[role]:
            yield _power(rule, scope, role, str(roles[role]))
    for pattern in (each for each in rule.pass_through if each.exact is None):
        yield from _check_pattern(rule, pattern, scope, roles)


def _check_pattern(rule: Rule, pattern: Pattern, scope: Scope, roles: Mapping[str, str | None]) -> Iterator[Finding]:
    fitting = [name for name in roles if pattern.matches(name)]
    if not fitting:
        what = f"{_name(rule)}: no role in the warehouse of {scope.workgroup} fits {shown(pattern.text)}."
        yield Finding("unknown-role", Severity.WARNING, what, "Make the roles, or correct the pattern.")
    for name in fitting:
        if roles[name] and name in scope.privileged:
            yield _power(rule, scope, name, str(roles[name]))


def _power(rule: Rule, scope: Scope, role: str, reason: str) -> Finding:
    what = f"{_name(rule)} gives {shown(role)} in {scope.workgroup}. {reason}"
    if role in scope.privileged:
        return Finding("powerful-role", Severity.WARNING, what, "It is given: `privileged_database_roles` names it.")
    return Finding("powerful-role", Severity.PROBLEM, what, "It is never given. Take it out of the rule.")


def _name(rule: Rule | Denial) -> str:
    return f"{'Rule' if isinstance(rule, Rule) else 'Denial'} {rule.name}"
