"""A warehouse that tells one lie at a time, and the people and workgroups of these tests."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from broker.config.model import AccessRoleConfig, WorkgroupConfig
from broker.credentials.ports import AliasEnded, AliasFound, Issued
from broker.secrets import Secret
from broker.sts.model import Session
from roles.census import StableUser
from roles.chains import AccessMap, AccessTarget
from roles.desired import DesiredLogin
from roles.explain import AccessExplanation
from roles.plan import Plan
from roles.principal import Principal
from roles.readiness import Finding

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)

ANALYTICS = WorkgroupConfig(
    name="analytics",
    host="db.example.com",
    port=5432,
    admin_conninfo=Secret("host=db password=of-the-admin"),
    databases=("sales", "finance"),
    allow_database_roles=("sales", "finance", "marketing"),
    deny_database_roles=("root*",),
)
OTHER = replace(ANALYTICS, name="other")
ANALYST = AccessRoleConfig("analyst", "arn:aws:iam::123456789012:role/analyst", ("okta",), workgroups=("analytics",))
ETHAN = Principal(
    identity_provider="okta",
    subject="ethan@example.com",
    source_identity="ethan",
    access_role="analyst",
    database_user="Ethan@example.com",
    asserted_roles=("sales", "finance", "hr"),
)


def session(principal: Principal = ETHAN, ends_in: timedelta = timedelta(hours=1)) -> Session:
    return Session("session-1", principal, "broker-cli", NOW, NOW + ends_in, "WABA234")


def _nothing() -> None:
    """What a method does besides, unless a test says otherwise."""


@dataclass
class WarehouseDouble:
    """Keeps aliases and calls. `before[method]` and `after[method]` run around a method's own work, and may raise.

    `refused` has names with which no call of `end_aliases` succeeds, and why."""

    known_roles: frozenset[str] = frozenset({"sales", "finance"})
    shrank: bool = False
    undroppable: str = ""
    users: list[StableUser] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    desired: list[DesiredLogin] = field(default_factory=list)
    found: dict[str, AliasFound] = field(default_factory=dict)
    refused: dict[str, Exception] = field(default_factory=dict)
    before: dict[str, Callable[[], None]] = field(default_factory=dict)
    after: dict[str, Callable[[], None]] = field(default_factory=dict)

    def issue(self, login: DesiredLogin) -> Issued:
        self._enter("issue")
        self.desired.append(login)
        if login.alias and self.known_roles & set(login.database_roles):
            self.add(login.alias.name, login.alias.lease_id, login.database_user, login.alias.valid_until)
        self._leave("issue")
        return self.plan(login)

    def plan(self, login: DesiredLogin) -> Issued:
        return Issued(
            plan=Plan((), frozenset()),
            database_roles=tuple(role for role in login.database_roles if role in self.known_roles),
            unknown_roles=tuple(role for role in login.database_roles if role not in self.known_roles),
            refused_roles=(),
            foreign_roles=("hand_granted",),
            shrank=self.shrank,
        )

    def end_person_sessions(self, database_user: str, spare_alias: str) -> int:
        self._enter(f"end_person_sessions({database_user}, spare={spare_alias})", "end_person_sessions")
        self._leave("end_person_sessions")
        return 2

    def end_aliases(self, names: Sequence[str]) -> list[AliasEnded]:
        self._enter(f"end_aliases({len(names)})", "end_aliases")
        for name in names:
            if name in self.refused:
                raise self.refused[name]
        ended = [self._end(name) for name in names]
        self._leave("end_aliases")
        return ended

    def explain_access(self, database_user: str, database: str, target: AccessTarget) -> AccessExplanation:
        self._enter(f"explain_access({database_user}, {database})", "explain_access")
        missing = (f"{target.privilege} on {target.schema}.{target.name}",)
        return AccessExplanation(target, exists=True, allowed=False, missing=missing, database_roles=("finance",))

    def access_map(self, database: str, target: AccessTarget) -> AccessMap | None:
        self._enter(f"access_map({database})", "access_map")
        return None

    def readiness(self) -> list[Finding]:
        self._enter("readiness")
        return []

    def aliases(self) -> list[AliasFound]:
        self._enter("aliases")
        found = list(self.found.values())
        self._leave("aliases")
        return found

    def stable_users(self) -> list[StableUser]:
        self._enter("stable_users")
        return list(self.users)

    def add(self, name: str, lease_id: str, database_user: str, until: datetime = NOW) -> None:
        self.found[name] = AliasFound(name, lease_id, database_user, until, can_login=True)

    def _end(self, name: str) -> AliasEnded:
        if name == self.undroppable:
            self.found[name] = replace(self.found[name], can_login=False)
            return AliasEnded(name, terminated=1, dropped=False, problem="it owns a large object")
        gone = self.found.pop(name, None)
        return AliasEnded(name, terminated=1 if gone else 0, dropped=True)

    def _enter(self, call: str, method: str = "") -> None:
        self.calls.append(call)
        self.before.get(method or call, _nothing)()

    def _leave(self, method: str) -> None:
        self.after.get(method, _nothing)()


def raising(error: Exception) -> Callable[[], None]:
    def throw() -> None:
        raise error

    return throw
