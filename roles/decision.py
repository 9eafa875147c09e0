"""The decision on what an identity provider asserted: which database roles to seek, which not, and why."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from roles.errors import NoDatabaseRole, RolesError
from roles.names import PREDEFINED_PREFIX, DatabaseRoleName, parse_database_role, shown
from roles.policy import Denial, Policy, Rule, Scope
from roles.principal import Principal


class RefusedDatabaseRole(NamedTuple):
    """An asserted database role that is not granted, and why (a sentence)."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Grounds:
    """Why somebody is given `role`: the rule, and the asserted name behind it ("" if the rule asks for none)."""

    role: DatabaseRoleName
    rule: str
    asserted: str = ""

    def describe(self) -> str:
        """For audit and explanation."""
        return f"{self.role} by the rule {self.rule}" + (f" for {shown(self.asserted)}" if self.asserted else "")


@dataclass(frozen=True, slots=True)
class Decision:
    """What policy says by name; the warehouse may refuse more.

    Attributes:
        candidates: to be granted if the warehouse has them, sorted.
        refused: every asserted name that leads to no candidate, in the order of assertion; then denied additions.
        grounds: for each candidate, all that leads to it.
        databases: open to the principal, in the workgroup's order.
        maximum_duration, connection_limit: the strictest of the rules behind the candidates; None for no limit.
    """

    candidates: tuple[DatabaseRoleName, ...]
    refused: tuple[RefusedDatabaseRole, ...]
    grounds: tuple[Grounds, ...] = ()
    databases: tuple[str, ...] = ()
    maximum_duration: timedelta | None = None
    connection_limit: int | None = None


def decide(principal: Principal, policy: Policy, scope: Scope) -> Decision:
    """Judge every asserted name. Nothing is ignored: a name leads to a candidate, or is refused with a reason."""
    denials = [each for each in policy.denials_for(scope.workgroup) if each.who.means(principal)]
    meant = [rule for rule in policy.rules_for(scope.workgroup) if rule.who.means(principal)]
    applying = [rule for rule in meant if rule.accepts(principal.authn_context)]
    too_weak = [rule for rule in meant if not rule.accepts(principal.authn_context)]
    databases = tuple(name for name in scope.databases if _is_open(name, applying, denials))
    judge = _Judge(applying, too_weak, denials, scope, any_database=bool(databases))
    for name in principal.asserted_roles:
        judge.asserted(name)
    judge.additions()
    names = {each.rule for each in judge.grounds}
    behind = [rule for rule in applying if rule.name in names]
    return Decision(
        candidates=tuple(sorted({each.role for each in judge.grounds})),
        refused=tuple(judge.refused.values()),
        grounds=tuple(judge.grounds),
        databases=databases,
        maximum_duration=min((each.maximum_duration for each in behind if each.maximum_duration), default=None),
        connection_limit=min((each.connection_limit for each in behind if each.connection_limit), default=None),
    )


def _is_open(database: str, rules: Iterable[Rule], denials: Iterable[Denial]) -> bool:
    given = any(pattern.matches(database) for rule in rules for pattern in rule.databases)
    whole = (denial for denial in denials if not denial.database_roles)
    return given and not any(pattern.matches(database) for denial in whole for pattern in denial.databases)


class _Judge:
    """Collects grounds and refusals, name by name."""

    def __init__(
        self, applying: list[Rule], too_weak: list[Rule], denials: list[Denial], scope: Scope, *, any_database: bool
    ) -> None:
        self._applying = applying
        self._too_weak = too_weak
        self._denials = denials
        self._scope = scope
        self._any_database = any_database
        self.grounds: list[Grounds] = []
        self.refused: dict[str, RefusedDatabaseRole] = {}

    def asserted(self, raw_name: str) -> None:
        name = unicodedata.normalize("NFC", raw_name)
        found = [(rule, role) for rule in self._applying for group, role in rule.rename if group == name]
        problem = ""
        try:
            same = parse_database_role(raw_name, self._scope.maximum_bytes)
            found += [(rule, same) for rule in self._applying if any(each.matches(same) for each in rule.pass_through)]
        except RolesError as error:
            problem = error.what
        objections = [self._give(rule, role, raw_name) for rule, role in found]
        if all(objections):  # also where nothing was found
            reason = next(iter(objections), None) or problem or self._why_nothing(name)
            self.refused[raw_name] = RefusedDatabaseRole(raw_name, reason)

    def additions(self) -> None:
        for rule in self._applying:
            for role in rule.add:
                objection = self._give(rule, role, "")
                if objection and role not in self.refused:
                    self.refused[role] = RefusedDatabaseRole(role, objection)
        for given in self.grounds:  # asserted by name, and given by an addition
            self.refused.pop(given.role, None)

    def _give(self, rule: Rule, role: DatabaseRoleName, raw_name: str) -> str | None:
        """Note the grounds; or why not (a sentence)."""
        if denied := self._denied(role):
            return denied
        if not self._any_database:
            return self._no_database()
        if role.startswith(PREDEFINED_PREFIX) and role not in self._scope.privileged:
            return "It is a predefined role, and the workgroup does not name it as privileged."
        self.grounds.append(Grounds(role, rule.name, raw_name))
        return None

    def _denied(self, name: str) -> str | None:
        denial = next((each for each in self._denials if each.denies(name)), None)
        return f"The rule {denial.name} denies it." if denial else None

    def _no_database(self) -> str:
        whole = next((each.name for each in self._denials if not each.database_roles), None)
        return f"The rule {whole} denies all access." if whole else "No rule opens a database of the workgroup."

    def _why_nothing(self, name: str) -> str:
        """A rule that gave it, were it not for the way of the sign-in, is worth naming: the person can do something."""
        for rule in self._too_weak:
            if any(each.matches(name) for each in rule.pass_through) or name in dict(rule.rename):
                contexts = ", ".join(rule.authn_contexts)
                return f"The rule {rule.name} gives it after a sign-in by one of {contexts} only."
        return self._denied(name) or "No rule of the policy gives it."


def no_database_role(refused: Iterable[RefusedDatabaseRole], unknown: Iterable[str] = ()) -> NoDatabaseRole:
    """The refusal for somebody who is left without a database role: it names each asserted one, and why."""
    reasons = [f"{shown(role.name)}: {role.reason}" for role in refused]
    reasons += [f"{shown(name)}: The warehouse has no such role." for name in unknown]
    if not reasons:
        return NoDatabaseRole("The identity provider asserted no database role.")
    return NoDatabaseRole("None of the asserted database roles can be granted. " + " ".join(reasons))
