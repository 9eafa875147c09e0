"""What belongs to somebody: live sessions, and database users."""

from datetime import datetime
from typing import Final

from sqlalchemy import BindParameter, bindparam, or_, select

from broker.credentials.revocation import Person
from broker.store.engine import Database
from broker.store.schema import persons, sessions
from broker.sts.model import KnownSession

_USER: Final[BindParameter[str]] = bindparam("user")
_LIVE: Final = (
    select(*(sessions.c[name] for name in KnownSession.__slots__))
    .where(
        or_(_USER == "", sessions.c.subject == _USER, sessions.c.source_identity == _USER),
        or_(bindparam("this_session") == "", sessions.c.session_id == bindparam("this_session")),
        or_(bindparam("provider") == "", sessions.c.identity_provider == bindparam("provider")),
        sessions.c.revoked_at.is_(None),
        sessions.c.expires_at > bindparam("now"),
    )
    .order_by(sessions.c.issued_at, sessions.c.session_id)
)
_DATABASE_USERS: Final = (
    select(*(persons.c[name] for name in Person.__slots__))
    .where(or_(persons.c.subject == _USER, persons.c.database_user == _USER))
    .order_by(persons.c.workgroup, persons.c.database_user)
)


class SqlPeople:
    """`broker.credentials.revocation.People` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def live_sessions(self, *, user: str, session_id: str, identity_provider: str, now: datetime) -> list[KnownSession]:
        wanted = {"user": user, "this_session": session_id, "provider": identity_provider, "now": now}
        return [KnownSession(**row._asdict()) for row in self._database.rows(_LIVE, wanted)]

    def database_users(self, user: str) -> list[Person]:
        return [Person(**row._asdict()) for row in self._database.rows(_DATABASE_USERS, {"user": user})]
