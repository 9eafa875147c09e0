"""How somebody comes to a privilege, or why not: from the warehouse's access control lists, role by role. Pure.

What PostgreSQL's own functions answer with yes or no is walked here, so that each step has a name.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from roles.records import AliasRecord, StableUserRecord, parse_alias, parse_stable_user

PUBLIC: Final = ""
"""As a grantee: everybody."""

_READ_ALL: Final = ("pg_read_all_data", frozenset({"SELECT"}))
_WRITE_ALL: Final = ("pg_write_all_data", frozenset({"INSERT", "UPDATE", "DELETE"}))
_DATABASE_OWNER: Final = "pg_database_owner"


@dataclass(frozen=True, slots=True)
class AccessTarget:
    """What somebody wants to do: `privilege` ("SELECT", "INSERT", ...) on the relation `schema`.`name`."""

    schema: str
    name: str
    privilege: str = "SELECT"


@dataclass(frozen=True, slots=True)
class Grant:
    """One entry of an ACL. `place`: relation, column, schema, database, or default (for relations to come)."""

    place: str
    column: str
    privilege: str
    grantee: str
    grantor: str


@dataclass(frozen=True, slots=True)
class RoleFacts:
    """A role, and those whose rights it inherits."""

    superuser: bool
    inherits: tuple[str, ...]
    record: StableUserRecord | None = None
    alias: AliasRecord | None = None

    @classmethod
    def read(cls, superuser: bool, comment: str | None, inherits: Iterable[str]) -> "RoleFacts":
        """From the catalogue."""
        return cls(superuser, tuple(sorted(inherits)), parse_stable_user(comment), parse_alias(comment))


@dataclass(frozen=True, slots=True)
class RelationFacts:
    """One relation, and where it stands. `policies`: row security policies on it."""

    oid: int
    owner: str
    schema_owner: str
    database_owner: str
    database: str
    row_security: bool
    forced: bool
    policies: int
    is_view: bool


@dataclass(frozen=True, slots=True)
class Leg:
    """One right that is needed, and how somebody has it.

    Attributes:
        need: "USAGE on schema finance_schema".
        path: from the person over the roles whose rights are inherited, to the one that has it; only the person for
            what PUBLIC has.
        by: how the last one has it: "granted by postgres", "as owner", "as superuser", "granted to PUBLIC by postgres".
    """

    need: str
    path: tuple[str, ...]
    by: str

    def describe(self) -> str:
        """One line."""
        return f"{self.need}: {' -> '.join(self.path)}, {self.by}"


@dataclass(frozen=True, slots=True)
class AccessMap:
    """All that decides about one target in one database."""

    target: AccessTarget
    relation: RelationFacts
    grants: tuple[Grant, ...]
    roles: Mapping[str, RoleFacts]

    @property
    def schema_need(self) -> str:
        """The right on the schema."""
        return f"USAGE on schema {self.target.schema}"

    @property
    def relation_need(self) -> str:
        """The right on the relation."""
        return f"{self.target.privilege} on {self.target.schema}.{self.target.name}"

    def legs(self, role: str, also: Iterable[str] = ()) -> dict[str, Leg | None]:
        """What `role` needs, and how it has each; None for what it lacks.

        Args:
            role: need not exist yet: then it has what PUBLIC has.
            also: further roles to inherit from, as after a login that is still to come.
        """
        more = tuple(also)
        return {need: self._leg(need, holders, role, more) for need, holders in self._needs().items()}

    def without(self, role: str, lost: Iterable[str]) -> "AccessMap":
        """As if `role` were no member of `lost`."""
        facts, gone = self.roles.get(role), frozenset(lost)
        if facts is None or not gone:
            return self
        left = replace(facts, inherits=tuple(name for name in facts.inherits if name not in gone))
        return replace(self, roles=MappingProxyType({**self.roles, role: left}))

    def _needs(self) -> dict[str, Mapping[str, str]]:
        return {
            self.schema_need: self._holders("schema", "USAGE", self.relation.schema_owner),
            self.relation_need: self._holders("relation", self.target.privilege, self.relation.owner),
        }

    def _holders(self, place: str, privilege: str, owner: str) -> Mapping[str, str]:
        """Who has the right itself, and how."""
        holders: dict[str, str] = {}
        for predefined, privileges in (_READ_ALL, _WRITE_ALL):
            if place == "schema" or privilege in privileges:
                holders[predefined] = "a predefined role with the right on everything"
        for grant in self.grants:
            if (grant.place, grant.privilege) == (place, privilege):
                to = "granted by" if grant.grantee else "granted to PUBLIC by"
                holders[grant.grantee] = "as owner" if grant.grantee == owner else f"{to} {grant.grantor}"
        return MappingProxyType(holders)

    def _leg(self, need: str, holders: Mapping[str, str], role: str, also: tuple[str, ...]) -> Leg | None:
        if PUBLIC in holders:
            return Leg(need, (role,), holders[PUBLIC])
        for path in self._paths(role, also):
            facts = self.roles.get(path[-1])
            if path[-1] in holders:
                return Leg(need, path, holders[path[-1]])
            # A superuser passes every check, but SUPERUSER is not inherited: only the role itself has it.
            if facts and facts.superuser and len(path) == 1:
                return Leg(need, path, "as superuser")
        return None

    def _paths(self, role: str, also: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        """Every role whose rights `role` has, nearest first, each with the shortest way to it."""
        seen = {role}
        waiting: deque[tuple[str, ...]] = deque([(role,)])
        while waiting:
            path = waiting.popleft()
            yield path
            for above in (*self._above(path[-1]), *(also if len(path) == 1 else ())):
                if above not in seen:
                    seen.add(above)
                    waiting.append((*path, above))

    def _above(self, role: str) -> tuple[str, ...]:
        facts = self.roles.get(role)
        above = facts.inherits if facts else ()
        return (*above, _DATABASE_OWNER) if role == self.relation.database_owner else above

    def who_can(self) -> dict[str, tuple[Leg, ...]]:
        """Every role that has all that is needed, with how, login aliases left out; found from the grants backwards."""
        reached = [self._below(holders) for holders in self._needs().values()]
        public = [PUBLIC in holders for holders in self._needs().values()]
        found: dict[str, tuple[Leg, ...]] = {}
        for role, facts in sorted(self.roles.items()):
            can = facts.superuser or all(open_ or role in below for open_, below in zip(public, reached, strict=True))
            if can and not facts.alias:
                found[role] = tuple(leg for leg in self.legs(role).values() if leg)
        return found

    def _below(self, holders: Mapping[str, str]) -> set[str]:
        """The holders, and every role that inherits from one of them."""
        members: dict[str, list[str]] = {}
        for role in self.roles:
            for above in self._above(role):
                members.setdefault(above, []).append(role)
        seen, waiting = set(holders), deque(holders)
        while waiting:
            for member in members.get(waiting.popleft(), ()):
                if member not in seen:
                    seen.add(member)
                    waiting.append(member)
        return seen

    def lacks_connect(self) -> str | None:
        """The right to connect, if PUBLIC lacks it: at that moment a login alias has no other rights."""
        wanted = ("database", "CONNECT", PUBLIC)
        allowed = any((each.place, each.privilege, each.grantee) == wanted for each in self.grants)
        return None if allowed else f"CONNECT on database {self.relation.database} for PUBLIC"

    def notes(self) -> Iterator[str]:
        """What the yes or no leaves out."""
        where = f"{self.target.schema}.{self.target.name}"
        if self.relation.row_security:
            who = "everybody, its owner too" if self.relation.forced else "all but those with its owner's rights"
            rules = {0: "no policy, so no row is there", 1: "one policy, which decides what is there"}.get(
                self.relation.policies, f"{self.relation.policies} policies, which decide what is there"
            )
            yield f"{where} has row security with {rules}, for {who}."
        if self.relation.is_view:
            yield f"{where} is a view: it reads its tables with the rights of its owner, {self.relation.owner}."
        columns: dict[str, list[str]] = {}
        for grant in self.grants:
            if (grant.place, grant.privilege) == ("column", self.target.privilege):
                columns.setdefault(grant.grantee or "PUBLIC", []).append(grant.column)
        for grantee, names in columns.items():
            yield f"{grantee} has {self.target.privilege} on columns only: {', '.join(names)}."
        for grant in self.grants:
            if (grant.place, grant.privilege) == ("default", self.target.privilege):
                grantee = grant.grantee or "PUBLIC"
                yield f"What {grant.grantor} makes here in future gives {grant.privilege} to {grantee}."
