"""Session credentials as values."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from broker.secrets import Secret
from roles.principal import Principal
from saml.model import ProviderSession

DEFAULT_SESSION: Final = timedelta(hours=1)
MINIMUM_SESSION: Final = timedelta(minutes=15)
MAXIMUM_SESSION: Final = timedelta(hours=12)
"""AWS STS AssumeRoleWithSAML: DurationSeconds 900..43200, default 3600."""


SERVICE_PROVIDER: Final = "service"
"""The broker's own identity provider, which vouches for service tokens; no other may have its name."""


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in principal with an end. `opened` from a sealed token, or made by `issue`.

    Attributes:
        provider_session: the session at the identity provider that it came from.
        workgroups: those that it may use of its access role's; None for all of them.
    """

    session_id: str
    principal: Principal
    client_id: str
    issued_at: datetime
    expires_at: datetime
    access_key_id: str
    provider_session: ProviderSession | None = None
    workgroups: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class KnownSession:
    """What the store remembers of a session: enough to end it, and to say whose it was."""

    session_id: str
    identity_provider: str
    subject: str
    source_identity: str
    access_role: str

    @classmethod
    def of(cls, session: Session) -> "KnownSession":
        """What is remembered of `session`."""
        who = session.principal
        return cls(session.session_id, who.identity_provider, who.subject, who.source_identity, who.access_role)


@dataclass(frozen=True, slots=True)
class SessionCredentials:
    """What a client holds: the AWS-shaped triple; the native client uses `session_token` alone, as a bearer token."""

    session: Session
    access_key_id: str
    secret_access_key: Secret
    session_token: Secret
