"""The device grant for headless machines (RFC 8628): one code that the machine keeps, one that the person types."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from broker.audit import AuditEvent, AuditLog, AuditRecord
from broker.errors import (
    AuthorizationPending,
    DeviceAccessDenied,
    DeviceCodeExpired,
    OAuthInvalidGrant,
    SlowDown,
)
from broker.login.model import (
    DEVICE_CODE_LIFETIME,
    DEVICE_POLL_INTERVAL,
    ApprovedLogin,
    DeviceGrant,
    DeviceState,
)
from broker.login.oauth import require_public_client
from broker.login.ports import DeviceGrants
from broker.secrets import Secret, digest, random_token

USER_CODE_ALPHABET: Final = "BCDFGHJKLMNPQRSTVWXZ"
"""RFC 8628 6.1: no vowels, so no words; eight letters are 34 bits, which ten minutes do not suffice to guess."""

USER_CODE_LENGTH: Final = 8

_EARLY: Final = timedelta(milliseconds=500)
"""A poll may come this much early: the network does not keep the client's rhythm."""


@dataclass(frozen=True, slots=True)
class DeviceAuthorization:
    """What the machine is told (RFC 8628 3.2)."""

    device_code: Secret
    user_code: str
    expires_in: timedelta
    interval: timedelta


@dataclass(frozen=True, slots=True)
class DeviceFlow:
    """Begins device grants, finds them by what a person typed, and hands out what was approved."""

    grants: DeviceGrants
    audit: AuditLog

    def begin(self, client_id: str, request_id: str, now: datetime) -> DeviceAuthorization:
        """Make a grant that waits for a person.

        Raises:
            OAuthInvalidClient: the client is unknown.
        """
        require_public_client(client_id)
        device_code = random_token()
        user_code = "".join(secrets.choice(USER_CODE_ALPHABET) for _ in range(USER_CODE_LENGTH))
        self.grants.add(
            DeviceGrant(
                device_code_digest=digest(device_code),
                user_code_digest=digest(user_code),
                client_id=client_id,
                state=DeviceState.PENDING,
                expires_at=now + DEVICE_CODE_LIFETIME,
            )
        )
        self._record(AuditEvent.DEVICE_LOGIN_BEGUN, client_id, request_id, now)
        shown = shown_user_code(user_code)
        return DeviceAuthorization(Secret(device_code), shown, DEVICE_CODE_LIFETIME, DEVICE_POLL_INTERVAL)

    def find(self, typed_user_code: str, now: datetime) -> DeviceGrant | None:
        """The pending grant that shows this code; None if there is none."""
        user_code = canonical_user_code(typed_user_code)
        return self.grants.by_user_code(digest(user_code), now) if user_code else None

    def deny(self, grant: DeviceGrant, request_id: str, now: datetime) -> None:
        """The person says that this is not their machine."""
        self.grants.deny(grant.device_code_digest, now)
        self._record(AuditEvent.LOGIN_REFUSED, grant.client_id, request_id, now, code=DeviceAccessDenied.code)

    def poll(self, client_id: str, device_code: str, now: datetime) -> ApprovedLogin:
        """What the person approved; handed out once.

        Raises:
            AuthorizationPending: the person is not done.
            SlowDown: as above, and the machine asks too often.
            DeviceCodeExpired: the grant came to its end.
            DeviceAccessDenied: the person or the identity provider said no.
            OAuthInvalidGrant: the code is unknown, was handed out, or is another client's.
        """
        require_public_client(client_id)
        grant = self.grants.poll(digest(device_code), now)
        if grant is None or grant.client_id != client_id:
            raise OAuthInvalidGrant("The device code is not good: unknown, used, or not made for this client.")
        if grant.expires_at <= now:
            raise DeviceCodeExpired("The device code ended before the sign-in was finished.")
        if grant.state is DeviceState.DENIED:
            raise DeviceAccessDenied("The sign-in was refused in the browser.")
        if grant.approved is not None:
            return grant.approved
        if grant.last_polled_at is not None and now - grant.last_polled_at < DEVICE_POLL_INTERVAL - _EARLY:
            raise SlowDown("The sign-in is not finished, and the machine asks too often.")
        raise AuthorizationPending("The sign-in is not finished.")

    def _record(self, event: AuditEvent, client_id: str, request_id: str, now: datetime, *, code: str = "") -> None:
        self.audit.record(
            AuditRecord(event, now, request_id, code=code, detail={"client": client_id, "flow": "device"})
        )


def canonical_user_code(typed: str) -> str:
    """The code as it was made, from what a person typed (any case, any separators); "" if it can't be one."""
    letters = "".join(c for c in typed[:64].upper() if c not in " -_.")
    return letters if len(letters) == USER_CODE_LENGTH and set(letters) <= set(USER_CODE_ALPHABET) else ""


def shown_user_code(typed: str) -> str:
    """The code as people read it: BDFG-HJKL."""
    user_code, half = canonical_user_code(typed), USER_CODE_LENGTH // 2
    return f"{user_code[:half]}-{user_code[half:]}"
