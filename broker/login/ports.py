"""What a sign-in needs from outside. Every `take` is one-shot across all brokers on the store: the second gets None."""

from datetime import datetime
from typing import Protocol

from broker.login.model import ApprovedLogin, AuthorizationCode, DeviceGrant, PendingLogin


class PendingLogins(Protocol):
    """Sign-ins that wait for a response."""

    def add(self, login: PendingLogin) -> None:
        """Keep a new pending login."""
        ...

    def take(self, handle: str, now: datetime) -> PendingLogin | None:
        """Remove and return it; None if unknown, taken before, or past its end."""
        ...


class AuthorizationCodes(Protocol):
    """One-time codes (RFC 6749 4.1.2)."""

    def add(self, code: AuthorizationCode) -> None:
        """Keep a new code; what it stands for is sealed at rest."""
        ...

    def take(self, code_digest: str, now: datetime) -> AuthorizationCode | None:
        """Remove and return it; None if unknown, taken before, or past its end."""
        ...


class DeviceGrants(Protocol):
    """Device grants (RFC 8628)."""

    def add(self, grant: DeviceGrant) -> None:
        """Keep a new grant."""
        ...

    def by_user_code(self, user_code_digest: str, now: datetime) -> DeviceGrant | None:
        """The pending grant that shows this user code; None if unknown, decided, or past its end."""
        ...

    def approve(self, device_code_digest: str, approved: ApprovedLogin, now: datetime) -> bool:
        """Record the sign-in; False if the grant is unknown, decided, or past its end."""
        ...

    def deny(self, device_code_digest: str, now: datetime) -> bool:
        """Record the refusal; False as above."""
        ...

    def poll(self, device_code_digest: str, now: datetime) -> DeviceGrant | None:
        """The grant as it stood before this poll (its `last_polled_at` is the one before); None if unknown.

        An approved or denied grant is removed by the poll that sees it: it is handed out once.
        """
        ...


class UsedAssertions(Protocol):
    """The replay guard."""

    def use(self, identity_provider: str, assertion_id: str, keep_until: datetime) -> bool:
        """Insert or fail: True the first time, False ever after until `keep_until`, across all brokers and restarts."""
        ...


class Expiring(Protocol):
    """A store part that holds what ends by itself."""

    def forget_expired(self, now: datetime) -> int:
        """Drop what is past its end; returns how many."""
        ...
