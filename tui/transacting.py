r"""psql's AUTOCOMMIT and ON_ERROR_ROLLBACK: a transaction that begins by itself, a savepoint before each statement."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from tui.core.errors import StatementFailed
from tui.core.session import DatabaseSession, drain
from tui.core.statements import tokens
from tui.core.told import TransactionState

ON: Final = frozenset({"1", "on", "true", "yes", "t", "y"})
_OFF: Final = frozenset({"0", "off", "false", "no", "f", "n"})
_SAVEPOINT: Final = "wsql_before_statement"
_ENDS: Final = frozenset({"abort", "begin", "commit", "end", "rollback", "start"})
# What the server runs in no transaction block (psql's common.c, command_no_begin), by the first words.
_ALONE: Final = (
    ("vacuum",),
    ("prepare", "transaction"),
    ("create", "database"),
    ("create", "tablespace"),
    ("create", "index", "concurrently"),
    ("create", "unique", "index", "concurrently"),
    ("alter", "system"),
    ("drop", "database"),
    ("drop", "tablespace"),
    ("drop", "system"),
    ("drop", "index", "concurrently"),
    ("reindex", "database"),
    ("reindex", "system"),
    ("discard", "all"),
)


@contextmanager
def as_psql(session: DatabaseSession, variables: Mapping[str, str], text: str) -> Iterator[None]:
    """Around a statement: what the two variables want."""
    words = _first_words(text)
    ends = words[:1] and words[0] in _ENDS
    alone = any(words[: len(one)] == one for one in _ALONE)
    off = variables.get("AUTOCOMMIT", "on").lower() in _OFF
    if off and session.state is TransactionState.IDLE and not (ends or alone):
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


def _first_words(text: str) -> tuple[str, ...]:
    words: list[str] = []
    for token in tokens(text):
        if token.kind in ("blank", "comment", "block"):
            continue
        if token.kind != "word" or len(words) == 4:
            break
        words.append(text[token.start : token.end].lower())
    return tuple(words)
