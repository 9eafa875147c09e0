r"""psql's AUTOCOMMIT and ON_ERROR_ROLLBACK: a transaction that begins by itself, a savepoint before each statement."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from tui.core.autocommit import ENDS, commits_by_itself, first_words, wants_transaction
from tui.core.errors import StatementFailed
from tui.core.session import DatabaseSession, drain
from tui.core.told import TransactionState

ON: Final = frozenset({"1", "on", "true", "yes", "t", "y"})
_SAVEPOINT: Final = "wsql_before_statement"


@contextmanager
def as_psql(session: DatabaseSession, variables: Mapping[str, str], text: str) -> Iterator[None]:
    """Around a statement: what the two variables want."""
    words = first_words(text)
    ends = words[:1] and words[0] in ENDS
    if not commits_by_itself(variables) and session.state is TransactionState.IDLE and wants_transaction(text):
        drain(session.execute("BEGIN"))
    wanted = variables.get("ON_ERROR_ROLLBACK", "off").lower() in ON
    if not wanted or ends or session.state is not TransactionState.OPEN:
        yield
        return
    drain(session.execute(f"SAVEPOINT {_SAVEPOINT}"))
    try:
        yield
    except StatementFailed:
        if _stands(session) is TransactionState.FAILED:
            drain(session.execute(f"ROLLBACK TO {_SAVEPOINT}"))
        raise
    # What SAVEPOINT, RELEASE and ROLLBACK TO did to the stack is the script's.
    if _stands(session) is TransactionState.OPEN and words[:1] not in (("savepoint",), ("release",)):
        drain(session.execute(f"RELEASE {_SAVEPOINT}"))


def _stands(session: DatabaseSession) -> TransactionState:
    """Where it stands after what has just run."""
    return session.state
