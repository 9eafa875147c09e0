"""Calls to one workgroup's warehouse: done again where another broker got in the way, translated where it refused."""

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from secrets import SystemRandom
from typing import Final, Protocol, TypeVar

import psycopg

from broker.config.model import WorkgroupConfig
from broker.errors import (
    UnknownDatabase,
    WarehouseBusy,
    WarehouseOutcomeUnknown,
    WarehouseRefused,
    WarehouseUnavailable,
)
from broker.warehouse_pool import is_lost
from roles.inspect import AnyConnection

ATTEMPTS: Final = 8
LONGEST_PAUSE: Final = 0.05

_RETRYABLE: Final = frozenset({"XX000", "23505", "42710", "40001", "40P01", "42704"})
"""Two brokers on the same roles: tuple concurrently updated, unique violation, duplicate object, serialization
failure, deadlock, a role that went away after the look. By SQLSTATE: the texts depend on the server's language."""

_CANCELLED: Final = frozenset({"57014", "55P03", "25P03"})
_READ_ONLY: Final = "25006"
_INSUFFICIENT_PRIVILEGE: Final = "42501"

MissingRights = Callable[[AnyConnection, Sequence[str]], str]
"""The SQL that gives the broker's login what it lacks to change these roles, or ""."""

_T = TypeVar("_T")


class Connections(Protocol):
    """Where connections of the broker's own login come from (`broker.warehouse_pool.Pool`)."""

    def connection(self, database: str = "") -> AbstractContextManager[AnyConnection]:
        """One in autocommit mode; "" for the database of the admin login."""
        ...

    def close(self) -> None:
        """End them."""
        ...


_log = logging.getLogger("broker.warehouse")


class OutcomeUnknown(psycopg.OperationalError):
    """The connection was lost between the first change and the answer to the commit."""


class Calls:
    """Runs work on the warehouse's connections. Thread-safe."""

    def __init__(
        self, name: str, pool: Connections, pause: Callable[[float], None], missing_rights: MissingRights
    ) -> None:
        """Take the means.

        Args:
            name: of the workgroup.
            pool: of its connections.
            pause: waits so many seconds.
            missing_rights: the remedy for a warehouse that does not let the broker's login do something.
        """
        self._name = name
        self._pool = pool
        self._pause = pause
        self._missing = missing_rights
        self._random = SystemRandom()

    def run(self, work: Callable[[AnyConnection], _T], names: Sequence[str] = (), database: str = "") -> _T:
        """Do `work` again where another broker got in its way; translate what else the server says.

        Args:
            work: on a fresh connection; it must leave nothing half done when the server raises.
            names: roles that it changes, for the answer to a missing right.
            database: "" for that of the admin login.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with self._pool.connection(database) as connection:
                    return work(connection)
            except psycopg.Error as error:
                if error.sqlstate not in _RETRYABLE or attempt == ATTEMPTS:
                    raise self._translated(error, names) from error
            self._pause(self._random.uniform(0, min(LONGEST_PAUSE, 0.002 * 2**attempt)))
        raise AssertionError("the last attempt returns or raises")

    def _translated(self, error: psycopg.Error, names: Sequence[str]) -> Exception:
        """The refusal behind an error. By SQLSTATE only; the server's words may be in any language."""
        warehouse = f"The warehouse {self._name}"
        if isinstance(error, OutcomeUnknown):
            return WarehouseOutcomeUnknown(f"{warehouse} went away during a change.", retry_after=1)
        if is_lost(error):
            return WarehouseUnavailable(f"{warehouse} does not answer.", retry_after=1)
        if error.sqlstate in _RETRYABLE | _CANCELLED:
            return WarehouseBusy(f"{warehouse} is too busy (SQLSTATE {error.sqlstate}).", retry_after=2)
        _log.error("warehouse %s refused: SQLSTATE %s", self._name, error.sqlstate)
        if error.sqlstate == _READ_ONLY:
            remedy = "Point `admin_conninfo` at the primary: the server reached takes no changes."
            return WarehouseRefused(f"{warehouse} is read-only.", remedy=remedy)
        if error.sqlstate == _INSUFFICIENT_PRIVILEGE:
            return WarehouseRefused(
                f"{warehouse} does not let the broker's admin login do this.", remedy=self._missing_rights(names)
            )
        return WarehouseRefused(f"{warehouse} refused the change (SQLSTATE {error.sqlstate}).")

    def _missing_rights(self, names: Sequence[str]) -> str | None:
        try:
            with self._pool.connection() as connection:
                return self._missing(connection, names) or None
        except (psycopg.Error, WarehouseUnavailable):
            return None


def check_offered(config: WorkgroupConfig, database: str) -> None:
    """Refuse a database that the workgroup does not have.

    Raises:
        UnknownDatabase: so it is.
    """
    if database not in config.databases:
        raise UnknownDatabase(f"The workgroup {config.name} does not offer that database.")
