"""The replay guard."""

from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, delete

from broker.store.engine import Database
from broker.store.schema import used_assertions as table

_FORGET: Final = delete(table).where(table.c.keep_until <= bindparam("now"))


class SqlUsedAssertions:
    """`broker.login.ports.UsedAssertions` in SQL: the primary key decides who was first."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._use = database.insert_or_skip(table)

    def use(self, identity_provider: str, assertion_id: str, keep_until: datetime) -> bool:
        used = {"identity_provider": identity_provider, "assertion_id": assertion_id, "keep_until": keep_until}
        return self._database.count(self._use, used) == 1

    def forget_expired(self, now: datetime) -> int:
        return self._database.count(_FORGET, {"now": now})
