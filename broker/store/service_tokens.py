"""Service tokens."""

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, bindparam, delete, insert, select, update

from broker.store.engine import Database
from broker.store.schema import service_tokens as table
from broker.sts.service_token import ServiceToken

ENDED_TOKEN_KEPT: Final = timedelta(days=30)
"""How long a token is listed after its end."""

_THIS: Final = table.c.token_id == bindparam("this_token")

_ADD: Final = insert(table)
_GET: Final = select(table).where(_THIS)
_EVERYTHING: Final = select(table).order_by(table.c.subject, table.c.created_at, table.c.token_id)
_USED: Final = update(table).where(_THIS).values(last_used_at=bindparam("now"))
_REVOKE: Final = update(table).where(_THIS, table.c.revoked_at.is_(None)).values(revoked_at=bindparam("now"))
_FORGET: Final = delete(table).where(table.c.expires_at <= bindparam("ended_before"))


class SqlServiceTokens:
    """`broker.sts.service_token.ServiceTokens` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, token: ServiceToken) -> None:
        columns = {name: getattr(token, name) for name in ServiceToken.__slots__}
        lists = {"workgroups": list(token.workgroups), "database_roles": list(token.database_roles)}
        self._database.count(_ADD, columns | lists)

    def get(self, token_id: str) -> ServiceToken | None:
        row = self._database.row(_GET, {"this_token": token_id})
        return _token(row) if row else None

    def everything(self) -> list[ServiceToken]:
        return [_token(row) for row in self._database.rows(_EVERYTHING)]

    def used(self, token_id: str, now: datetime) -> None:
        self._database.count(_USED, {"this_token": token_id, "now": now})

    def revoke(self, token_id: str, now: datetime) -> bool:
        return self._database.count(_REVOKE, {"this_token": token_id, "now": now}) == 1

    def forget_expired(self, now: datetime) -> int:
        return self._database.count(_FORGET, {"ended_before": now - ENDED_TOKEN_KEPT})


def _token(row: Row[Any]) -> ServiceToken:
    columns = row._asdict()
    lists = {name: tuple(columns[name]) for name in ("workgroups", "database_roles")}
    return ServiceToken(**(columns | lists))
