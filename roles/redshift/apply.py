"""Makes changes in Redshift, and ends sessions there."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from roles.dialect.redshift import RedshiftDialect
from roles.inspect import AnyConnection, query
from roles.plan import Plan

_LOOKS: Final = 40
_LOOK_PAUSE: Final = 0.25
_QUIET_LOOKS: Final = 2
"""A session that the server had let in just before may show up after the first empty look; the views lag a little."""

_END_OF_TIME: Final = datetime(9999, 12, 31)


def apply_in_transaction(connection: AnyConnection, dialect: RedshiftDialect, plan: Plan) -> None:
    """Make every change, or none. `connection` is in autocommit mode."""
    with connection.transaction():
        for change in plan.changes:
            for statement in dialect.statements(change):
                connection.execute(statement)


@dataclass(frozen=True, slots=True)
class Terminated:
    """How many sessions were ended, and whether some live on after all looks."""

    ended: int
    alive: bool


def terminate(
    connection: AnyConnection,
    dialect: RedshiftDialect,
    user_id: int,
    before: datetime | None,
    pause: Callable[[float], None],
) -> Terminated:
    """End a user's sessions until two looks in a row find none.

    Args:
        connection: in autocommit mode, so that each look sees the present.
        dialect: of the warehouse.
        user_id: whose.
        before: only sessions that began until then (UTC); None for all.
        pause: waits so many seconds between two looks.
    """
    cutoff = before.replace(tzinfo=None) if before else _END_OF_TIME
    look = query("redshift/sessions", user_id=str(user_id), before=cutoff.strftime("%Y-%m-%d %H:%M:%S"))
    ended: set[int] = set()
    quiet = 0
    for _ in range(_LOOKS):
        found = {process for (process,) in connection.execute(look)}
        for process in sorted(found):
            connection.execute(dialect.terminate(process))
        ended |= found
        quiet = 0 if found else quiet + 1
        if quiet == _QUIET_LOOKS:
            return Terminated(len(ended), alive=False)
        pause(_LOOK_PAUSE)
    return Terminated(len(ended), alive=True)
