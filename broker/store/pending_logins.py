"""Sign-ins that wait for a response."""

from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, bindparam, delete, insert

from broker.login.model import LoopbackRequest, PendingLogin
from broker.store.engine import Database
from broker.store.schema import pending_logins as table

_ADD: Final = insert(table)
_TAKE: Final = delete(table).where(table.c.handle == bindparam("handle")).returning(*table.c)
_FORGET: Final = delete(table).where(table.c.expires_at <= bindparam("now"))

_NO_LOOPBACK: Final = {"client_id": None, "redirect_uri": None, "state": None, "code_challenge": None}


class SqlPendingLogins:
    """`broker.login.ports.PendingLogins` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, login: PendingLogin) -> None:
        columns = asdict(login)
        columns |= columns.pop("loopback") or _NO_LOOPBACK
        self._database.count(_ADD, columns)

    def take(self, handle: str, now: datetime) -> PendingLogin | None:
        row = self._database.row(_TAKE, {"handle": handle})
        return _pending_login(row) if row and row.expires_at > now else None

    def forget_expired(self, now: datetime) -> int:
        return self._database.count(_FORGET, {"now": now})


def _pending_login(row: Row[Any]) -> PendingLogin:
    columns = row._asdict()
    loopback = {name: columns.pop(name) for name in _NO_LOOPBACK}
    return PendingLogin(**columns, loopback=LoopbackRequest(**loopback) if loopback["client_id"] is not None else None)
