"""Everything that happens on the thread of the database session: connecting, running, and looking after the login.

What is found out is told through `Told` values, one after the other; who shows them is not known here.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from broker.client.errors import BrokerUnreachable, ClientError, ExitCode
from broker.clock import Clock, utc_now
from tui.core.errors import (
    ConnectingCancelled,
    ConnectionFailed,
    ConnectionLost,
    SessionWouldBeLost,
    SqlClientError,
)
from tui.core.options import Options
from tui.core.outcome import Outcome, Run
from tui.core.told import Link, LinkChanged, Said, Told, TransactionState
from tui.core.transactions import OPEN, Transactions

if TYPE_CHECKING:
    from tui.core.access import Refused
    from tui.core.connect import Access
    from tui.core.feed import ResultFeed
    from tui.core.runner import Runner
    from tui.core.session import DatabaseSession

_WARNING: Final = timedelta(seconds=120)
_RETRY_SECONDS: Final = (2, 5, 10, 30, 60)
_CHECKED: Final = timedelta(seconds=5)
_SIGN_IN_AGAIN: Final = "Choose `Connect` in the command palette (Ctrl+P) to sign in again."


class Workbench:
    """A session with its runner and its access. Its methods belong to one thread, except where they say otherwise."""

    def __init__(
        self,
        find_access: "Callable[[bool], Access]",
        tell: Callable[[Told], None],
        *,
        read_only: bool = False,
        options: Options | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._find_access = find_access
        self._tell = tell
        self._clock = clock
        self._always_read_only = read_only
        self._chosen_read_only: bool | None = None
        self.read_only = read_only
        self.options = options or Options()
        self.link = Link.CONNECTING
        self.access: Access | None = None
        self._session: DatabaseSession | None = None
        self._runner: Runner | None = None
        self._retry_at: datetime | None = None
        self._retries = 0
        self._warned_for: datetime | None = None
        self.transactions = Transactions(tell)
        self._checked: tuple[datetime, list[str]] | None = None
        self._used_at = clock()

    # --- from any thread -----------------------------------------------------------------------------------------

    def cancel(self) -> None:
        """Stop what runs, at once. Waits for the server's answer to that."""
        if self._session is not None:
            self._session.cancel()

    @property
    def state(self) -> TransactionState:
        """Where the session stands, as the person sees it: a result's own transaction is not theirs."""
        if self._session is None:
            return TransactionState.DISCONNECTED
        state = self._session.state
        return TransactionState.IDLE if state is TransactionState.OPEN and self.holding else state

    @property
    def transaction_open(self) -> bool:
        """Whether a transaction of the person's is open, failed or not."""
        return self.state in OPEN

    @property
    def holding(self) -> bool:
        """Whether a shown result holds a cursor."""
        return self._runner is not None and self._runner.holding

    @property
    def expires_at(self) -> datetime | None:
        """When the login ends, if it does."""
        return self._session.expires_at if self._session else None

    @property
    def person(self) -> str:
        """Who one acts as at the warehouse; "" before it is known."""
        logins = self.access.logins if self.access else None
        if logins is not None:
            return logins.granted.database_user if logins.granted else ""
        return self._session.connection.info.user if self._session and self._reachable else ""

    @property
    def roles(self) -> tuple[str, ...]:
        """The database roles that the broker granted."""
        logins = self.access.logins if self.access else None
        return logins.granted.database_roles if logins is not None and logins.granted else ()

    @property
    def place(self) -> str:
        """Workgroup and database, as far as they are known."""
        if self.access is None:
            return ""
        logins, place = self.access.logins, self.access.place
        database = place.database
        if logins is not None and logins.granted:
            database = logins.granted.database
        elif self._session and self._reachable:
            database = self._session.connection.info.dbname
        return "/".join(filter(None, (place.workgroup, database)))

    @property
    def standard_strings(self) -> bool:
        """How the server reads strings."""
        return self._session is None or not self._reachable or self._session.standard_strings

    @property
    def _reachable(self) -> bool:
        """Whether libpq still knows the connection; the server's end of it is another matter."""
        return self.link is Link.CONNECTED and self.state is not TransactionState.DISCONNECTED

    def warn(self) -> None:
        """Tell in time what will end with the login: once for each login."""
        end, now = self.expires_at, self._clock()
        if end is None or end == self._warned_for or end - now > _WARNING or self.link is not Link.CONNECTED:
            return
        left = f"The login ends in {max(0, int((end - now).total_seconds()))} s, and"
        if self.state in (TransactionState.OPEN, TransactionState.FAILED):
            self._warned_for = end
            self._tell(Said(f"{left} the open transaction with it: commit (F8) or roll back (F9).", "warning"))
        elif self.state is TransactionState.RUNNING:
            self._warned_for = end
            self._tell(Said(f"{left} the statement that runs with it.", "warning"))

    # --- life ----------------------------------------------------------------------------------------------------

    def connect(self, *, choose: bool = False, fresh: bool = False) -> None:
        """Connect, asking the person what must be known; `choose` another database, `fresh` rights included."""
        was = self.link
        self._to(Link.CONNECTING)
        try:
            if self.access is not None and self.access.broker is not None:
                self.access.broker.may_ask = True
            if self.access is None or choose or fresh:
                self.access = self._find_access(choose)
                self._new_session(self.access)
            self._session_or_raise().connect()
        except ConnectingCancelled as error:
            if was is not Link.CONNECTED or not choose:
                self._to_failure(error)
                return
            self._tell(Said(f"{error.what} The connection stays as it was."))
        except (ClientError, SqlClientError) as error:
            self._to_failure(error)
            return
        if self.access is not None and self.access.broker is not None:
            self.access.broker.may_ask = False
        self._connected("")

    def sign_in(self) -> None:
        """Sign in anew, whatever is stored, and connect with the rights that one has now."""
        broker = self.access.broker if self.access else None
        if broker is not None:
            try:
                broker.sign_in()
            except ClientError as error:
                self._tell(Said("\n".join((error.what, error.remedy)), "error"))
                return
        self.connect(fresh=True)

    def sign_out(self) -> None:
        """End the session at the broker, with every login that came from it."""
        broker = self.access.broker if self.access else None
        if broker is None:
            self._tell(Said("This connection has no broker: there is nobody to sign out."))
            return
        if self._session is not None:
            self._release("You signed out.")
            self._session.reset()
        broker.logout()
        self._to(Link.REFUSED, "You are signed out. " + _SIGN_IN_AGAIN)

    def tend(self) -> None:
        """Look after connection and login; called again and again while nothing runs."""
        session, runner = self._session, self._runner
        now = self._clock()
        if session is None or runner is None:
            return
        if self.link is Link.LOST and self._retry_at is not None and now >= self._retry_at:
            self._reconnect()
        elif self.link is Link.CONNECTED and (reason := session.pulse()):
            self._lost(reason)
        elif self.link is Link.CONNECTED and session.renewal_due:
            self._renew(session)
        elif self.holding and 0 < self.options.idle_transaction_timeout_seconds < 2 * (now - self._used_at).seconds:
            # Before the server ends the whole session for it.
            self._release("It was not looked at for long.")
        self.warn()

    def close(self) -> None:
        """End the session; the server rolls back what is open."""
        if self._session is not None:
            self._session.close()

    # --- use -----------------------------------------------------------------------------------------------------

    def run(self, run: Run, shown: Callable[[Outcome], None]) -> Outcome:
        """Run one statement; a lost connection is told, and made again."""
        if self.link is not Link.CONNECTED:
            self.connect()
        if self.link is not Link.CONNECTED or self._runner is None:
            return Outcome(run, failure=ConnectionFailed("There is no connection: the statement was not sent."))
        self._used_at = self._clock()
        outcome = self._runner.run(run, shown)
        if outcome.tag not in ("SELECT", "INSERT", "UPDATE", "DELETE"):
            self._checked = None
        if isinstance(outcome.failure, SessionWouldBeLost):
            self._session_or_raise().reset()
            self._reconnect()
        elif isinstance(outcome.failure, ConnectionLost):
            self._session_or_raise().reset()
            self._lost("")
        return outcome

    def preflight(self, texts: list[str]) -> "tuple[Refused, ...]":
        """What the server would refuse; empty where that cannot be told.

        That nothing is refused is remembered for seconds; a refusal is not: a right may be given at any moment.
        """
        if self.link is not Link.CONNECTED or self._session is None or self.access is None:
            return ()
        from tui.core.runner import preflight

        now = self._clock()
        if self._checked and self._checked[1] == texts and now - self._checked[0] < _CHECKED:
            return ()
        found = preflight(self._session, texts, self.access.logins)
        self._checked = None if found else (now, texts)
        return found

    def more(self, feed: "ResultFeed", *, bulk: bool = False) -> str:
        """Fetch the next page of a result; tells what went wrong, or "". What is here of it stays."""
        only_ours = self.holding
        self._used_at = self._clock()
        try:
            feed.more(bulk=bulk)
        except ConnectionLost as error:
            self._session_or_raise().reset()
            self._lost(error.what)
            return " ".join(filter(None, ("The rows that came stay.", "" if only_ours else error.remedy)))
        except SqlClientError as error:
            return " ".join(filter(None, (error.what, error.remedy)))
        return ""

    def drop(self, feed: "ResultFeed") -> None:
        """Let go of a result, and of its cursor."""
        try:
            feed.release("")
        except SqlClientError as error:
            self._tell(Said(error.what, "warning"))
        feed.forget()

    def read_ahead(self, outcome: Outcome) -> None:
        """See `Runner.read_ahead`."""
        if self._runner is not None:
            try:
                self._runner.read_ahead(outcome)
            except SqlClientError as error:
                outcome.failure = error

    def set_read_only(self, read_only: bool) -> None:
        """Let later transactions be read-only, or not any more: the person's choice, until they go elsewhere."""
        self._chosen_read_only = self.read_only = read_only
        self.do(lambda session: session.set_read_only(read_only))

    def do(self, work: "Callable[[DatabaseSession], None]") -> None:
        """Let `work` use the session; what goes wrong is told."""
        if self.link is not Link.CONNECTED or self._session is None:
            self._tell(Said("There is no connection.", "warning"))
            return
        self._release("Another command was run.")
        try:
            work(self._session)
        except SqlClientError as error:
            self._tell(Said(error.what, "error"))

    # --- inside --------------------------------------------------------------------------------------------------

    def _new_session(self, access: "Access") -> None:
        from tui.core.runner import Runner
        from tui.core.session import DatabaseSession, SessionOptions

        if self._session is not None:
            self._release("Another connection was opened.")
            self._session.close()
        self._chosen_read_only, self.read_only = None, self._always_read_only
        options = SessionOptions(
            read_only=self.read_only,
            limits=self.options.limits,
            on_notice=self._tell,
            on_notify=self._tell,
            on_reconnect=lambda reason: self._tell(Said(reason, "quiet")),
        )
        self._session = DatabaseSession(access.source, options, self._clock)
        self._runner = Runner(self._session, access.logins, self._clock)

    def _session_or_raise(self) -> "DatabaseSession":
        if self._session is None:
            raise ConnectionFailed("There is no connection yet.")
        return self._session

    def _release(self, reason: str) -> None:
        if self._runner is not None:
            self._runner.release(reason)

    def _connected(self, text: str) -> None:
        """The session is open: what counts for it is set before anybody can use it."""
        self._retries, self._checked = 0, None
        marked = self.options.of(self.place).read_only or set(self.options.read_only_roles) & set(self.roles)
        wanted = self._always_read_only or bool(marked)
        if self._chosen_read_only is not None:
            wanted = self._chosen_read_only
        if wanted != self.read_only and self._session is not None:
            try:
                self._session.set_read_only(wanted)
            except SqlClientError as error:
                self._to_failure(error)
                return
            self.read_only = wanted
        self._to(Link.CONNECTED, text)

    def _lost(self, reason: str) -> None:
        session = self._session_or_raise()
        lost = "The open transaction was rolled back." if session.in_transaction and not self.holding else ""
        self._release("The connection was lost.")
        session.reset()
        self._to(Link.LOST, " ".join(filter(None, ("The connection was lost.", _first_line(reason), lost))))
        self._reconnect()

    def _reconnect(self) -> None:
        try:
            self._session_or_raise().connect()
        except (ClientError, SqlClientError) as error:
            self._to_failure(error)
            return
        self._connected("Connected again. Session settings and temporary tables are new.")

    def _renew(self, session: "DatabaseSession") -> None:
        """Take a new login before the old one ends, where that loses nothing of the person's."""
        if not (self.holding or session.state is TransactionState.IDLE):
            return
        self._release("The login was renewed.")
        try:
            session.ensure()
        except (ClientError, SqlClientError) as error:
            session.reset()
            self._to_failure(error)

    def _to_failure(self, error: ClientError | SqlClientError) -> None:
        signed_out = isinstance(error, ClientError) and error.exit_code is ExitCode.NOT_SIGNED_IN
        text = "\n".join(filter(None, (error.what, _SIGN_IN_AGAIN if signed_out else error.remedy)))
        if isinstance(error, (BrokerUnreachable, ConnectionFailed)) and self.access is not None:
            seconds = _RETRY_SECONDS[min(self._retries, len(_RETRY_SECONDS) - 1)]
            self._retries += 1
            self._retry_at = self._clock() + timedelta(seconds=seconds)
            # Told once: the status bar says that it is tried again.
            self._to(Link.LOST, text if self._retries == 1 else "")
            return
        self._to(Link.REFUSED, text)

    def _to(self, link: Link, text: str = "") -> None:
        self.link = link
        self._tell(LinkChanged(link, text))


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0].removeprefix("FATAL:  ").capitalize() + "." if text.strip() else ""
