"""The audit in memory, for tests."""

from collections.abc import Sequence
from threading import Lock

from broker.audit import AuditEvent, AuditQuery, AuditRecord


class MemoryAuditLog:
    """`broker.audit.SearchableAuditLog` in memory; `records` has them all, in order."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._records: list[AuditRecord] = []

    @property
    def records(self) -> tuple[AuditRecord, ...]:
        """Everything that was recorded."""
        with self._lock:
            return tuple(self._records)

    def record(self, record: AuditRecord) -> None:
        self.record_all([record])

    def record_all(self, records: Sequence[AuditRecord]) -> None:
        kept = [AuditRecord(**(each.storable() | {"event": AuditEvent(each.event)})) for each in records]  # type: ignore[arg-type]
        with self._lock:
            self._records += kept

    def by_request(self, request_id: str) -> list[AuditRecord]:
        return [record for record in self.records if record.request_id == request_id]

    def find(self, query: AuditQuery) -> list[AuditRecord]:
        found = [
            record
            for record in self.records
            if query.reference in ("", record.request_id)
            and query.user in ("", record.subject, record.source_identity, record.database_user)
            and (query.since is None or record.at >= query.since)
            and (record.code or not query.refused)
        ]
        return found[-query.latest :]
