"""Which sessions were issued, and which were ended."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import and_, bindparam, delete, insert, literal, select, update

from broker.store.engine import Database
from broker.store.schema import sessions as table
from broker.sts.model import Session

ENDED_SESSION_KEPT: Final = timedelta(days=1)
"""How long a session is remembered after its end."""

_LIVE: Final = and_(
    table.c.session_id == bindparam("this_session"),
    table.c.revoked_at.is_(None),
    table.c.expires_at > bindparam("now"),
)

_ADD: Final = insert(table)
_IS_LIVE: Final = select(literal(1)).where(_LIVE)
_REVOKE: Final = update(table).where(_LIVE).values(revoked_at=bindparam("now"), revoked_reason=bindparam("reason"))
_FORGET: Final = delete(table).where(table.c.expires_at <= bindparam("ended_before"))


class SqlSessions:
    """`broker.sts.ports.Sessions` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, session: Session) -> None:
        columns = {
            "session_id": session.session_id,
            "identity_provider": session.principal.identity_provider,
            "subject": session.principal.subject,
            "source_identity": session.principal.source_identity,
            "access_role": session.principal.access_role,
            "client_id": session.client_id,
            "access_key_id": session.access_key_id,
            "issued_at": session.issued_at,
            "expires_at": session.expires_at,
            "revoked_at": None,
            "revoked_reason": "",
        }
        self._database.count(_ADD, columns)

    def is_live(self, session_id: str, now: datetime) -> bool:
        return self._database.row(_IS_LIVE, {"this_session": session_id, "now": now}) is not None

    def revoke(self, session_id: str, now: datetime, reason: str) -> bool:
        return self._database.count(_REVOKE, {"this_session": session_id, "now": now, "reason": reason}) == 1

    def forget_expired(self, now: datetime) -> int:
        return self._database.count(_FORGET, {"ended_before": now - ENDED_SESSION_KEPT})
