"""Leases, and whom each database user belongs to."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, and_, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.sql.dml import Update

from broker.credentials.lease import FINAL_STATES, sources_of
from broker.credentials.model import Lease, LeaseState
from broker.errors import DatabaseUserTaken
from broker.store.engine import Database
from broker.store.schema import leases as table
from broker.store.schema import persons

_FINAL: Final = sorted(state.value for state in FINAL_STATES)
_LIVE: Final = sorted(state.value for state in LeaseState if state not in FINAL_STATES)


def _move_to(target: LeaseState) -> Update:
    """The transition table as the condition of one update: two brokers that move a lease at once can't both win."""
    changed: dict[str, object] = {
        "state": target.value,
        "reason": func.coalesce(func.nullif(bindparam("why"), ""), table.c.reason),
    }
    if target in FINAL_STATES:
        changed["ended_at"] = bindparam("now")
    sources = [state.value for state in sources_of(target)]
    these = table.c.lease_id.in_(bindparam("these_leases", expanding=True))
    return update(table).where(these, table.c.state.in_(sources)).values(changed)


_NEW: Final = {column.name: bindparam(f"new_{column.name}", type_=column.type) for column in table.c}
_OWNER: Final = ("workgroup", "database_user", "identity_provider", "subject")

# One statement adds the lease if, and only if, the database user belongs to the person, who is not known to have left.
_ADD_FOR_OWNER: Final = insert(table).from_select(
    list(_NEW),
    select(*_NEW.values()).where(
        *(persons.c[column] == _NEW[column] for column in _OWNER), persons.c.offboarded_at.is_(None)
    ),
)
_IS_BACK: Final = (
    update(persons)
    .where(*(persons.c[column] == bindparam(f"this_{column}") for column in _OWNER))
    .values(offboarded_at=None)
)
_LEAVES: Final = (
    update(persons)
    .where(
        persons.c.workgroup == bindparam("this_workgroup"), persons.c.database_user == bindparam("this_database_user")
    )
    .values(offboarded_at=bindparam("now"))
)
_OFFBOARDED: Final = select(persons.c.database_user, persons.c.offboarded_at).where(
    persons.c.workgroup == bindparam("workgroup"), persons.c.offboarded_at.is_not(None)
)
_MOVE: Final = {target: _move_to(target) for target in LeaseState}
_GET: Final = select(table).where(table.c.lease_id == bindparam("this_lease"))
_BY_ALIASES: Final = select(table).where(
    table.c.workgroup == bindparam("workgroup"), table.c.alias.in_(bindparam("aliases", expanding=True))
)
_DUE: Final = (
    select(table)
    .where(
        table.c.workgroup == bindparam("workgroup"),
        or_(
            and_(table.c.state == LeaseState.ACTIVE.value, table.c.expires_at <= bindparam("now")),
            table.c.state == LeaseState.ENDING.value,
            and_(table.c.state == LeaseState.INTENT.value, table.c.created_at < bindparam("intent_before")),
        ),
    )
    .order_by(table.c.created_at, table.c.lease_id)
    .limit(bindparam("at_most"))
)
_ALL_LIVE: Final = select(table).where(table.c.state.in_(_LIVE)).order_by(table.c.created_at, table.c.lease_id)
_OWNERS: Final = select(persons).where(persons.c.workgroup == bindparam("workgroup"))
_FORGET: Final = delete(table).where(table.c.state.in_(_FINAL), table.c.ended_at < bindparam("before"))


class SqlLeases:
    """`broker.credentials.ports.Leases` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._bind = database.insert_or_skip(persons)

    def add_intent(self, lease: Lease) -> None:
        new = {f"new_{column}": getattr(lease, column) for column in _NEW} | {"new_state": lease.state.value}
        if self._database.count(_ADD_FOR_OWNER, new) == 1:
            return
        person = {column: getattr(lease, column) for column in _OWNER}
        with self._database.transaction() as transaction:
            transaction.execute(self._bind, person | {"bound_at": lease.created_at})
            transaction.execute(_IS_BACK, {f"this_{column}": value for column, value in person.items()})
            if transaction.execute(_ADD_FOR_OWNER, new).rowcount != 1:
                raise DatabaseUserTaken(
                    f"The database user {lease.database_user} belongs to another person in workgroup {lease.workgroup}."
                )

    def move(self, lease_id: str, to: LeaseState, now: datetime, reason: str = "") -> bool:
        return self.move_all([lease_id], to, now, reason) == 1

    def move_all(self, lease_ids: Sequence[str], to: LeaseState, now: datetime, reason: str = "") -> int:
        return self._database.count(_MOVE[to], {"these_leases": list(lease_ids), "now": now, "why": reason})

    def get(self, lease_id: str) -> Lease | None:
        row = self._database.row(_GET, {"this_lease": lease_id})
        return _lease(row) if row else None

    def by_aliases(self, workgroup: str, aliases: Sequence[str]) -> dict[str, Lease]:
        rows = self._database.rows(_BY_ALIASES, {"workgroup": workgroup, "aliases": list(aliases)})
        return {row.alias: _lease(row) for row in rows}

    def due(self, workgroup: str, now: datetime, intent_before: datetime, limit: int) -> list[Lease]:
        parameters = {"workgroup": workgroup, "now": now, "intent_before": intent_before, "at_most": limit}
        return [_lease(row) for row in self._database.rows(_DUE, parameters)]

    def live(self, *, workgroup: str = "", session_id: str = "", subject: str = "") -> list[Lease]:
        filters = {"workgroup": workgroup, "session_id": session_id, "subject": subject}
        wanted = [table.c[column] == value for column, value in filters.items() if value]
        return [_lease(row) for row in self._database.rows(_ALL_LIVE.where(*wanted))]

    def owners(self, workgroup: str) -> dict[str, tuple[str, str]]:
        rows = self._database.rows(_OWNERS, {"workgroup": workgroup})
        return {row.database_user: (row.identity_provider, row.subject) for row in rows}

    def mark_offboarded(self, workgroup: str, database_user: str, now: datetime) -> None:
        this = {"this_workgroup": workgroup, "this_database_user": database_user, "now": now}
        self._database.count(_LEAVES, this)

    def offboarded(self, workgroup: str) -> dict[str, datetime]:
        rows = self._database.rows(_OFFBOARDED, {"workgroup": workgroup})
        return {row.database_user: row.offboarded_at for row in rows}

    def forget_ended(self, before: datetime) -> int:
        return self._database.count(_FORGET, {"before": before})


def _lease(row: Row[Any]) -> Lease:
    return Lease(**(row._asdict() | {"state": LeaseState(row.state)}))
