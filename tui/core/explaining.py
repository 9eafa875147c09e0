"""Ask the server for the plan of a statement; one that is run for it leaves nothing behind."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tui.core.errors import PlanUnreadable
from tui.core.events import Rows
from tui.core.plan import Plan, explain_statement, parse_plan
from tui.core.statements import tokens
from tui.core.told import TransactionState

if TYPE_CHECKING:
    from tui.core.session import DatabaseSession

_READING: Final = frozenset({"select", "values", "table"})
_CHANGING: Final = frozenset({"insert", "update", "delete", "merge", "into"})


@dataclass(frozen=True, slots=True)
class Explained:
    """A statement and its plan."""

    statement: str
    plan: Plan


def changes_data(statement: str) -> bool:
    """Whether running it may change data, by its words; what functions do is not known here."""
    words = [statement[t.start : t.end].lower() for t in tokens(statement) if t.kind == "word"]
    return not words or words[0] not in (*_READING, "with") or bool(_CHANGING.intersection(words))


def explain(session: "DatabaseSession", statement: str, *, analyze: bool) -> Explained:
    """The plan of a statement; `analyze` runs it within a transaction, or a savepoint, that is rolled back.

    Raises:
        StatementFailed: the server refuses it.
        PlanUnreadable: there is no one statement that has a plan.
    """
    if any(token.kind == "semicolon" for token in tokens(statement)):
        raise PlanUnreadable("Only one statement has a plan.")
    text = explain_statement(statement, analyze=analyze)
    if not analyze:
        return Explained(statement, parse_plan(_read(session, text)))
    with _undone(session):
        return Explained(statement, parse_plan(_read(session, text)))


@contextmanager
def _undone(session: "DatabaseSession") -> Iterator[None]:
    """Let what happens within be undone, whatever becomes of it."""
    from tui.core.session import drain

    session.ensure()
    if session.state is TransactionState.IDLE:
        begin, undo = "BEGIN", "ROLLBACK"
    else:
        name = f"wsql_{secrets.token_hex(4)}"
        begin, undo = f"SAVEPOINT {name}", f"ROLLBACK TO {name}; RELEASE {name}"
    drain(session.execute(begin))
    try:
        yield
    finally:
        if session.state in (TransactionState.OPEN, TransactionState.FAILED):
            drain(session.execute(undo))


def _read(session: "DatabaseSession", text: str) -> str:
    values = [row[0] or "" for event in session.execute(text) if isinstance(event, Rows) for row in event.rows]
    return "\n".join(values)
