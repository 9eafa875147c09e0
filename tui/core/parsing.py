"""What sqlglot reads in a statement; nothing, where it cannot read it, or reading would take too long."""

import logging
from functools import lru_cache
from typing import Final

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

LONGEST: Final = 50_000
"""Characters. sqlglot reads some 100,000 a second."""

_KEPT: Final = 64


@lru_cache(_KEPT)
def trees(statement: str) -> tuple[exp.Expr, ...]:
    """The syntax trees of a text. They are shared: look, and change nothing."""
    if len(statement) > LONGEST:
        return ()
    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)
    try:
        return tuple(tree for tree in sqlglot.parse(statement, read="postgres") if tree is not None)
    except (SqlglotError, RecursionError):
        return ()
