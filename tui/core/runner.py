"""Run statements for a person who looks on: the first page at once, the rest when it is asked for."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Final

import psycopg

from broker.clock import Clock, utc_now
from tui.core.access import Explainer, Refused, explain
from tui.core.cursor import ServerCursor
from tui.core.danger import first_word
from tui.core.errors import PERMISSION_DENIED, ConnectionLost, SqlClientError, StatementFailed
from tui.core.events import Columns, Completed, CopyData, Rows
from tui.core.feed import ResultFeed
from tui.core.outcome import Outcome, Run
from tui.core.session import DatabaseSession
from tui.core.statements import tokens
from tui.core.told import TransactionState

_QUERIES: Final = frozenset({"select", "values", "table", "with"})
_CHANGING: Final = frozenset({"insert", "update", "delete", "merge", "into"})
_AHEAD: Final = 10_000
# What a cursor cannot hold (PostgreSQL: a WITH that changes data, SELECT ... INTO).
_NO_QUERY: Final = frozenset({"42601", "0A000", "42P11"})
_SHOWN_COPY: Final = 1_000_000
_VOLATILE: Final = b"""
SELECT EXISTS (
    SELECT FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    WHERE p.proname = ANY (%s) AND p.provolatile = 'v'
      AND NOT (n.nspname = 'pg_catalog' AND p.proname IN ('random', 'clock_timestamp', 'timeofday', 'pg_sleep'))
)
"""


class Runner:
    """Runs statements on one session, on that session's thread."""

    def __init__(self, session: DatabaseSession, explainer: Explainer | None, clock: Clock = utc_now) -> None:
        self._session = session
        self._explainer = explainer
        self._clock = clock
        self._open: list[ResultFeed] = []

    def run(self, run: Run, shown: Callable[[Outcome], None]) -> Outcome:
        """Run one statement; `shown` is called as soon as there is something to look at."""
        self.release("Another statement was run.")
        outcome = Outcome(run)
        began = self._clock()
        try:
            with _lost_connections_told():
                self._execute(outcome, shown)
        except SqlClientError as error:
            outcome.failure = error
            self._judge(outcome)
        outcome.milliseconds = (self._clock() - began).total_seconds() * 1000
        return outcome

    def read_ahead(self, outcome: Outcome) -> None:
        """Before the next statement of a script ends a cursor: read what a person may want to look at later."""
        for feed in outcome.feeds:
            while feed.open and feed.rows < _AHEAD:
                feed.more()

    def release(self, reason: str) -> None:
        """Give back the cursors that hold a transaction of their own."""
        feeds, self._open = self._open, []
        for feed in feeds:
            try:
                feed.release(reason)
            except ConnectionLost:
                # There is nothing to give back any more, and no transaction of the person's was lost.
                self._session.reset()

    @property
    def holding(self) -> bool:
        """Whether a shown result holds a cursor, and with it a transaction that the person did not open."""
        return any(feed.open for feed in self._open)

    def _execute(self, outcome: Outcome, shown: Callable[[Outcome], None]) -> None:
        self._session.ensure()
        text = outcome.run.sent.text
        if self._only_reads(text):
            try:
                self._query(outcome, text, shown)
            except StatementFailed as refused:
                failed = self._session.state is TransactionState.FAILED
                if refused.said.sqlstate not in _NO_QUERY or outcome.feeds or failed:
                    raise
            else:
                return
        self._stream(outcome, text, shown)

    def _query(self, outcome: Outcome, text: str, shown: Callable[[Outcome], None]) -> None:
        owns = self._session.state is TransactionState.IDLE
        feed = ResultFeed((), ServerCursor(self._session, text), outcome.run.template)

        def came() -> None:
            if not outcome.feeds:
                outcome.feeds.append(feed)
            shown(outcome)

        try:
            feed.more(came=came)
        finally:
            if feed.rows and feed not in outcome.feeds:
                outcome.feeds.append(feed)
        if not outcome.feeds:
            outcome.feeds.append(feed)
        outcome.tag = "SELECT"
        if feed.complete:
            outcome.row_count = feed.rows
        elif owns:
            self._open.append(feed)

    def _stream(self, outcome: Outcome, text: str, shown: Callable[[Outcome], None]) -> None:
        with closing(self._session.execute(text)) as events:
            for event in events:
                match event:
                    case Columns():
                        outcome.feeds.append(ResultFeed(event.columns, statement=outcome.run.template))
                    case Rows():
                        first = not outcome.feeds[-1].rows
                        outcome.feeds[-1].add(event.rows)
                        if first:
                            shown(outcome)
                    case CopyData():
                        outcome.copied = (outcome.copied + event.data.decode(errors="replace"))[:_SHOWN_COPY]
                    case Completed():
                        outcome.tag, outcome.row_count = event.tag, event.row_count
                        for feed in outcome.feeds[-1:]:
                            feed.complete = True

    def _only_reads(self, text: str) -> bool:
        """Whether rows may be computed as one scrolls. What may change something is run to its end at once."""
        if self._session.redshift:
            # Its cursors gather the whole result first, and what a function does is in another catalog.
            return False
        names, words = _called(text)
        if first_word(text) not in _QUERIES or words & _CHANGING or ";" in words:
            return False
        if self._session.state not in (TransactionState.IDLE, TransactionState.OPEN):
            return False
        row = self._session.connection.execute(_VOLATILE, [names]).fetchone() if names else None
        return not (row and row[0])

    def _judge(self, outcome: Outcome) -> None:
        failure = outcome.failure
        if not isinstance(failure, StatementFailed):
            return
        if failure.said.position:
            origin = outcome.run.sent.origin(failure.said.position - 1)
            outcome.position = outcome.run.start + min(origin, len(outcome.run.template))
        if failure.said.sqlstate == PERMISSION_DENIED:
            outcome.refused = explain(self._session, [outcome.run.sent.text], self._explainer)


def _called(statement: str) -> tuple[list[str], set[str]]:
    """The functions that a text seems to call (a name before a parenthesis), and all its bare words and semicolons."""
    names: list[str] = []
    words: set[str] = set()
    before = ""
    for token in tokens(statement):
        if token.kind in ("blank", "comment", "block"):
            continue
        if token.kind == "open" and before:
            names.append(before)
        text = statement[token.start : token.end]
        before = text.lower() if token.kind == "word" else text[1:-1] if token.kind == "quoted" else ""
        if token.kind == "word":
            words.add(before)
        elif token.kind == "semicolon":
            words.add(text)
    return names, words


@contextmanager
def _lost_connections_told() -> Iterator[None]:
    """What psycopg raises where the connection breaks between two statements, as ours."""
    try:
        yield
    except psycopg.OperationalError as error:
        raise ConnectionLost(str(error).strip()) from None


def preflight(session: DatabaseSession, texts: Sequence[str], explainer: Explainer | None) -> tuple[Refused, ...]:
    """What the server would refuse of `texts`, before any of them is run.

    Empty where that cannot be told: a script that changes its own rights or names is left to the server.
    """
    if any(first_word(text) in ("set", "reset", "grant", "revoke", "alter", "do", "call") for text in texts):
        return ()
    if session.redshift or session.state not in (TransactionState.IDLE, TransactionState.OPEN):
        return ()
    return explain(session, texts, explainer)
