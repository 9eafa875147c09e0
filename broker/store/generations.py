"""Stable users that log in themselves: the password of each, sealed, and whose turn it is to change the user."""

import json
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, bindparam, delete, or_, select, update

from broker.credentials.generations import Generation, KnownUser
from broker.errors import SessionError, StoreUnavailable
from broker.secrets import Secret
from broker.store.engine import Database
from broker.store.schema import generations as table
from broker.store.schema import persons
from broker.sts.keys import KeyRing
from broker.sts.token import open_sealed, seal
from roles.desired import Owner

_PURPOSE: Final = "password-generation-at-rest"

_THIS: Final = (table.c.workgroup == bindparam("group"), table.c.database_user == bindparam("user"))
_MINE: Final = (*_THIS, table.c.turn == bindparam("holder"))
_ALL: Final = (
    select(table, persons.c.identity_provider, persons.c.subject)
    .join(
        persons,
        (persons.c.workgroup == table.c.workgroup) & (persons.c.database_user == table.c.database_user),
    )
    .order_by(table.c.database_user)
)
_GET: Final = _ALL.where(*_THIS)
_OF_WORKGROUP: Final = _ALL.where(table.c.workgroup == bindparam("group"))
_NEW: Final[dict[str, object]] = {"managed": [], "generation_id": "", "sealed_password": "", "applied": "", "turn": ""}
_PROPOSED: Final[dict[str, object]] = {
    "generation_id": bindparam("new_id"),
    "sealed_password": bindparam("sealed"),
    "valid_until": bindparam("until"),
}
_REPLACE_OLD: Final = (
    update(table)
    .where(*_THIS, or_(table.c.sealed_password == "", table.c.valid_until < bindparam("needed")))
    .values(_PROPOSED)
)
_REPLACE_UNREADABLE: Final = update(table).where(*_THIS, table.c.generation_id == bindparam("old_id")).values(_PROPOSED)
_WITHDRAW: Final = update(table).where(*_THIS).values(generation_id="", sealed_password="", valid_until=None)
_TAKE: Final = (
    update(table)
    .where(*_THIS, or_(table.c.turn == "", table.c.turn_until < bindparam("now")))
    .values(turn=bindparam("holder"), turn_until=bindparam("until"))
)
_END: Final = update(table).where(*_MINE).values(turn="", turn_until=None)
_FORGET: Final = delete(table).where(*_THIS)


class SqlGenerations:
    """`broker.credentials.generations.Generations` in SQL."""

    def __init__(self, database: Database, ring: KeyRing) -> None:
        self._database = database
        self._ring = ring
        self._begin = database.insert_or_skip(table)

    def get(self, workgroup: str, database_user: str) -> KnownUser | None:
        row = self._database.row(_GET, {"group": workgroup, "user": database_user})
        return self._known(row) if row else None

    def of_workgroup(self, workgroup: str) -> list[KnownUser]:
        return [self._known(row) for row in self._database.rows(_OF_WORKGROUP, {"group": workgroup})]

    def hand_out(self, workgroup: str, database_user: str, proposed: Generation, needed_until: datetime) -> Generation:
        known = self.get(workgroup, database_user)
        if known and known.generation and known.generation.valid_until >= needed_until:
            return known.generation
        this = {"group": workgroup, "user": database_user}
        new = this | {
            "new_id": proposed.generation_id,
            "sealed": self._seal(workgroup, database_user, proposed),
            "until": proposed.valid_until,
        }
        with self._database.transaction() as transaction:
            transaction.execute(self._begin, {"workgroup": workgroup, "database_user": database_user} | _NEW)
            transaction.execute(_REPLACE_OLD, new | {"needed": needed_until})
            row = transaction.execute(_GET, this).one()
            if self._opened(row) is None:  # by a key that is gone: it can't be handed out any more
                transaction.execute(_REPLACE_UNREADABLE, new | {"old_id": row.generation_id})
                row = transaction.execute(_GET, this).one()
        present = self._opened(row)
        if present is None:
            raise StoreUnavailable("The password at rest was not sealed by this broker's keys.")
        return present

    def withdraw(self, workgroup: str, database_user: str) -> None:
        self._database.count(_WITHDRAW, {"group": workgroup, "user": database_user})

    def take_turn(self, workgroup: str, database_user: str, holder: str, now: datetime, until: datetime) -> bool:
        turn = {"group": workgroup, "user": database_user, "holder": holder, "now": now, "until": until}
        if self._database.count(_TAKE, turn) == 1:
            return True
        owned = select(persons.c.subject).where(
            persons.c.workgroup == workgroup, persons.c.database_user == database_user
        )
        if self._database.row(owned) is None:
            return False
        row = {"workgroup": workgroup, "database_user": database_user}
        began = self._database.count(self._begin, row | _NEW)
        return began == 1 and self._database.count(_TAKE, turn) == 1

    def end_turn(self, workgroup: str, database_user: str, holder: str) -> None:
        self._database.count(_END, {"group": workgroup, "user": database_user, "holder": holder})

    def announce(self, known: KnownUser, holder: str) -> bool:
        return self._write(known, holder, "user_id", "announced_until", "managed")

    def settle(self, known: KnownUser, holder: str) -> bool:
        return self._write(known, holder, "user_id", "announced_until", "managed", "applied", "applied_until")

    def forget(self, workgroup: str, database_user: str) -> None:
        self._database.count(_FORGET, {"group": workgroup, "user": database_user})

    def _write(self, known: KnownUser, holder: str, *fields: str) -> bool:
        values = {field: getattr(known, field) for field in fields} | {"managed": list(known.managed)}
        mine = {"group": known.workgroup, "user": known.database_user, "holder": holder}
        return self._database.count(update(table).where(*_MINE).values(values), mine) == 1

    def _known(self, row: Row[Any]) -> KnownUser:
        return KnownUser(
            workgroup=row.workgroup,
            database_user=row.database_user,
            owner=Owner(row.identity_provider, row.subject),
            user_id=row.user_id,
            announced_until=row.announced_until,
            managed=tuple(row.managed),
            generation=self._opened(row),
            applied=row.applied,
            applied_until=row.applied_until,
        )

    def _seal(self, workgroup: str, database_user: str, generation: Generation) -> str:
        # What it is for is inside the seal: whoever writes to the store can't hand one person another's password.
        begun, password = generation.begun_at.isoformat(), generation.password.reveal()
        content = [workgroup, database_user, generation.generation_id, begun, password]
        return seal(self._ring, _PURPOSE, json.dumps(content).encode())

    def _opened(self, row: Row[Any]) -> Generation | None:
        if not row.sealed_password:
            return None
        try:
            *meant, begun, password = json.loads(open_sealed(self._ring, _PURPOSE, row.sealed_password))
        except SessionError:
            return None
        if meant != [row.workgroup, row.database_user, row.generation_id]:
            raise StoreUnavailable("A password at rest was sealed for somebody else.")
        return Generation(row.generation_id, Secret(password), datetime.fromisoformat(begun), row.valid_until)
