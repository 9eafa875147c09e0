"""The memory twin of `broker.store.generations`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock

from broker.credentials.generations import Generation, KnownUser
from roles.desired import Owner

Place = tuple[str, str]
"""Workgroup and database user."""


@dataclass(frozen=True, slots=True)
class _Turn:
    holder: str
    until: datetime


class MemoryGenerations:
    """`broker.credentials.generations.Generations` in memory."""

    def __init__(self, everybody: Callable[[], Mapping[Place, tuple[str, str]]]) -> None:
        """Take whose each database user is: (identity provider, subject) by place."""
        self._everybody = everybody
        self._lock = Lock()
        self._known: dict[Place, KnownUser] = {}
        self._turns: dict[Place, _Turn] = {}

    def get(self, workgroup: str, database_user: str) -> KnownUser | None:
        with self._lock:
            return self._known.get((workgroup, database_user))

    def of_workgroup(self, workgroup: str) -> list[KnownUser]:
        with self._lock:
            return [self._known[place] for place in sorted(self._known) if place[0] == workgroup]

    def hand_out(self, workgroup: str, database_user: str, proposed: Generation, needed_until: datetime) -> Generation:
        with self._lock:
            known = self._begun((workgroup, database_user))
            present = known.generation if known else None
            if known and (present is None or present.valid_until < needed_until):
                present = proposed
                self._known[workgroup, database_user] = replace(known, generation=proposed)
        if present is None:
            raise KeyError("a password for nobody")
        return present

    def withdraw(self, workgroup: str, database_user: str) -> None:
        with self._lock:
            if known := self._known.get((workgroup, database_user)):
                self._known[workgroup, database_user] = replace(known, generation=None)

    def take_turn(self, workgroup: str, database_user: str, holder: str, now: datetime, until: datetime) -> bool:
        place = (workgroup, database_user)
        with self._lock:
            turn = self._turns.get(place)
            if self._begun(place) is None or (turn and turn.until >= now):
                return False
            self._turns[place] = _Turn(holder, until)
        return True

    def end_turn(self, workgroup: str, database_user: str, holder: str) -> None:
        with self._lock:
            if self._has((workgroup, database_user), holder):
                del self._turns[workgroup, database_user]

    def announce(self, known: KnownUser, holder: str) -> bool:
        changes = {"user_id": known.user_id, "announced_until": known.announced_until, "managed": known.managed}
        return self._write(known, holder, changes)

    def settle(self, known: KnownUser, holder: str) -> bool:
        changes = {"user_id": known.user_id, "announced_until": known.announced_until, "managed": known.managed}
        return self._write(known, holder, changes | {"applied": known.applied, "applied_until": known.applied_until})

    def forget(self, workgroup: str, database_user: str) -> None:
        with self._lock:
            self._known.pop((workgroup, database_user), None)
            self._turns.pop((workgroup, database_user), None)

    def _write(self, known: KnownUser, holder: str, changes: Mapping[str, object]) -> bool:
        place = (known.workgroup, known.database_user)
        with self._lock:
            if not self._has(place, holder):
                return False
            self._known[place] = replace(self._known[place], **changes)  # type: ignore[arg-type]
        return True

    def _has(self, place: Place, holder: str) -> bool:
        turn = self._turns.get(place)
        return turn is not None and turn.holder == holder

    def _begun(self, place: Place) -> KnownUser | None:
        """The row, made where a person has the database user; the caller holds the lock."""
        owner = self._everybody().get(place)
        if owner and place not in self._known:
            self._known[place] = KnownUser(*place, Owner(*owner))
        return self._known.get(place)
