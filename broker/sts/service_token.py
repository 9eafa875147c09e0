"""Service tokens: how a program signs in that has no person. Long-lived and narrow; good for short sessions alone.

An administrator makes one and can end it at any time. It stands for an explicit principal of the broker's own provider
`service`: a subject, an access role, workgroups, a database user and database roles. The policy decides on that
principal as on any other; a rule or access role that requires a way of signing in gives it nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from broker.audit import AuditEvent, AuditLog, AuditRecord
from broker.config.model import AccessRoleConfig
from broker.errors import AccessRoleRefused
from broker.login.model import ApprovedLogin
from broker.secrets import Secret, digest, random_name, random_token, same
from broker.sts.errors import ServiceTokenRefused
from broker.sts.model import SERVICE_PROVIDER, SessionCredentials
from broker.sts.service import SessionService
from roles.principal import Principal
from saml.model import ProviderSession

_PREFIX: Final = "wabst"
"""What scanners for leaked secrets can look for; `broker.client.service_token` reads the form."""

_ID_CHARACTERS: Final = 12


@dataclass(frozen=True, slots=True)
class ServiceToken:
    """What is kept of a service token; of its text only the digest.

    Attributes:
        token_id: stands in the token's text, and is no secret: the OAuth client (RFC 6749 2.2).
        workgroups: those that its sessions may use, of its access role's.
        database_roles: what its principal asserts.
        created_by: who made it.
    """

    token_id: str
    token_digest: str
    subject: str
    access_role: str
    workgroups: tuple[str, ...]
    database_user: str
    database_roles: tuple[str, ...]
    created_by: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None

    def principal(self) -> Principal:
        """Whom it stands for."""
        return Principal(
            identity_provider=SERVICE_PROVIDER,
            subject=self.subject,
            source_identity=self.subject,
            access_role=self.access_role,
            database_user=self.database_user,
            asserted_roles=self.database_roles,
        )

    def is_good(self, now: datetime) -> bool:
        """Whether it may begin a session."""
        return self.revoked_at is None and now < self.expires_at


class ServiceTokens(Protocol):
    """Remembers service tokens, the ended ones for a while too."""

    def add(self, token: ServiceToken) -> None:
        """Keep a new token."""
        ...

    def get(self, token_id: str) -> ServiceToken | None:
        """The token, good or not."""
        ...

    def everything(self) -> list[ServiceToken]:
        """All of them, sorted by subject and by age."""
        ...

    def used(self, token_id: str, now: datetime) -> None:
        """Note that it began a session."""
        ...

    def revoke(self, token_id: str, now: datetime) -> bool:
        """End it; True if it was not ended before."""
        ...


def new_service_token_text() -> tuple[str, Secret]:
    """The id and the text of a new token; the text is shown once and kept nowhere."""
    token_id = random_name(_ID_CHARACTERS)
    return token_id, Secret(f"{_PREFIX}_{token_id}_{random_token()}")


def require_service_role(role: AccessRoleConfig | None, name: str) -> AccessRoleConfig:
    """The access role, if services may assume it.

    Raises:
        AccessRoleRefused: it does not exist, does not trust `service`, or requires a way of signing in.
    """
    if role is None:
        raise AccessRoleRefused(f"There is no access role {name[:64]}.", remedy="Name one of broker.toml.")
    if SERVICE_PROVIDER not in role.trusted_identity_providers:
        raise AccessRoleRefused(
            f"The access role {role.name} does not trust services.",
            remedy=f'Add "{SERVICE_PROVIDER}" to its `trusted_identity_providers`.',
        )
    if role.required_authn_contexts:
        raise AccessRoleRefused(
            f"The access role {role.name} requires a way of signing in that a service has not.",
            remedy="Give services an access role of their own, without `required_authn_contexts`.",
        )
    return role


@dataclass(frozen=True, slots=True)
class ServiceTokenGrant:
    """Turns a service token into a short session (RFC 6749 4.4).

    Attributes:
        access_roles: by name, as configured now: a role that trusts services no more ends what its tokens can begin.
        session_length: of each session; the access role and the token's own end may cut it.
    """

    tokens: ServiceTokens
    sessions: SessionService
    access_roles: Mapping[str, AccessRoleConfig]
    session_length: timedelta
    audit: AuditLog

    def authenticate(self, token_id: str, presented: Secret, now: datetime) -> ServiceToken:
        """The token of that text.

        Raises:
            ServiceTokenRefused: there is none, or it has ended. Only who has the text learns which.
        """
        token = self.tokens.get(token_id)
        if token is None or not same(digest(presented.reveal()), token.token_digest):
            raise ServiceTokenRefused("The service token is not one of this broker's.")
        _require_good(token, now)
        return token

    def issue(self, token: ServiceToken, request_id: str, now: datetime) -> SessionCredentials:
        """Session credentials for the token's principal.

        Raises:
            AccessRoleRefused: services may not assume its access role (any more).
            ServiceTokenRefused: the token was ended meanwhile.
            SessionError: as `SessionService.issue`.
        """
        role = require_service_role(self.access_roles.get(token.access_role), token.access_role)
        approved = ApprovedLogin(
            principal=token.principal(),
            session_seconds=int(self.session_length.total_seconds()),
            session_ends_by=min(token.expires_at, now + role.maximum_session),
            provider_session=ProviderSession(token.token_id),
            workgroups=token.workgroups,
        )
        self.sessions.accept(approved, request_id, now)
        credentials = self.sessions.issue(approved, token.token_id, request_id, now)
        # After it is there: who ends the token ends the sessions that it finds, and this is found or refused here.
        kept = self.tokens.get(token.token_id)
        if kept is None or not kept.is_good(now):
            self.sessions.revoke(credentials.session, request_id, now, "the service token has ended")
            raise ServiceTokenRefused("The service token has ended.")
        self.tokens.used(token.token_id, now)
        self.audit.record(service_token_record(AuditEvent.SERVICE_TOKEN_USED, token, request_id, now))
        return credentials


def service_token_record(event: AuditEvent, token: ServiceToken, request_id: str, now: datetime) -> AuditRecord:
    """What the audit keeps of a token: its id, never its text nor the digest of it."""
    return AuditRecord(
        event,
        now,
        request_id,
        identity_provider=SERVICE_PROVIDER,
        subject=token.subject,
        source_identity=token.subject,
        access_role=token.access_role,
        database_user=token.database_user,
        detail={
            "token": token.token_id,
            "workgroups": list(token.workgroups),
            "database_roles": list(token.database_roles),
            "expires_at": token.expires_at.isoformat(),
        },
    )


def _require_good(token: ServiceToken, now: datetime) -> None:
    if token.revoked_at is not None:
        raise ServiceTokenRefused(f"The service token was revoked at {token.revoked_at:%Y-%m-%d %H:%M:%S} UTC.")
    if not token.is_good(now):
        raise ServiceTokenRefused(f"The service token ended at {token.expires_at:%Y-%m-%d %H:%M:%S} UTC.")
