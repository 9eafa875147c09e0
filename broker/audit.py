"""The audit: every decision as one structured record, in the store and as JSON lines.

A record names the human, the identity provider, the alias, the lease and the request; it holds no secret. The fields
are closed on purpose: what is not a field can't leak.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

Detail = str | int | list[str]
"""What one name in `AuditRecord.detail` may hold."""

_UNSTORABLE: Final = re.compile(r"[\x00\ud800-\udfff]")


class AuditEvent(StrEnum):
    """What was decided."""

    LOGIN_BEGUN = "login.begun"
    LOGIN_ACCEPTED = "login.accepted"
    LOGIN_REFUSED = "login.refused"
    DEVICE_LOGIN_BEGUN = "device-login.begun"
    DEVICE_LOGIN_APPROVED = "device-login.approved"
    SESSION_ISSUED = "session.issued"
    SESSION_REFUSED = "session.refused"
    SESSION_REVOKED = "session.revoked"
    SERVICE_TOKEN_CREATED = "service-token.created"  # noqa: S105
    SERVICE_TOKEN_USED = "service-token.used"  # noqa: S105
    SERVICE_TOKEN_REVOKED = "service-token.revoked"  # noqa: S105
    LOGOUT_CONFIRMED = "logout.confirmed"
    LOGOUT_ACCEPTED = "logout.accepted"
    LOGOUT_REFUSED = "logout.refused"
    CREDENTIALS_ALLOWED = "credentials.allowed"
    CREDENTIALS_ISSUED = "credentials.issued"
    CREDENTIALS_REFUSED = "credentials.refused"
    CREDENTIALS_FAILED = "credentials.failed"
    SESSIONS_ENDED = "database-sessions.ended"
    LEASE_REVOKED = "lease.revoked"
    REVOCATION_ORDERED = "revocation.ordered"
    OFFBOARDED = "person.offboarded"
    LEASE_REAPED = "lease.reaped"
    ORPHAN_REMOVED = "orphan.removed"
    EXPLAINED = "access.explained"
    PLANNED = "access.planned"
    DRIFT_FOUND = "drift.found"
    DRIFT_FIXED = "drift.fixed"
    KEYS_ROTATED = "keys.rotated"
    POLICY_LOADED = "policy.loaded"
    POLICY_REFUSED = "policy.refused"
    METADATA_TAKEN_UP = "metadata.taken-up"
    METADATA_REFUSED = "metadata.refused"


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One decision.

    Attributes:
        event: what was decided.
        at: when, UTC.
        request_id: the reference number that the person sees and that every record of one request carries.
        code: the stable error code of a refusal, else "".
        detail: names and texts that explain the decision (`plan`, `reasons`, `unknown_database_roles`, ...); no secret.
    """

    event: AuditEvent
    at: datetime
    request_id: str
    identity_provider: str = ""
    subject: str = ""
    source_identity: str = ""
    access_role: str = ""
    session_id: str = ""
    workgroup: str = ""
    database: str = ""
    database_user: str = ""
    alias: str = ""
    lease_id: str = ""
    code: str = ""
    detail: dict[str, Detail] = field(default_factory=dict)

    def storable(self) -> dict[str, object]:
        """The fields by name, as any store can keep them.

        What a stranger sent may hold characters that databases don't take (NUL, half a surrogate pair). They are
        replaced: a refusal that can't be recorded would be no refusal on record.
        """
        return {name: _storable(getattr(self, name)) for name in _FIELDS} | {"event": self.event.value}


def _storable(value: object) -> object:
    match value:
        case str():
            return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", value)
        case list():
            return [_storable(item) for item in value]
        case dict():
            return {_storable(name): _storable(item) for name, item in value.items()}
        case _:
            return value


_FIELDS: Final = tuple(each.name for each in fields(AuditRecord))


class AuditLog(Protocol):
    """Keeps audit records. A decision that can't be recorded is not taken: an error of `record` ends the request."""

    def record(self, record: AuditRecord) -> None:
        """Keep `record` durably.

        Raises:
            StoreUnavailable: the record could not be kept.
        """
        ...

    def record_all(self, records: Sequence[AuditRecord]) -> None:
        """Keep several; where that fails, some may be kept.

        Raises:
            StoreUnavailable: not all could be kept.
        """
        ...


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """Which records are wanted; what is empty narrows nothing.

    Attributes:
        reference: a request's reference number.
        user: a subject, login (source identity) or database user.
        since: none from before.
        refused: only records with a code.
        latest: at most so many; of more, the latest.
    """

    reference: str = ""
    user: str = ""
    since: datetime | None = None
    refused: bool = False
    latest: int = 100


class SearchableAuditLog(AuditLog, Protocol):
    """An audit log that can be asked."""

    def find(self, query: AuditQuery) -> list[AuditRecord]:
        """The records that fit, in the order in which they were kept."""
        ...

    def by_request(self, request_id: str) -> list[AuditRecord]:
        """Every record of one request, in the order in which they were kept."""
        ...
