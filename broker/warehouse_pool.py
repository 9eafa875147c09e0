"""Connections to one workgroup's warehouse: a pool behind a breaker, for the broker's own admin login."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil
from threading import BoundedSemaphore, Event, Lock
from typing import Final

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.sql import Composed
from psycopg_pool import ConnectionPool

from broker.breaker import Breaker
from broker.clock import Clock
from broker.config.model import WorkgroupConfig
from broker.errors import WarehouseUnavailable
from roles.dialect.redshift import settings
from roles.inspect import AnyConnection, query

_LOST: Final = ("08", "53", "57P")
"""SQLSTATE classes of a server that is not there for us: connection exception, resources, operator intervention."""

PLACES: Final = 40
"""Callers at a time. The web has so many threads for each warehouse: one that is silent can't keep those of others."""

_PLACE_SECONDS: Final = 1.0
"""How long to wait for a place: a crowd before a warehouse that works moves on in that time."""

_log = logging.getLogger(__name__)


def is_lost(error: BaseException) -> bool:
    """Whether the server did not answer, or answered that it can't serve anybody."""
    return isinstance(error, psycopg.OperationalError) and (error.sqlstate is None or error.sqlstate.startswith(_LOST))


class Pool:
    """A pool behind a breaker. Thread-safe.

    A pool alone makes its callers wait until their time is up while the server refuses connections, and keeps the
    cause to itself. So as long as nothing proves that the server is there, one caller connects by itself first.
    """

    def __init__(self, config: WorkgroupConfig, clock: Clock) -> None:
        admin = conninfo_to_dict(config.admin_conninfo.reveal())
        self._name = config.name
        self._opening = _opening(config)
        defaults = make_conninfo(
            application_name="warehouse-access-broker",
            connect_timeout=max(2, ceil(config.connect_timeout.total_seconds())),  # libpq knows nothing shorter
            keepalives_idle=10,
            tcp_user_timeout=ceil(config.statement_timeout.total_seconds() * 1000),
        )
        if config.is_redshift:  # it calls its encoding UNICODE, which psycopg does not know
            defaults = make_conninfo(defaults, client_encoding="utf8")
        self._conninfo = make_conninfo(defaults, **admin)
        self._breaker = Breaker(clock)
        self._trial = Lock()
        self._proven = Event()
        self._places = BoundedSemaphore(PLACES)
        self._pool: ConnectionPool[AnyConnection] = ConnectionPool(
            self._conninfo,
            kwargs={"autocommit": True, "prepare_threshold": None},
            configure=self._configure,
            check=_refuse_if_closed,
            min_size=0,
            max_size=config.pool_size,
            timeout=config.connect_timeout.total_seconds(),
            # When to try again is the breaker's to say: the pool's own pauses grow to minutes, and nobody else may try
            # meanwhile.
            reconnect_timeout=1.0,
            name=f"warehouse-{config.name}",
            open=False,
        )

    def close(self) -> None:
        """End the pool's connections."""
        self._pool.close()

    @contextmanager
    def connection(self, database: str = "") -> Iterator[AnyConnection]:
        """A connection in autocommit mode; a transaction that the caller leaves open is rolled back.

        Args:
            database: "" for that of the admin conninfo; another one gets a connection of its own.

        Raises:
            WarehouseUnavailable: the breaker is open, or too many wait already.
            psycopg.Error: as it came, also for a server that does not answer.
        """
        self._admit()
        if not self._places.acquire(timeout=_PLACE_SECONDS):
            raise WarehouseUnavailable(f"Too many wait for the warehouse {self._name}.", retry_after=1)
        try:
            yield from self._connected(database)
        finally:
            self._places.release()

    def _connected(self, database: str) -> Iterator[AnyConnection]:
        self._prove()
        try:
            source = self._connect(dbname=database) if database else self._pool.connection()
            with source as connection:
                yield connection
        except psycopg.Error as error:
            # A connection to another database may fail for reasons of that database.
            if is_lost(error) and not database:
                self._lost(error)
            else:
                self._breaker.succeeded()
            raise
        except BaseException:
            self._breaker.succeeded()
            raise
        self._breaker.succeeded()

    def _admit(self) -> None:
        wait = self._breaker.refused_for()
        if wait is not None:
            raise WarehouseUnavailable(
                f"The warehouse {self._name} did not answer lately.", retry_after=ceil(wait.total_seconds())
            )

    def _prove(self) -> None:
        if self._proven.is_set():
            return
        waited = not self._trial.acquire(blocking=False)
        if waited:
            self._trial.acquire()
        try:
            if self._proven.is_set():
                return
            if waited:  # whoever tried before us failed
                self._admit()
            self._connect().close()
            self._pool.open()
            self._proven.set()
        except psycopg.OperationalError as error:
            self._failed(error)
            raise
        finally:
            self._trial.release()

    def _lost(self, error: psycopg.Error) -> None:
        """Open the breaker; once, however many callers find out at the same time."""
        with self._trial:
            if self._proven.is_set():
                self._proven.clear()
                self._failed(error)

    def _failed(self, error: psycopg.Error) -> None:
        self._breaker.failed()
        _log.warning("warehouse %s does not answer: %s", self._name, str(error).partition("\n")[0])

    def _connect(self, **changes: str) -> AnyConnection:
        connection = psycopg.connect(make_conninfo(self._conninfo, **changes), autocommit=True, prepare_threshold=None)
        self._configure(connection)
        return connection

    def _configure(self, connection: AnyConnection) -> None:
        for statement in self._opening:
            connection.execute(statement)


def _opening(config: WorkgroupConfig) -> list[Composed]:
    """What a connection begins with."""
    if config.is_redshift:
        return settings(config.statement_timeout)
    milliseconds = ceil(config.statement_timeout.total_seconds() * 1000)
    return [query("configure", statement_timeout=f"{milliseconds}ms")]


def _refuse_if_closed(connection: AnyConnection) -> None:
    """Notice, without a round trip, that the server has closed an idle connection."""
    connection.pgconn.consume_input()  # the server's last words
    connection.pgconn.consume_input()  # raises at the end of the stream
