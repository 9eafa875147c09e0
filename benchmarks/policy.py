"""What a policy costs: decision and plan for 10,000 people and 200 database roles; and patterns that stall others.

Decisions and plans run as in a login, without the warehouse: principal and actual state in, plan out.
"""

import re
import time
from collections.abc import Callable, Iterator

from roles.actual import ActualState, ActualUser, ReachableRole, RoleAttributes
from roles.decision import decide
from roles.desired import DesiredLogin, Owner
from roles.diff import diff
from roles.names import DatabaseRoleName, DatabaseUserName
from roles.pattern import parse_pattern
from roles.policy import Policy, RolePolicy, Scope
from roles.policy_document import parse_policy
from roles.principal import Principal
from roles.privileges import sift
from roles.records import StableUserRecord

PEOPLE, ROLES = 10_000, 200
SCOPE = Scope("analytics", ("dev",))
NAMES = tuple(DatabaseRoleName(f"role_{number:03}") for number in range(ROLES))
HERE = {"workgroups": ["analytics"], "databases": ["*"]}


def policies() -> Iterator[tuple[str, Policy]]:
    one = {"name": "all", "groups": ["*"], "pass_through": ["role_*"], **HERE}
    yield "one rule with a glob", parse_policy({"rules": [one]})
    each = [{"name": name, "groups": [name], "pass_through": [name], **HERE} for name in NAMES]
    yield f"{ROLES} rules with an exact name", parse_policy({"rules": each})
    expressions = [{"name": name, "groups": [f"/{name}|x{name}+/"], "add": [name], **HERE} for name in NAMES]
    yield f"{ROLES} rules with an expression", parse_policy({"rules": expressions})


def principal(person: int, groups: int) -> Principal:
    asserted = tuple(NAMES[(person + step * 7) % ROLES] for step in range(groups))
    user = f"person{person}@example.com"
    return Principal("okta", user, user, "analyst", user, asserted)


def plan(policy: Policy, person: int, groups: int) -> int:
    """Decide, sift and compare with yesterday's memberships; the number of changes."""
    who = principal(person, groups)
    decision = decide(who, policy, SCOPE)
    owner, user = Owner("okta", who.subject), DatabaseUserName(who.database_user)
    yesterday = frozenset(principal(person + 1, groups).asserted_roles)
    held = frozenset(map(DatabaseRoleName, yesterday))
    actual = ActualState(
        user=ActualUser(RoleAttributes(), StableUserRecord(owner, held).to_comment()),
        memberships=held,
        reachable=tuple(ReachableRole(role, role, RoleAttributes()) for role in decision.candidates),
    )
    sifted = sift(decision.candidates, actual, RolePolicy())
    return len(diff(DesiredLogin(user, owner, sifted.grantable, None), actual).changes)


def measured(work: Callable[[], object]) -> float:
    """CPU seconds: those of others on the machine don't count."""
    begin = time.process_time()
    work()
    return time.process_time() - begin


def main() -> None:
    print(f"Plans for {PEOPLE} people, {ROLES} database roles:")
    for name, policy in policies():
        for groups in (5, ROLES):
            people = PEOPLE if groups < ROLES else PEOPLE // 100
            seconds = measured(lambda: [plan(policy, person, groups) for person in range(people)])  # noqa: B023
            shown = f"{groups} groups each"
            rate = people / seconds
            print(f"  {name:<32} {shown:<16} {seconds / people * 1000:7.2f} ms a plan, {rate:8.0f}/s", end="")
            print(f", {PEOPLE / rate:7.1f} s for all" + ("" if people == PEOPLE else f" (from {people})"))
    text = "a" * 24 + "!"
    print("A nested expression, (a+)+, on 24 letters that almost fit:")
    pattern = parse_pattern("/(a+)+/")
    print(f"  RE2       {measured(lambda: pattern.matches(text)) * 1e6:12.0f} us")
    print(f"  re        {measured(lambda: re.fullmatch('(a+)+', text)) * 1e6:12.0f} us")
    print(f"  RE2, 100,000 letters {measured(lambda: pattern.matches('a' * 100_000 + '!')) * 1e6:.0f} us")


if __name__ == "__main__":
    main()
