"""A result that is fetched page by page from a cursor at the server, for reading on demand.

Where a stream (`tui.core.query`) keeps its connection busy until it is read, a cursor leaves it free for other
statements of the same transaction. Rows that nobody fetches are never computed.
"""

from itertools import count
from typing import Final

from psycopg import sql

from tui.core.errors import ServerMessage, StatementFailed
from tui.core.events import Column, Columns, Row, Rows
from tui.core.session import DatabaseSession, drain
from tui.core.told import TransactionState

_NUMBERS: Final = count(1)


class ServerCursor:
    """A cursor over one query. Outside a transaction it opens its own, and ends it when closed."""

    def __init__(self, session: DatabaseSession, statement: str) -> None:
        """Declare the cursor; the server plans the query, and computes nothing yet.

        Raises:
            StatementFailed: the statement is no query, or the server refuses it. Use `session.execute` for what a
                cursor cannot hold (INSERT ... RETURNING, SHOW, EXPLAIN).
        """
        session.ensure()
        self._session = session
        self._name = sql.Identifier(f"wsql_{next(_NUMBERS)}").as_string()
        self._owns_transaction = session.state is TransactionState.IDLE
        self.columns: tuple[Column, ...] = ()
        self.exhausted = False
        if self._owns_transaction:
            drain(session.execute("BEGIN"))
        prefix = f"DECLARE {self._name} NO SCROLL CURSOR FOR "
        try:
            drain(session.execute(prefix + statement))
        except StatementFailed as refused:
            if self._owns_transaction:
                drain(session.execute("ROLLBACK"))
            raise type(refused)(_moved(refused.said, -len(prefix))) from None

    def fetch(self, rows: int) -> list[Row]:
        """The next page; `exhausted` is set once there are no more."""
        page: list[Row] = []
        if self.exhausted:
            return page
        for event in self._session.execute(f"FETCH FORWARD {int(rows)} FROM {self._name}"):
            if isinstance(event, Columns):
                self.columns = event.columns
            elif isinstance(event, Rows):
                page += event.rows
        self.exhausted = len(page) < rows
        return page

    def close(self) -> None:
        """Give the cursor, and its own transaction, back."""
        if self._session.state is TransactionState.DISCONNECTED:
            return
        if self._owns_transaction:
            drain(self._session.execute("ROLLBACK" if self._session.state is TransactionState.FAILED else "COMMIT"))
        elif self._session.state is TransactionState.OPEN:
            drain(self._session.execute(f"CLOSE {self._name}"))


def _moved(said: ServerMessage, by: int) -> ServerMessage:
    return ServerMessage(
        said.severity,
        said.sqlstate,
        said.message,
        said.detail,
        said.hint,
        said.context,
        max(said.position + by, 1) if said.position else 0,
    )
