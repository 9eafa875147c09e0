r"""psql's AUTOCOMMIT: before which statements a transaction begins by itself."""

from collections.abc import Mapping
from typing import Final

from tui.core.statements import tokens

_OFF: Final = frozenset({"0", "off", "false", "no", "f", "n"})
ENDS: Final = frozenset({"abort", "begin", "commit", "end", "rollback", "start"})
"""First words of what begins or ends a transaction."""

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


def commits_by_itself(variables: Mapping[str, str]) -> bool:
    """Whether AUTOCOMMIT is on: also where it is not set."""
    return variables.get("AUTOCOMMIT", "on").lower() not in _OFF


def wants_transaction(text: str) -> bool:
    """Whether a transaction begins before the statement, where none commits by itself."""
    words = first_words(text)
    return not (words[:1] and words[0] in ENDS) and not any(words[: len(one)] == one for one in _ALONE)


def first_words(text: str) -> tuple[str, ...]:
    """The words that a statement begins with, in small letters: four at most."""
    words: list[str] = []
    for token in tokens(text):
        if token.kind in ("blank", "comment", "block"):
            continue
        if token.kind != "word" or len(words) == 4:
            break
        words.append(text[token.start : token.end].lower())
    return tuple(words)
