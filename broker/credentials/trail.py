"""The audit records of one request for database credentials: who, where and why are filled in once."""

from dataclasses import dataclass
from datetime import datetime

from broker.audit import AuditEvent, AuditLog, AuditRecord, Detail
from broker.credentials.model import Lease
from broker.errors import BrokerError, Refusal
from broker.sts.model import Session


@dataclass(frozen=True, slots=True)
class Trail:
    """Records what was decided for one request of one session."""

    audit: AuditLog
    session: Session
    workgroup: str
    request_id: str
    now: datetime

    def record(
        self,
        event: AuditEvent,
        *,
        database: str = "",
        database_user: str = "",
        lease: Lease | None = None,
        code: str = "",
        detail: dict[str, Detail] | None = None,
    ) -> None:
        """Keep one decision; `lease`, where there is one, says which login it is about."""
        principal = self.session.principal
        self.audit.record(
            AuditRecord(
                event=event,
                at=self.now,
                request_id=self.request_id,
                identity_provider=principal.identity_provider,
                subject=principal.subject,
                source_identity=principal.source_identity,
                access_role=principal.access_role,
                session_id=self.session.session_id,
                workgroup=self.workgroup,
                database=lease.database if lease else database,
                database_user=lease.database_user if lease else database_user or principal.database_user,
                alias=lease.alias if lease else "",
                lease_id=lease.lease_id if lease else "",
                code=code,
                detail=detail or {},
            )
        )

    def failure(self, event: AuditEvent, error: Exception, *, lease: Lease | None = None) -> None:
        """Keep an error: code and text where it is one of ours, else its class: a foreign text may hold secrets."""
        if isinstance(error, Refusal):
            self.record(event, lease=lease, code=error.code, detail={"what": error.what})
        else:
            self.record(event, lease=lease, code=BrokerError.code, detail={"what": type(error).__name__})
