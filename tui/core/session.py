"""A database session that knows its login: connects, runs, cancels, and reconnects before the login ends."""

import os
import select
import socket
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Final, Protocol

import psycopg
from psycopg import Notify, pq

from broker.client.errors import BrokerUnreachable
from broker.clock import Clock, utc_now
from broker.secrets import Secret
from tui.core import query
from tui.core.errors import ConnectionFailed, ConnectionLost, SessionWouldBeLost
from tui.core.events import Columns, Completed, Event, Rows
from tui.core.told import Notice, Notification, TransactionState

_RENEWAL: Final = timedelta(seconds=60)
_RENEW_AGAIN: Final = timedelta(seconds=20)
_CANCEL_SECONDS: Final = 5.0
_CONNECT_SECONDS: Final = 15
# A peer that went away without a word (sleep, VPN) is found out within half a minute.
_LIVENESS: Final = {
    "keepalives_idle": "15",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
# What surely leaves nothing behind in the session; asked only where the server cannot be asked any more.
_STATELESS: Final = frozenset(
    {"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "COPY", "FETCH", "EXPLAIN", "SHOW", "BEGIN", "COMMIT", "ROLLBACK"}
)
_OLDEST_POSTGRES: Final = 90_000
_NEW_SESSION: Final = "Connected again; session settings and temporary tables are new."
_SET_LIMIT: Final = "SELECT pg_catalog.set_config(%s, %s, false)"
_HELD_STATE: Final = (Path(__file__).parent / "sql" / "held_state.sql").read_bytes()


@dataclass(frozen=True, slots=True)
class Login:
    """What a connection is opened with.

    Attributes:
        parameters: libpq's keywords; never the password.
        password: None where libpq finds it by itself (a password file, PGPASSWORD, a client certificate).
        expires_at: the end of a temporary login, or None.
    """

    parameters: dict[str, str]
    password: Secret | None = None
    expires_at: datetime | None = None

    def renew_at(self, now: datetime) -> datetime | None:
        """When a login that is taken at `now` should be replaced: a minute, or a fifth of its life, before its end."""
        return None if self.expires_at is None else self.expires_at - min(_RENEWAL, (self.expires_at - now) / 5)


class LoginSource(Protocol):
    """Where logins come from. The broker's is `tui.core.login.BrokerLogins`."""

    def login(self, *, fresh: bool) -> Login:
        """A login that is good now; `fresh` leaves out one that was given before."""
        ...


_STATES: Final = {
    pq.TransactionStatus.IDLE: TransactionState.IDLE,
    pq.TransactionStatus.INTRANS: TransactionState.OPEN,
    pq.TransactionStatus.INERROR: TransactionState.FAILED,
    pq.TransactionStatus.ACTIVE: TransactionState.RUNNING,
    pq.TransactionStatus.UNKNOWN: TransactionState.DISCONNECTED,
}


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """How a session behaves.

    Attributes:
        read_only: transactions are read-only by default: a guard against accidents, not against a person.
        limits: the server's own settings that end what takes too long (statement_timeout, ...), with their values.
        keep_state: refuse to go on in a new session where the old one held something (SET, a temporary table):
            right for scripts, which would go on under other settings.
    """

    application_name: str = "wsql"
    read_only: bool = False
    keep_state: bool = True
    limits: Mapping[str, str] = field(default_factory=dict)
    on_notice: Callable[[Notice], None] = field(default=lambda _notice: None)
    on_notify: Callable[[Notification], None] = field(default=lambda _notification: None)
    on_reconnect: Callable[[str], None] = field(default=lambda _reason: None)


class DatabaseSession:
    """One connection, used by one thread at a time; `cancel` may be called from any other.

    Attributes:
        redshift: the server is an Amazon Redshift, whose catalog is another.
    """

    def __init__(self, source: LoginSource, options: SessionOptions | None = None, clock: Clock = utc_now) -> None:
        self._source = source
        self._options = options or SessionOptions()
        self._clock = clock
        self._connection: psycopg.Connection | None = None
        self._login = Login({})
        self._renew_at: datetime | None = None
        self._in_transaction = False
        self._may_hold_state = False
        self._cancelling = Lock()
        self._unheard: psycopg.Connection | None = None
        self._read_only = self._options.read_only
        self.redshift = False

    # --- life ------------------------------------------------------------------------------------------------------

    def connect(self) -> None:
        """Open the connection, with a fresh login if the kept one is refused.

        Raises:
            ConnectionFailed: it could not be opened.
        """
        try:
            self._open(fresh=False)
        except ConnectionFailed:
            if self._login.expires_at is None:
                raise
            # A login from the cache may have been ended at the broker since.
            self._open(fresh=True)

    def close(self) -> None:
        """End the session; an open transaction is rolled back by the server."""
        if self._connection is not None:
            self._connection.close()

    def ensure(self) -> None:
        """Be connected, with a login that lasts: reconnect where that loses nothing.

        Raises:
            ConnectionLost: the connection broke while a transaction was open.
            SessionWouldBeLost: `keep_state`, and the session holds something.
            ConnectionFailed: the new connection could not be opened.
        """
        if self._connection is None:
            self.connect()
        elif self._connection.closed or self._connection.broken:
            self._reconnect("The connection was lost.")
        elif self.renewal_due and self.state is TransactionState.IDLE and not self._keeps_state():
            self._renew()

    def reset(self) -> None:
        """Let go of the connection and of what it held: the next use connects as if for the first time."""
        self.close()
        self._connection = None
        self._in_transaction = self._may_hold_state = False

    def pulse(self) -> str:
        """What the server said when it ended an idle connection, or "" while it lives; asks nothing of the server."""
        connection = self._connection
        if connection is None or self.state in (TransactionState.RUNNING, TransactionState.DISCONNECTED):
            return ""
        try:
            if select.select([connection.fileno()], [], [], 0)[0]:
                connection.pgconn.consume_input()
                # libpq reads the server's last words, and closes, where it looks for results.
                connection.pgconn.is_busy()
                while notify := connection.pgconn.notifies():
                    self._notified(Notify(notify.relname.decode(), notify.extra.decode(), notify.be_pid))
        except (psycopg.Error, OSError, ValueError):
            # What the server said last came as a notice; libpq's own words are about sockets.
            connection.close()
            return "The server closed it"
        if connection.pgconn.status == pq.ConnStatus.BAD:
            said = connection.pgconn.get_error_message().strip()
            connection.close()
            return said or "The server closed it"
        return ""

    # --- use -------------------------------------------------------------------------------------------------------

    def execute(
        self, text: str, copy_in: Iterable[bytes | memoryview] | None = None, *, chunk_rows: int = 0
    ) -> Generator[Event, None, None]:
        """Send a text and tell what comes back, while it comes (see `tui.core.query.run`)."""
        self.ensure()
        self._unheard = None
        gave_rows = False
        try:
            for event in query.run(self.connection, text, copy_in, chunk_rows):
                if isinstance(event, Completed):
                    # CREATE TABLE ... AS also has the tag SELECT, but gives no rows.
                    verb = event.tag.partition(" ")[0]
                    self._may_hold_state |= verb not in _STATELESS or (verb == "SELECT" and not gave_rows)
                gave_rows = isinstance(event, (Columns, Rows))
                yield event
        except ConnectionLost as lost:
            raise self._lost(str(lost)) from None
        finally:
            self._in_transaction = self.state in (TransactionState.OPEN, TransactionState.FAILED) or (
                self._in_transaction and self.state is TransactionState.DISCONNECTED
            )

    def set_read_only(self, read_only: bool) -> None:
        """Let transactions be read-only by default, or not any more; a reconnect keeps it."""
        self._read_only, held = read_only, self._may_hold_state
        drain(self.execute(f"SET default_transaction_read_only = {'on' if read_only else 'off'}"))
        self._may_hold_state = held

    def cancel(self) -> None:
        """Ask the server to stop what runs: on a connection of its own, at once, from any thread.

        Where that was not heard, the next call gives the connection up, so that nobody is left waiting for it.
        """
        connection = self._connection
        if connection is None or not self._cancelling.acquire(blocking=False):
            return
        try:
            if connection is self._unheard and self.state is TransactionState.RUNNING:
                _hang_up(connection)
                return
            self._unheard = None
            connection.cancel_safe(timeout=_CANCEL_SECONDS)
        except psycopg.Error as error:
            self._unheard = connection
            said = f"The cancel request failed: {error}. Cancel once more to give the connection up."
            self._options.on_notice(Notice("WARNING", said))
        finally:
            self._cancelling.release()

    @property
    def connection(self) -> psycopg.Connection:
        """The psycopg connection (autocommit); for catalog queries. `ensure` first."""
        if self._connection is None:
            raise ConnectionFailed("There is no connection yet.")
        return self._connection

    @property
    def state(self) -> TransactionState:
        """Where the session stands."""
        if self._connection is None or self._connection.closed:
            return TransactionState.DISCONNECTED
        return _STATES[self._connection.info.transaction_status]

    @property
    def standard_strings(self) -> bool:
        """The server's standard_conforming_strings, which decides how strings are read."""
        return self.connection.info.parameter_status("standard_conforming_strings") != "off"

    @property
    def expires_at(self) -> datetime | None:
        """When the login ends, if it does."""
        return self._login.expires_at

    @property
    def renewal_due(self) -> bool:
        """Whether the login ends soon."""
        return self._renew_at is not None and self._clock() >= self._renew_at

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction was open when the server was last heard, also where the connection broke since."""
        return self._in_transaction

    # --- inside ----------------------------------------------------------------------------------------------------

    def _open(self, *, fresh: bool) -> None:
        now = self._clock()
        self._login = self._source.login(fresh=fresh)
        parameters = {"connect_timeout": str(_CONNECT_SECONDS)} | _LIVENESS | self._login.parameters
        if self._login.password is not None:
            parameters["password"] = self._login.password.reveal()
        try:
            connection = psycopg.connect(
                autocommit=True,
                client_encoding="utf8",
                application_name=self._options.application_name,
                **parameters,  # type: ignore[arg-type]  # psycopg's own keywords are not among libpq's
            )
        except psycopg.Error as error:
            raise ConnectionFailed(str(error).strip()) from None
        connection.add_notice_handler(self._notice)
        connection.add_notify_handler(self._notified)
        # Statements may name the same relations with changed columns; nothing is gained by preparing them.
        connection.prepare_threshold = None
        self._connection, self._renew_at = connection, self._login.renew_at(now)
        self._in_transaction = self._may_hold_state = False
        try:
            self.redshift = _is_redshift(connection)
            if self._read_only and self.redshift:
                self.reset()
                raise ConnectionFailed(
                    "Amazon Redshift knows no read-only sessions.", remedy="Ask for a database role that only reads."
                )
            if self._read_only:
                connection.execute("SET default_transaction_read_only = on")
            for name, value in self._options.limits.items():
                if self.redshift and name != "statement_timeout":
                    continue
                connection.execute(_SET_LIMIT, [name, value])
        except psycopg.Error as error:
            # Not open to whoever would take it for limited.
            self.reset()
            raise ConnectionFailed(str(error).strip()) from None

    def _reconnect(self, reason: str) -> None:
        if self._in_transaction:
            self._in_transaction = False
            raise ConnectionLost(
                f"{reason} A transaction was open: the server has rolled it back.", remedy="Run it again."
            )
        if self._keeps_state():
            raise SessionWouldBeLost(f"{reason} The session held settings or temporary objects.")
        self.close()
        self.connect()
        self._options.on_reconnect(f"{reason} {_NEW_SESSION}")

    def _renew(self) -> None:
        """Take the next login. Where nobody answers, the present one is good to its end, and it is asked again."""
        old, login = self.connection, self._login
        try:
            self.connect()
        except (BrokerUnreachable, ConnectionFailed) as error:
            ended = login.expires_at is None or self._clock() >= login.expires_at
            if ended or self._connection is not old:
                old.close()
                raise
            self._login, self._renew_at = login, self._clock() + _RENEW_AGAIN
            self._options.on_notice(Notice("WARNING", f"The login could not be renewed yet. {error}"))
        except BaseException:
            # Refused, and not only unheard: what was opened with the old login ends as well.
            old.close()
            raise
        else:
            old.close()
            self._options.on_reconnect(f"The login is about to end. {_NEW_SESSION}")

    def _keeps_state(self) -> bool:
        """Whether a new session would lack something that is to be kept."""
        if not self._options.keep_state:
            return False
        if self.state is not TransactionState.IDLE:
            return self._may_hold_state
        # What is set at each connection is set at the next one, too.
        limits = list(self._options.limits)
        # Parameters in the text itself: the extended protocol's own portal would count as a cursor of the session.
        try:
            row = psycopg.ClientCursor(self.connection).execute(_HELD_STATE, {"limits": limits}).fetchone()
        except psycopg.Error:
            # It has just been ended, or is no PostgreSQL: only what is known here can be told.
            return self._may_hold_state
        return row is None or bool(row[0])

    def _lost(self, reason: str) -> ConnectionLost:
        """A break in the middle of a statement: it was sent, so nobody but the server knows whether it was done."""
        if self._in_transaction:
            self._in_transaction = False
            return ConnectionLost(reason, remedy="The open transaction was rolled back, unless this was its COMMIT.")
        return ConnectionLost(reason, remedy="Look whether the statement took effect before running it again.")

    def _notified(self, notify: Notify) -> None:
        self._options.on_notify(Notification(notify.channel, notify.payload, notify.pid))

    def _notice(self, diagnostic: psycopg.errors.Diagnostic) -> None:
        self._options.on_notice(
            Notice(
                diagnostic.severity or "NOTICE",
                diagnostic.message_primary or "",
                diagnostic.message_detail or "",
                diagnostic.message_hint or "",
            )
        )


def _hang_up(connection: psycopg.Connection) -> None:
    """Let whoever waits on the connection see its end at once; the descriptor stays libpq's own to close."""
    with socket.socket(fileno=os.dup(connection.fileno())) as ours:
        ours.shutdown(socket.SHUT_RDWR)


def _is_redshift(connection: psycopg.Connection) -> bool:
    """Redshift gives itself out for a PostgreSQL 8.0; no other server that old is left."""
    if connection.info.server_version >= _OLDEST_POSTGRES:
        return False
    row = connection.execute(b"SELECT version()").fetchone()
    return row is not None and "redshift" in str(row[0]).lower()


def drain(events: Iterable[Event]) -> None:
    """Run to the end, for the effect alone."""
    for _ in events:
        pass
