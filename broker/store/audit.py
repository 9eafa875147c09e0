"""The audit in the store."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import BindParameter, Row, bindparam, insert, or_, select

from broker.audit import AuditEvent, AuditQuery, AuditRecord
from broker.store.engine import Database
from broker.store.schema import audit_records as table

_ADD: Final = insert(table)
_RECORD: Final = [column for column in table.c if column is not table.c.number]
_BY_REQUEST: Final = select(*_RECORD).where(table.c.request_id == bindparam("this_request")).order_by(table.c.number)
_USER: Final[BindParameter[str]] = bindparam("user")
_LATEST: Final = (
    select(*_RECORD)
    .where(
        or_(
            _USER == "",
            table.c.subject == _USER,
            table.c.source_identity == _USER,
            table.c.database_user == _USER,
        ),
        or_(bindparam("any_code") == 1, table.c.code != ""),
        table.c.at >= bindparam("since"),
    )
    .order_by(table.c.number.desc())
    .limit(bindparam("latest"))
)
_OF_A_REQUEST: Final = _LATEST.where(table.c.request_id == bindparam("this_request"))
_EVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


class SqlAuditLog:
    """`broker.audit.SearchableAuditLog` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, record: AuditRecord) -> None:
        self._database.count(_ADD, record.storable())

    def record_all(self, records: Sequence[AuditRecord]) -> None:
        if records:
            with self._database.transaction() as transaction:
                transaction.execute(_ADD, [record.storable() for record in records])

    def by_request(self, request_id: str) -> list[AuditRecord]:
        return [_record(row) for row in self._database.rows(_BY_REQUEST, {"this_request": request_id})]

    def find(self, query: AuditQuery) -> list[AuditRecord]:
        wanted = {
            "user": query.user,
            "any_code": int(not query.refused),
            "since": query.since or _EVER,
            "latest": query.latest,
        }
        if query.reference:
            rows = self._database.rows(_OF_A_REQUEST, wanted | {"this_request": query.reference})
        else:
            rows = self._database.rows(_LATEST, wanted)
        return [_record(row) for row in reversed(rows)]


def _record(row: Row[Any]) -> AuditRecord:
    return AuditRecord(**(row._asdict() | {"event": AuditEvent(row.event)}))
