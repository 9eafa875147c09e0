"""One-time codes (RFC 6749 4.1.2)."""

from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, delete, insert

from broker.login.model import AuthorizationCode
from broker.store.approved import open_approved, seal_approved
from broker.store.engine import Database
from broker.store.schema import authorization_codes as table
from broker.sts.keys import KeyRing

_ADD: Final = insert(table)
_TAKE: Final = delete(table).where(table.c.code_digest == bindparam("code_digest")).returning(*table.c)
_FORGET: Final = delete(table).where(table.c.expires_at <= bindparam("now"))


class SqlAuthorizationCodes:
    """`broker.login.ports.AuthorizationCodes` in SQL."""

    def __init__(self, database: Database, ring: KeyRing) -> None:
        self._database = database
        self._ring = ring

    def add(self, code: AuthorizationCode) -> None:
        columns = {
            "code_digest": code.code_digest,
            "client_id": code.client_id,
            "redirect_uri": code.redirect_uri,
            "code_challenge": code.code_challenge,
            "sealed_approved": seal_approved(self._ring, code.code_digest, code.approved),
            "expires_at": code.expires_at,
        }
        self._database.count(_ADD, columns)

    def take(self, code_digest: str, now: datetime) -> AuthorizationCode | None:
        row = self._database.row(_TAKE, {"code_digest": code_digest})
        if row is None or row.expires_at <= now:
            return None
        columns = row._asdict()
        approved = open_approved(self._ring, code_digest, columns.pop("sealed_approved"))
        return AuthorizationCode(**columns, approved=approved)

    def forget_expired(self, now: datetime) -> int:
        return self._database.count(_FORGET, {"now": now})
