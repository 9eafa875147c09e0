"""Whose turn it is to change one person's user, and whether the user there is the broker's.

Redshift has no advisory locks and no comments on users: the store has both parts.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from broker.clock import Clock
from broker.credentials.generations import Generations, KnownUser
from broker.errors import StoreUnavailable, WarehouseUnavailable
from broker.secrets import random_token
from roles.names import DatabaseRoleName
from roles.records import StableUserRecord
from roles.redshift.state import Held, UserFound

TURN: Final = timedelta(seconds=60)
"""More than the statements of one change may take. Whoever comes late all the same changes nothing that the next one
did not: an announced password is applied, never replaced, by whoever has the turn."""

TRIES: Final = 400
PAUSE: Final = 0.05


@dataclass(frozen=True, slots=True)
class PersonTurns:
    """The turns of one workgroup's persons."""

    generations: Generations
    workgroup: str
    clock: Clock
    pause: Callable[[float], None]

    @contextmanager
    def of(self, database_user: str) -> Iterator[str]:
        """Have the turn until the context ends; yields the holder's name.

        Raises:
            WarehouseUnavailable: others have it all the time.
        """
        holder = random_token(16)
        for _ in range(TRIES):
            now = self.clock()
            if self.generations.take_turn(self.workgroup, database_user, holder, now, now + TURN):
                break
            self.pause(PAUSE)
        else:
            raise WarehouseUnavailable(f"Another login of {database_user} is being made or ended.", retry_after=1)
        try:
            yield holder
        finally:
            with suppress(StoreUnavailable):  # it is free again when its time is over
                self.generations.end_turn(self.workgroup, database_user, holder)


def lost_turn(database_user: str) -> WarehouseUnavailable:
    """The refusal for whoever took longer than a turn; nothing was changed after it."""
    return WarehouseUnavailable(f"The change of {database_user} took too long, and another one began.", retry_after=1)


def held(known: KnownUser | None, found: UserFound | None) -> Held | None:
    """What the store remembers, if the user that is there is surely the one that the broker made; else None.

    By its number; or, where a crash kept that from being written down, by the end that was announced for it.
    """
    if known is None or found is None:
        return None
    announced = known.announced_until is not None and known.announced_until == found.valid_until
    ours = known.user_id == found.user_id if known.user_id is not None else announced
    return Held(record_of(known), known.applied, known.applied_until) if ours else None


def record_of(known: KnownUser) -> StableUserRecord:
    """What PostgreSQL would have in the user's COMMENT."""
    return StableUserRecord(known.owner, frozenset(DatabaseRoleName(name) for name in known.managed))
