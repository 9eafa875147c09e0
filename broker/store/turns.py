"""Turns among the brokers on one store."""

from contextlib import AbstractContextManager

from broker.store.engine import Database


class SqlTurns:
    """`broker.credentials.ports.Turns` by the database's locks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def turn(self, name: str) -> AbstractContextManager[bool]:
        return self._database.try_lock(name)
