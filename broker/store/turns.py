"""Turns among the brokers on one store."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import Lock

from broker.store.engine import Database


class SqlTurns:
    """`broker.credentials.ports.Turns` by the database's locks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def turn(self, name: str) -> AbstractContextManager[bool]:
        return self._database.try_lock(name)


class MemoryTurns:
    """`broker.credentials.ports.Turns` in memory."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._taken: set[str] = set()

    @contextmanager
    def turn(self, name: str) -> Iterator[bool]:
        with self._lock:
            mine = name not in self._taken
            self._taken.add(name)
        try:
            yield mine
        finally:
            if mine:
                with self._lock:
                    self._taken.discard(name)
