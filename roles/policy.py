"""Who may hold which database roles where: rules that give, denials that win. Empty means no.

PostgreSQL knows a membership in the whole server or not at all. So the rules of one workgroup add up over its
databases: a database is open to a person or not, and the person's database roles are the same in all of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from roles.names import MAXIMUM_BYTES, PREDEFINED_PREFIX, DatabaseRoleName
from roles.pattern import Pattern, parse_pattern
from roles.principal import Principal


@dataclass(frozen=True, slots=True)
class RolePolicy:
    """Which database roles a workgroup may ever give to anybody, by name alone; deny wins.

    Attributes:
        allow: patterns.
        deny: patterns.
        privileged: exact names of predefined or privileged roles that may be granted all the same, if `allow` has
            them too.
    """

    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    privileged: tuple[str, ...] = ()

    def allows(self, role: DatabaseRoleName) -> bool:
        """Whether somebody may be given `role`."""
        if role.startswith(PREDEFINED_PREFIX) and role not in self.privileged:
            return False
        return matches(self.allow, role) and not matches(self.deny, role)


def matches(patterns: Iterable[str], name: str) -> bool:
    """Whether `name` fits one of these patterns."""
    return any(parse_pattern(text).matches(name) for text in patterns)


@dataclass(frozen=True, slots=True)
class Who:
    """Conditions on a principal. Each that is given must hold, by any of its patterns; none given: everybody.

    Attributes:
        groups: on what the identity provider asserted as database roles.
        tags: on session tags, by key (case does not matter, as at AWS).
    """

    identity_providers: tuple[Pattern, ...] = ()
    access_roles: tuple[Pattern, ...] = ()
    subjects: tuple[Pattern, ...] = ()
    groups: tuple[Pattern, ...] = ()
    tags: tuple[tuple[str, tuple[Pattern, ...]], ...] = ()

    def means(self, principal: Principal) -> bool:
        """Whether every condition holds."""
        values = {tag.key.casefold(): tag.value for tag in principal.tags} if self.tags else {}
        conditions = (
            (self.identity_providers, (principal.identity_provider,)),
            (self.access_roles, (principal.access_role,)),
            (self.subjects, (principal.subject,)),
            (self.groups, principal.asserted_roles),
            *((patterns, (values.get(key.casefold(), ""),)) for key, patterns in self.tags),
        )
        return all(
            any(pattern.matches(value) for pattern in patterns for value in found)
            for patterns, found in conditions
            if patterns
        )

    def covers(self, other: "Who") -> bool:
        """Whether everybody whom `other` means is surely meant here too; False where that can't be told."""
        theirs = dict(other.tags)
        pairs = [
            (self.identity_providers, other.identity_providers),
            (self.access_roles, other.access_roles),
            (self.subjects, other.subjects),
            (self.groups, other.groups),
            *((patterns, theirs.get(key, ())) for key, patterns in self.tags),
        ]
        return all(all_covered(mine, others) for mine, others in pairs if mine)


def all_covered(covering: Iterable[Pattern], covered: tuple[Pattern, ...]) -> bool:
    """Whether each of `covered` is surely covered; nothing given means everything, which only `*` covers."""
    broad = tuple(covering)
    if not covered:
        return any(pattern.text == "*" for pattern in broad)
    return all(any(pattern.covers(other) for pattern in broad) for other in covered)


@dataclass(frozen=True, slots=True)
class Rule:
    """Gives database roles to some principals in some places.

    Attributes:
        pass_through: asserted names that become the database roles of the same name.
        rename: asserted name (exact) -> database role.
        add: database roles for everybody whom the rule means.
        maximum_duration, connection_limit: the strictest of all rules that give something to a person holds.
        authn_contexts: AuthnContextClassRefs of which one must have been used; otherwise the rule gives nothing.
    """

    name: str
    who: Who
    workgroups: tuple[Pattern, ...]
    databases: tuple[Pattern, ...]
    pass_through: tuple[Pattern, ...] = ()
    rename: tuple[tuple[str, DatabaseRoleName], ...] = ()
    add: tuple[DatabaseRoleName, ...] = ()
    maximum_duration: timedelta | None = None
    connection_limit: int | None = None
    authn_contexts: tuple[str, ...] = ()

    def accepts(self, authn_context: str) -> bool:
        """Whether a sign-in of this kind is good enough for the rule."""
        return not self.authn_contexts or authn_context in self.authn_contexts

    @property
    def named_roles(self) -> tuple[DatabaseRoleName, ...]:
        """Database roles that the rule itself names: additions, targets of a new name, exact pass-throughs."""
        exact = [DatabaseRoleName(each.exact) for each in self.pass_through if each.exact is not None]
        return tuple(dict.fromkeys([*self.add, *(target for _, target in self.rename), *exact]))

    def sources(self, role: DatabaseRoleName) -> tuple[str, ...]:
        """Asserted names for which it gives `role`; "" stands for: to everybody whom it means."""
        renamed = [group for group, target in self.rename if target == role]
        same = [role] if any(pattern.matches(role) for pattern in self.pass_through) else []
        return tuple(dict.fromkeys([*([""] if role in self.add else []), *same, *renamed]))


@dataclass(frozen=True, slots=True)
class Denial:
    """Denies database roles, or databases as a whole, to some principals; wins over every rule.

    Attributes:
        database_roles: in the whole workgroup; () for all access to `databases`.
    """

    name: str
    who: Who
    workgroups: tuple[Pattern, ...]
    databases: tuple[Pattern, ...]
    database_roles: tuple[Pattern, ...] = ()

    def denies(self, name: str) -> bool:
        """Whether it denies the database role of this name."""
        return any(pattern.matches(name) for pattern in self.database_roles)


@dataclass(frozen=True, slots=True)
class Scope:
    """Where somebody asks for access: a workgroup, its databases, and the privileged roles that it names.

    Attributes:
        maximum_bytes: the longest name that its warehouse keeps.
    """

    workgroup: str
    databases: tuple[str, ...]
    privileged: tuple[str, ...] = ()
    maximum_bytes: int = MAXIMUM_BYTES


@dataclass(frozen=True, slots=True)
class Policy:
    """The whole of what the administrator decided; the empty policy gives nothing to anybody."""

    rules: tuple[Rule, ...] = field(default=())
    denials: tuple[Denial, ...] = field(default=())

    def rules_for(self, workgroup: str) -> tuple[Rule, ...]:
        """Rules that speak of this workgroup."""
        return tuple(rule for rule in self.rules if any(each.matches(workgroup) for each in rule.workgroups))

    def denials_for(self, workgroup: str) -> tuple[Denial, ...]:
        """Denials that speak of this workgroup."""
        return tuple(denial for denial in self.denials if any(each.matches(workgroup) for each in denial.workgroups))

    def reach(self, scope: Scope) -> RolePolicy:
        """Which database roles the workgroup may ever give: for what is looked up in the warehouse beforehand."""
        rules = self.rules_for(scope.workgroup)
        allow = [*(pattern.text for rule in rules for pattern in rule.pass_through)]
        allow += [role for rule in rules for role in rule.named_roles if role not in allow]
        deny = [
            pattern.text
            for denial in self.denials_for(scope.workgroup)
            if denial.who == Who()
            for pattern in denial.database_roles
        ]
        return RolePolicy(tuple(allow), tuple(deny), scope.privileged)

    def __add__(self, other: "Policy") -> "Policy":
        return Policy(self.rules + other.rules, self.denials + other.denials)


def policy_of_lists(workgroup: str, allow: Iterable[str], deny: Iterable[str]) -> Policy:
    """The policy that a workgroup's allow and deny lists mean: asserted names pass through, for everybody."""
    here, everywhere = (parse_pattern(workgroup),), (parse_pattern("*"),)
    allowed, denied = (tuple(map(parse_pattern, texts)) for texts in (allow, deny))
    rule = Rule(f"workgroups.{workgroup}.allow_database_roles", Who(), here, everywhere, pass_through=allowed)
    denial = Denial(f"workgroups.{workgroup}.deny_database_roles", Who(), here, everywhere, denied)
    return Policy((rule,) if allowed else (), (denial,) if denied else ())
