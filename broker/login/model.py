"""The values of a sign-in, from begin to the one-time code."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from roles.principal import Principal
from saml.model import ProviderSession

PENDING_LOGIN_LIFETIME: Final = timedelta(minutes=10)
AUTHORIZATION_CODE_LIFETIME: Final = timedelta(minutes=1)
DEVICE_CODE_LIFETIME: Final = timedelta(minutes=10)
DEVICE_POLL_INTERVAL: Final = timedelta(seconds=2)

PUBLIC_CLIENTS: Final = frozenset({"broker-cli", "wsql"})
"""The native clients (RFC 8252): public, PKCE required, loopback redirect only."""


@dataclass(frozen=True, slots=True)
class LoopbackRequest:
    """A native client's authorization request (RFC 6749 4.1.1, 7636, 8252), validated."""

    client_id: str
    redirect_uri: str
    state: str
    code_challenge: str


@dataclass(frozen=True, slots=True)
class PendingLogin:
    """A sign-in that waits for the identity provider's response; taken once.

    Attributes:
        handle: our RelayState: random, names this login and nothing else.
        request_id: ID of the AuthnRequest.
        browser_digest: digest of the cookie of the browser that began it.
        loopback: the native client that waits, or None.
        device_code_digest: the device grant that waits, or "".
        preferred_access_role: the access role that the client wishes for, where several may be assumed; "" for none.
    """

    handle: str
    identity_provider: str
    request_id: str
    browser_digest: str
    created_at: datetime
    expires_at: datetime
    loopback: LoopbackRequest | None = None
    device_code_digest: str = ""
    preferred_access_role: str = ""


@dataclass(frozen=True, slots=True)
class ApprovedLogin:
    """A finished sign-in, before session credentials are fetched.

    Attributes:
        session_ends_by: the latest end that provider, access role and assertion allow.
        session_seconds: what the assertion's SessionDuration (or the default) asks for.
        provider_session: the session at the provider, by which a single logout finds this one.
        workgroups: those that the session may use of its access role's; None for all of them.
    """

    principal: Principal
    session_seconds: int
    session_ends_by: datetime
    provider_session: ProviderSession | None = None
    workgroups: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class AuthorizationCode:
    """A one-time code and what it stands for; at rest only its digest."""

    code_digest: str
    client_id: str
    redirect_uri: str
    code_challenge: str
    approved: ApprovedLogin
    expires_at: datetime


class DeviceState(StrEnum):
    """Where a device grant stands."""

    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"


@dataclass(frozen=True, slots=True)
class DeviceGrant:
    """A headless machine that waits (RFC 8628); at rest only the digests of its codes."""

    device_code_digest: str
    user_code_digest: str
    client_id: str
    state: DeviceState
    expires_at: datetime
    last_polled_at: datetime | None = None
    approved: ApprovedLogin | None = None
