"""The audit in the store."""

from typing import Final

from sqlalchemy import bindparam, insert, select

from broker.audit import AuditEvent, AuditRecord
from broker.store.engine import Database
from broker.store.schema import audit_records as table

_ADD: Final = insert(table)
_BY_REQUEST: Final = (
    select(*(column for column in table.c if column is not table.c.number))
    .where(table.c.request_id == bindparam("this_request"))
    .order_by(table.c.number)
)


class SqlAuditLog:
    """`broker.audit.SearchableAuditLog` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, record: AuditRecord) -> None:
        self._database.count(_ADD, record.storable())

    def by_request(self, request_id: str) -> list[AuditRecord]:
        rows = self._database.rows(_BY_REQUEST, {"this_request": request_id})
        return [AuditRecord(**(row._asdict() | {"event": AuditEvent(row.event)})) for row in rows]
