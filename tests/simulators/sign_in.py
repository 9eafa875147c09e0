"""A broker's sign-in on a store in memory, with two simulated identity providers: for the tests of login and HTTP."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from broker.config.model import AWS_ATTRIBUTES, AccessRoleConfig, IdentityProviderConfig
from broker.login.device import DeviceFlow
from broker.login.federation import Federation
from broker.login.oauth import AuthorizationCodeGrant
from broker.login.service import LoginService, TrustedProvider
from broker.store.memory import memory_store
from broker.store.model import Store
from broker.sts.keys import KeyRing
from broker.sts.service import SessionService
from saml.model import IdentityProvider, ServiceProvider
from tests.simulators.identity_provider import SimulatedIdentityProvider

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ROLE_ARN = "arn:aws:iam::123456789012:role/analyst"
PROVIDER_ARN = "arn:aws:iam::123456789012:saml-provider/okta"
ANALYST = AccessRoleConfig(
    name="analyst",
    arn=ROLE_ARN,
    trusted_identity_providers=("okta", "portal"),
    allow_session_tags=True,
    workgroups=("*",),
)
ETHAN: dict[str, str | tuple[str, ...]] = {
    AWS_ATTRIBUTES + "Role": f"{ROLE_ARN},{PROVIDER_ARN}",
    AWS_ATTRIBUTES + "RoleSessionName": "ethan@example.com",
    AWS_ATTRIBUTES + "PrincipalTag:RedshiftDbUser": "ethan@example.com",
    AWS_ATTRIBUTES + "PrincipalTag:RedshiftDbRoles": "sales:finance",
    AWS_ATTRIBUTES + "TransitiveTagKeys": ("RedshiftDbUser", "RedshiftDbRoles"),
}


@dataclass
class Clock:
    """A clock that stands until a test moves it."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **duration: float) -> None:
        self.now += timedelta(**duration)


@dataclass
class SignInWorld:
    """Everything behind the sign-in, and the providers to answer it.

    `okta` may be asked only; `portal` begins too, and its answers may be exchanged.
    """

    key_file: Path
    public_url: str = "https://broker.example.com"
    access_roles: tuple[AccessRoleConfig, ...] = (ANALYST,)
    clock: Clock = field(default_factory=Clock)
    store: Store = field(default_factory=memory_store)

    def __post_init__(self) -> None:
        self.okta = self._simulated("okta")
        self.portal = self._simulated("portal")
        self.providers = {
            "okta": self._trusted("okta", self.okta),
            "portal": self._trusted("portal", self.portal, allow_unsolicited=True, allow_exchange=True),
        }
        self.codes = AuthorizationCodeGrant(self.store.authorization_codes, self.public_url)
        self.devices = DeviceFlow(self.store.device_grants, self.store.audit)
        self.sessions = SessionService(
            KeyRing.create(self.key_file), self.store.sessions, self.store.leases, self.store.audit
        )
        self.login = LoginService(
            providers=self.providers,
            federation=Federation(self.access_roles),
            pending_logins=self.store.pending_logins,
            used_assertions=self.store.used_assertions,
            codes=self.codes,
            device_grants=self.store.device_grants,
            audit=self.store.audit,
            accept=self.sessions.accept,
        )

    def simulated(self, name: str) -> SimulatedIdentityProvider:
        return self.okta if name == "okta" else self.portal

    def acs_url(self, name: str) -> str:
        return f"{self.public_url}/saml/{name}/acs"

    def slo_url(self, name: str) -> str:
        return f"{self.public_url}/saml/{name}/slo"

    def entity_id(self, name: str) -> str:
        return f"{self.public_url}/saml/{name}/metadata"

    def codes_in_audit(self) -> list[str]:
        return [record.code for record in self.store.audit.records if record.code]  # type: ignore[attr-defined]

    def _simulated(self, name: str) -> SimulatedIdentityProvider:
        return SimulatedIdentityProvider(f"https://{name}.example.net/metadata", f"https://{name}.example.net/sso")

    def _trusted(self, name: str, provider: SimulatedIdentityProvider, **allowed: bool) -> TrustedProvider:
        return TrustedProvider(
            config=IdentityProviderConfig(name, Path("unused"), label=name.capitalize(), **allowed),  # type: ignore[arg-type]
            identity_provider=IdentityProvider(
                name,
                provider.entity_id,
                provider.sso_url,
                (provider.keys.certificate,),
                sign_out_url=f"https://{name}.example.net/slo",
            ),
            service_provider=ServiceProvider(self.entity_id(name), self.acs_url(name), slo_url=self.slo_url(name)),
        )
