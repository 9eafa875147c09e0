"""Makes changes in Redshift, and ends sessions there."""

from collections import Counter
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Final

from roles.apply import Terminated
from roles.dialect.redshift import RedshiftDialect
from roles.inspect import AnyConnection
from roles.plan import Plan
from roles.redshift.inspect import sessions

_LOOKS: Final = 40
_LOOK_PAUSE: Final = 0.25
_QUIET_LOOKS: Final = 2
"""A session that the server had let in just before may show up after the first empty look; the views lag a little."""


def apply_in_transaction(connection: AnyConnection, dialect: RedshiftDialect, plan: Plan) -> None:
    """Make every change, or none. `connection` is in autocommit mode."""
    with connection.transaction():
        for change in plan.changes:
            for statement in dialect.statements(change):
                connection.execute(statement)


def terminate(
    connection: AnyConnection,
    dialect: RedshiftDialect,
    user_ids: Collection[int],
    before: datetime | None,
    pause: Callable[[float], None],
) -> Terminated:
    """End the sessions of these users until two looks in a row find none.

    Args:
        connection: in autocommit mode, so that each look sees the present.
        dialect: of the warehouse.
        user_ids: whose.
        before: only sessions that began until then (UTC); None for all.
        pause: waits so many seconds between two looks.
    """
    ended: set[tuple[int, int]] = set()
    found: list[tuple[int, int]] = []
    quiet = 0
    for _ in range(_LOOKS if user_ids else 0):
        found = [(who, process) for who, process in sessions(connection, before) if who in user_ids]
        for _who, process in found:
            connection.execute(dialect.terminate(process))
        ended.update(found)
        quiet = 0 if found else quiet + 1
        if quiet == _QUIET_LOOKS:
            break
        pause(_LOOK_PAUSE)
    return Terminated(Counter(who for who, _ in ended), frozenset(who for who, _ in found))
