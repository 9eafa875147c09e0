"""The database behind the store: SQLite in one file, or PostgreSQL by URL.

One statement is the usual unit of work here, and it commits by itself: one checkout, one round trip. What needs several
statements says so with `transaction`.
"""

import os
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from sqlalchemy import (
    Connection,
    Engine,
    Executable,
    Insert,
    Row,
    Table,
    create_engine,
    event,
    func,
    literal,
    make_url,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from broker.errors import ConfigError, StoreUnavailable

_WAIT_SECONDS: Final = 5
"""For a connection, a free place in the pool, or SQLite's one write lock."""

_STATEMENT_SECONDS: Final = 10
"""A statement of ours takes milliseconds. One that waits longer, for a lock say, must not keep a thread for ever."""

_LOCK_SECONDS: Final = 120
"""How long a lock outlives the last sign of life of its holder, which may be frozen, or cut off without a word."""

_POOL_SIZE: Final = 10
_POOL_OVERFLOW: Final = 40
"""Together the size of the thread pool that serves requests, and ten for reapers that hold a lock."""

_SQLITE_PRAGMAS: Final = (
    "PRAGMA journal_mode = WAL",  # readers never wait for the writer
    # A commit survives a crash of the broker at any point, and costs no fsync. When the machine itself loses power, the
    # last commits may be gone while the aliases that they announced exist: the sweep ends aliases that the store does
    # not know. Who needs every commit to survive a loss of power keeps the store on PostgreSQL.
    "PRAGMA synchronous = NORMAL",
    "PRAGMA foreign_keys = ON",
)

Parameters = Mapping[str, object]


class Database:
    """Runs statements, and says `StoreUnavailable` when the database does not. Thread-safe."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._is_sqlite = engine.dialect.name == "sqlite"

    @classmethod
    def connect(cls, url: str) -> "Database":
        """The database of `store.url`. Nothing is connected yet; a new SQLite file is created, readable by us alone.

        Raises:
            ConfigError: the URL is none that the store can use.
        """
        try:
            parsed = make_url(url)
        except ArgumentError:
            raise ConfigError("store.url is not a database URL.") from None  # the cause would show its password
        if parsed.drivername == "sqlite":
            return cls(_sqlite(parsed))
        if parsed.drivername == "postgresql":
            return cls(_postgresql(parsed))
        raise ConfigError(f"store.url: {parsed.drivername} is neither sqlite nor postgresql.")

    def rows(self, statement: Executable, parameters: Parameters | None = None) -> Sequence[Row[Any]]:
        """Run one statement as a transaction of its own; returns its rows.

        Raises:
            StoreUnavailable: the database does not answer, or refuses the statement. So do all methods here.
        """
        with _translated(), self._engine.connect() as connection:
            return connection.execute(statement, parameters).all()

    def row(self, statement: Executable, parameters: Parameters | None = None) -> Row[Any] | None:
        """As `rows`, for at most one row."""
        found = self.rows(statement, parameters)
        return found[0] if found else None

    def count(self, statement: Executable, parameters: Parameters | None = None) -> int:
        """Run one statement as a transaction of its own; returns how many rows it changed."""
        with _translated(), self._engine.connect() as connection:
            return connection.execute(statement, parameters).rowcount

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Several statements, all or none.

        SQLite takes its write lock at once: a transaction that reads first and writes later would be refused when
        another writer came between, however long it was willing to wait.
        """
        with _translated(), self._engine.begin() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE" if self._is_sqlite else "BEGIN")
            yield connection

    @contextmanager
    def try_lock(self, name: str) -> Iterator[bool]:
        """Hold the lock of this name until the context ends; False if another process holds it. Nobody waits.

        It ends with its holder's connection, and it may end before the context does: it saves work, and guards nothing.
        SQLite, where brokers share one machine, has no such lock: everybody gets it.
        """
        if self._is_sqlite:
            yield True
            return
        with _translated():
            connection = self._engine.connect()
        try:
            with _translated():
                connection.exec_driver_sql("BEGIN")
                # A lock of the transaction, not of the session: poolers hand out sessions anew.
                connection.exec_driver_sql(f"SET LOCAL idle_in_transaction_session_timeout = '{_LOCK_SECONDS}s'")
                locked = func.pg_try_advisory_xact_lock(func.hashtextextended(f"warehouse-access-broker:{name}", 7))
                mine = bool(connection.execute(select(locked)).scalar_one())
            yield mine
        finally:
            with suppress(SQLAlchemyError):  # the server may have ended it meanwhile: then so has the lock
                connection.rollback()
            with suppress(SQLAlchemyError):
                connection.close()

    def insert_or_skip(self, table: Table) -> Insert:
        """An insert that leaves an equal key alone: it then changes no row."""
        if self._is_sqlite:
            return sqlite.insert(table).on_conflict_do_nothing()
        return postgresql.insert(table).on_conflict_do_nothing()

    def ping(self) -> None:
        """Ask the database for a sign of life."""
        self.rows(select(literal(1)))

    def close(self) -> None:
        """Give back every connection."""
        self._engine.dispose()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        raise StoreUnavailable(f"The state store does not answer ({type(cause).__name__}).", retry_after=5) from error


def _engine(url: URL, connect_args: dict[str, object], *, pre_ping: bool = False) -> Engine:
    return create_engine(
        url,
        isolation_level="AUTOCOMMIT",  # what is more than one statement begins by `Database.transaction`
        pool_size=_POOL_SIZE,
        max_overflow=_POOL_OVERFLOW,
        pool_timeout=_WAIT_SECONDS,
        pool_pre_ping=pre_ping,
        hide_parameters=True,
        execution_options={"preserve_rowcount": True},  # else an INSERT does not always tell
        connect_args=connect_args,
    )


def _sqlite(url: URL) -> Engine:
    if not url.database or url.database == ":memory:":
        raise ConfigError("store.url: SQLite needs a file, as in sqlite:///broker.db.")
    _create_private(Path(url.database))
    engine = _engine(url, {"timeout": _WAIT_SECONDS})

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        for pragma in _SQLITE_PRAGMAS:
            connection.execute(pragma)

    return engine


def _create_private(path: Path) -> None:
    """Make the file whole under another name, then link it into place: private, and in WAL mode from its first moment.

    SQLite itself would create it by the umask, and refuses brokers that turn on WAL at the same time without letting
    them wait. Its journal files take the mode of the file.
    """
    if path.exists():
        return
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        os.close(descriptor)
        try:
            with closing(sqlite3.connect(temporary)) as connection:
                connection.execute("PRAGMA journal_mode = WAL")
            with suppress(FileExistsError):  # another broker was first
                path.hardlink_to(temporary)
        finally:
            Path(temporary).unlink()
    except OSError as error:
        raise StoreUnavailable(
            f"The state store {path} cannot be opened: {error.strerror}.", remedy="Check `store.url` and its folder."
        ) from error


def _postgresql(url: URL) -> Engine:
    arguments: dict[str, object] = {"connect_timeout": _WAIT_SECONDS, "application_name": "warehouse-access-broker"}
    arguments |= {"keepalives_idle": 10, "tcp_user_timeout": _STATEMENT_SECONDS * 1000}  # a host that vanished
    # The ping costs a round trip a call, and hides a restart of the server from whoever asks next.
    engine = _engine(url.set(drivername="postgresql+psycopg"), arguments, pre_ping=True)

    @event.listens_for(engine, "connect")
    def prepare(connection: DBAPIConnection, _record: object) -> None:
        # By statement, not by the start-up packet: poolers refuse options there.
        with closing(connection.cursor()) as cursor:
            cursor.execute(f"SET statement_timeout = '{_STATEMENT_SECONDS}s'")
        connection.commit()

    return engine
