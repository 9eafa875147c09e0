"""Brokers in front of a stand-in for Redshift, on one store in memory, with a clock that tests turn."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from broker.config.model import REDSHIFT, AccessRoleConfig, WorkgroupConfig
from broker.credentials.access import AccessService
from broker.credentials.drift import DriftService
from broker.credentials.model import CredentialRequest, DatabaseCredentials, Lease
from broker.credentials.offboarding import Offboarding
from broker.credentials.reaper import Reaper, ReapReport
from broker.credentials.revocation import Order, Revocation, Revoked, Selection
from broker.credentials.service import CredentialService
from broker.credentials.token_revocation import TokenRevocation
from broker.policy import list_policy, scope_of
from broker.redshift_desk import Means
from broker.redshift_warehouse import RedshiftWarehouse
from broker.secrets import Secret
from broker.store.memory import memory_store
from broker.store.model import Store
from broker.sts.model import Session
from broker.warehouses import logins_of
from roles.principal import Principal
from tests.simulators.redshift import RedshiftStandIn

START = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
ETHAN = "ethan@example.com"

CLOUD = WorkgroupConfig(
    name="cloud",
    host="cloud.example.com",
    port=5439,
    admin_conninfo=Secret("host=cloud password=of-the-admin"),
    databases=("dev",),
    allow_database_roles=("sales", "finance", "marketing", "sys*"),
    dialect=REDSHIFT,
)
ANALYST = AccessRoleConfig("analyst", "arn:aws:iam::123456789012:role/analyst", ("okta",), workgroups=("*",))


@dataclass
class Cloud:
    """Everything that brokers share, and one broker."""

    config: WorkgroupConfig = CLOUD
    now: datetime = START
    store: Store = field(default_factory=memory_store)
    server: RedshiftStandIn = field(init=False)
    wait: Callable[[float], None] = lambda _seconds: None

    def __post_init__(self) -> None:
        self.server = RedshiftStandIn(lambda: self.now)
        self.start()

    def start(self) -> None:
        """A broker's parts, freshly made, as after a crash."""
        warehouse = self.warehouse = RedshiftWarehouse(
            Means(self.config, clock=lambda: self.now, pause=self._pause, pool=self.server),
            self.store.generations,
            self.store.leases,
        )
        parts = {"warehouses": {"cloud": warehouse}, "leases": self.store.leases, "audit": self.store.audit}
        self.service = CredentialService(
            workgroups=(self.config,),
            access_roles=(ANALYST,),
            root_certificates={},
            is_live=lambda _session, _now: True,
            logins=logins_of(self.store),
            **parts,
        )
        self.reaper = Reaper(
            clock=lambda: self.now,
            interval=timedelta(seconds=5),
            forget=self.store.forget_expired,
            turns=self.store.turns,
            **parts,
        )
        policy = list_policy([self.config])
        self.drift = DriftService(reaper=self.reaper, reach=lambda _name: policy.reach(scope_of(self.config)), **parts)
        self.access = AccessService(workgroups=(self.config,), access_roles=(ANALYST,), policy=lambda: policy, **parts)
        self.revocation = Revocation(
            self.store.people, self.store.sessions, self.store.leases, self.reaper, self.store.audit
        )
        tokens = TokenRevocation(self.store.service_tokens, self.store.sessions, self.revocation, self.store.audit)
        people, audit = self.store.people, self.store.audit
        self.offboarding = Offboarding(people, self.revocation, {"cloud": warehouse}, audit, tokens)

    def _pause(self, seconds: float) -> None:
        self.wait(seconds)
        self.now += timedelta(seconds=seconds)

    def session(self, name: str = "ethan", *groups: str) -> Session:
        user = f"{name}@example.com"
        who = Principal("okta", user, name, "analyst", user, groups or ("sales",))
        return Session(f"session-of-{name}", who, "test", self.now, self.now + timedelta(hours=12), "WABA2")

    def issue(self, name: str = "ethan", *groups: str, minutes: int = 15, session_id: str = "") -> DatabaseCredentials:
        session = self.session(name, *groups)
        session = replace(session, session_id=session_id or session.session_id)
        request = CredentialRequest("cloud", duration=timedelta(minutes=minutes))
        return self.service.issue(session, request, "request-1", self.now)

    def later(self, **how: float) -> None:
        self.now += timedelta(**how)

    def reap(self) -> ReapReport:
        return self.reaper.run_once("cloud", self.now)

    def revoke(self, **what: str) -> Revoked:
        return self.revocation.revoke(Selection(**what), Order("admin", "request-2", self.now))

    def lets_in(self, got: DatabaseCredentials) -> bool:
        return self.server.lets_in(got.user, got.password.reveal())

    def lease_of(self, got: DatabaseCredentials) -> Lease:
        lease = self.store.leases.get(got.lease_id)
        assert lease
        return lease
