"""A result that is fetched page by page from a cursor at the server, for reading on demand.

Where a stream (`tui.core.query`) keeps its connection busy until it is read, a cursor leaves it free for other
statements of the same transaction. Rows that nobody fetches are never computed.
"""

from collections.abc import Generator
from contextlib import closing
from dataclasses import replace
from itertools import count
from typing import Final

from psycopg import sql

from tui.core.errors import ServerMessage, StatementFailed
from tui.core.events import Column, Columns, Row, Rows
from tui.core.session import DatabaseSession, drain
from tui.core.told import TransactionState

_NUMBERS: Final = count(1)


class ServerCursor:
    """A cursor over one query. Outside a transaction it opens its own, and ends it when closed.

    Nothing is sent before the first page is fetched: opening and fetching are one round trip.

    Attributes:
        columns: known with the first page.
        exhausted: the last page was fetched.
    """

    def __init__(self, session: DatabaseSession, statement: str) -> None:
        session.ensure()
        self._session = session
        self._statement = statement
        self._name = sql.Identifier(f"wsql_{next(_NUMBERS)}").as_string()
        self._owns_transaction = session.state is TransactionState.IDLE
        self._declared = False
        self.columns: tuple[Column, ...] = ()
        self.exhausted = False

    def fetch(self, rows: int, chunk_rows: int = 0) -> Generator[list[Row], None, None]:
        """The next page, in chunks while they come; `exhausted` is set once there are no more.

        Args:
            rows: how many at most.
            chunk_rows: how many of them may be in memory at once; 0 is as many as is usual.

        Raises:
            StatementFailed: the server refuses to go on, or with the first page: the statement is no query. Use
                `session.execute` for what a cursor cannot hold (INSERT ... RETURNING, SHOW, EXPLAIN).
        """
        if self.exhausted:
            return
        came, opening = 0, self._opening()
        try:
            with closing(self._session.execute(opening + self._fetching(rows), chunk_rows=chunk_rows)) as events:
                for event in events:
                    if isinstance(event, Columns):
                        self.columns = event.columns
                    elif isinstance(event, Rows):
                        came += len(event.rows)
                        yield event.rows
        except StatementFailed as refused:
            begin, end = (len(self._prefix()), len(self._statement)) if opening else (0, 0)
            raise type(refused)(_moved(refused.said, begin, end)) from None
        finally:
            self._declared = True
        self.exhausted = came < rows

    def close(self) -> None:
        """Give the cursor, and its own transaction, back."""
        state = self._session.state
        if self._owns_transaction:
            if state in (TransactionState.FAILED, TransactionState.OPEN):
                drain(self._session.execute("ROLLBACK" if state is TransactionState.FAILED else "COMMIT"))
        elif state is TransactionState.OPEN:
            drain(self._session.execute(f"CLOSE {self._name}"))

    def _prefix(self) -> str:
        return f"{'BEGIN; ' if self._owns_transaction else ''}DECLARE {self._name} NO SCROLL CURSOR FOR "

    def _opening(self) -> str:
        # A comment at the statement's end must not hide what follows.
        return "" if self._declared else f"{self._prefix()}{self._statement}\n;"

    def _fetching(self, rows: int) -> str:
        return f"FETCH FORWARD {int(rows)} FROM {self._name}"


def _moved(said: ServerMessage, begin: int, length: int) -> ServerMessage:
    """The message with its position in the statement that begins at `begin`."""
    position = min(max(said.position - begin, 1), length + 1) if said.position and length else 0
    return replace(said, position=position)
