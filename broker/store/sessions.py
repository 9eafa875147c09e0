"""Which sessions were issued, and which were ended."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import and_, bindparam, delete, insert, literal, or_, select, update

from broker.store.engine import Database
from broker.store.schema import sessions as table
from broker.store.schema import standings
from broker.sts.model import KnownSession, Session
from saml.model import ProviderSession

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
_WHY_ENDED: Final = select(table.c.revoked_reason).where(table.c.session_id == bindparam("this_session"))
_AT_PROVIDER: Final = select(
    table.c.session_id, table.c.identity_provider, table.c.subject, table.c.source_identity, table.c.access_role
).where(
    table.c.identity_provider == bindparam("identity_provider"),
    table.c.name_id == bindparam("name_id"),
    or_(bindparam("any_index"), table.c.session_index.in_(bindparam("session_indexes", expanding=True))),
    table.c.revoked_at.is_(None),
    table.c.expires_at > bindparam("now"),
)
_OF_PERSON: Final = select(
    table.c.session_id, table.c.identity_provider, table.c.subject, table.c.source_identity, table.c.access_role
).where(
    table.c.identity_provider == bindparam("identity_provider"),
    table.c.subject == bindparam("subject"),
    table.c.revoked_at.is_(None),
    table.c.expires_at > bindparam("now"),
)
_THIS_PERSON: Final = and_(
    standings.c.identity_provider == bindparam("provider"), standings.c.subject == bindparam("person")
)
_STANDING: Final = select(standings.c.rights).where(_THIS_PERSON)
_ACCEPT: Final = update(standings).where(_THIS_PERSON).values(rights=bindparam("new_rights"))
_FORGET: Final = delete(table).where(table.c.expires_at <= bindparam("ended_before"))


class SqlSessions:
    """`broker.sts.ports.Sessions` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._stand = database.insert_or_skip(standings)

    def add(self, session: Session) -> None:
        came_from = session.provider_session or ProviderSession("")
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
            "name_id": came_from.name_id,
            "session_index": came_from.session_index,
        }
        self._database.count(_ADD, columns)

    def is_live(self, session_id: str, now: datetime) -> bool:
        return self._database.row(_IS_LIVE, {"this_session": session_id, "now": now}) is not None

    def revoke(self, session_id: str, now: datetime, reason: str) -> bool:
        return self._database.count(_REVOKE, {"this_session": session_id, "now": now, "reason": reason}) == 1

    def why_ended(self, session_id: str) -> str:
        found = self._database.row(_WHY_ENDED, {"this_session": session_id})
        return str(found[0]) if found else ""

    def at_provider(
        self, identity_provider: str, name_id: str, session_indexes: Sequence[str], now: datetime
    ) -> list[KnownSession]:
        wanted = {
            "identity_provider": identity_provider,
            "name_id": name_id,
            "any_index": not session_indexes,
            "session_indexes": ["", *session_indexes],
            "now": now,
        }
        return [KnownSession(**row._asdict()) for row in self._database.rows(_AT_PROVIDER, wanted)]

    def of_person(self, identity_provider: str, subject: str, now: datetime) -> list[KnownSession]:
        wanted = {"identity_provider": identity_provider, "subject": subject, "now": now}
        return [KnownSession(**row._asdict()) for row in self._database.rows(_OF_PERSON, wanted)]

    def accept(self, identity_provider: str, subject: str, rights: str) -> str | None:
        first = {"identity_provider": identity_provider, "subject": subject, "rights": rights}
        person = {"provider": identity_provider, "person": subject}
        with self._database.transaction() as transaction:
            if transaction.execute(self._stand, first).rowcount == 1:
                return None
            # Locked: of two sign-ins at once, the second sees what the first one made of it.
            before: str = transaction.execute(_STANDING.with_for_update(), person).scalar_one()
            transaction.execute(_ACCEPT, person | {"new_rights": rights})
        return before

    def standing(self, identity_provider: str, subject: str) -> str | None:
        row = self._database.row(_STANDING, {"provider": identity_provider, "person": subject})
        return row.rights if row else None

    def forget_expired(self, now: datetime) -> int:
        return self._database.count(_FORGET, {"ended_before": now - ENDED_SESSION_KEPT})
