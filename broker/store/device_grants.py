"""Device grants (RFC 8628)."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, and_, bindparam, delete, insert, select, update

from broker.login.model import ApprovedLogin, DeviceGrant, DeviceState
from broker.store.approved import open_approved, seal_approved
from broker.store.engine import Database
from broker.store.schema import device_grants as table
from broker.sts.keys import KeyRing

_THIS: Final = table.c.device_code_digest == bindparam("this_device")
_UNDECIDED: Final = and_(table.c.state == DeviceState.PENDING.value, table.c.expires_at > bindparam("now"))

_ADD: Final = insert(table)
_BY_USER_CODE: Final = select(table).where(table.c.user_code_digest == bindparam("user_code_digest"), _UNDECIDED)
_DECIDE: Final = (
    update(table)
    .where(_THIS, _UNDECIDED)
    .values(state=bindparam("decision"), sealed_approved=bindparam("sealed_approved"))
)
_LOCK: Final = select(table).where(_THIS).with_for_update()  # SQLite's transactions hold the one write lock anyway
_POLLED: Final = update(table).where(_THIS).values(last_polled_at=bindparam("now"))
_REMOVE: Final = delete(table).where(_THIS)
_FORGET: Final = delete(table).where(table.c.expires_at <= bindparam("now"))


class SqlDeviceGrants:
    """`broker.login.ports.DeviceGrants` in SQL."""

    def __init__(self, database: Database, ring: KeyRing) -> None:
        self._database = database
        self._ring = ring

    def add(self, grant: DeviceGrant) -> None:
        digest, approved = grant.device_code_digest, grant.approved
        columns = {
            "device_code_digest": digest,
            "user_code_digest": grant.user_code_digest,
            "client_id": grant.client_id,
            "state": grant.state.value,
            "expires_at": grant.expires_at,
            "last_polled_at": grant.last_polled_at,
            "sealed_approved": seal_approved(self._ring, digest, approved) if approved else None,
        }
        self._database.count(_ADD, columns)

    def by_user_code(self, user_code_digest: str, now: datetime) -> DeviceGrant | None:
        row = self._database.row(_BY_USER_CODE, {"user_code_digest": user_code_digest, "now": now})
        return self._grant(row) if row else None

    def approve(self, device_code_digest: str, approved: ApprovedLogin, now: datetime) -> bool:
        sealed = seal_approved(self._ring, device_code_digest, approved)
        return self._decide(device_code_digest, DeviceState.APPROVED, sealed, now)

    def deny(self, device_code_digest: str, now: datetime) -> bool:
        return self._decide(device_code_digest, DeviceState.DENIED, None, now)

    def poll(self, device_code_digest: str, now: datetime) -> DeviceGrant | None:
        this = {"this_device": device_code_digest}
        with self._database.transaction() as transaction:
            row = transaction.execute(_LOCK, this).one_or_none()
            if row is None:
                return None
            if row.state == DeviceState.PENDING.value:
                transaction.execute(_POLLED, this | {"now": now})
            else:
                transaction.execute(_REMOVE, this)
        return self._grant(row)

    def forget_expired(self, now: datetime) -> int:
        return self._database.count(_FORGET, {"now": now})

    def _decide(self, digest: str, decision: DeviceState, sealed: str | None, now: datetime) -> bool:
        parameters = {"this_device": digest, "decision": decision.value, "sealed_approved": sealed, "now": now}
        return self._database.count(_DECIDE, parameters) == 1

    def _grant(self, row: Row[Any]) -> DeviceGrant:
        columns = row._asdict()
        sealed = columns.pop("sealed_approved")
        approved = open_approved(self._ring, row.device_code_digest, sealed) if sealed else None
        return DeviceGrant(**(columns | {"state": DeviceState(row.state)}), approved=approved)
