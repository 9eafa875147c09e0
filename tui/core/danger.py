"""Statements that one may regret: changes without WHERE, DROP, TRUNCATE. For asking, never for forbidding."""

import re
from typing import Final

from sqlglot import exp

from tui.core.parsing import trees
from tui.core.statements import tokens

_DESTROYING: Final = re.compile(r"\b(?:delete|update|drop|truncate)\b", re.IGNORECASE)
_WHERE: Final = re.compile(r"\bwhere\b", re.IGNORECASE)
_FIRST_WORDS: Final = {"drop": "drops something", "truncate": "empties a table"}
_UNBOUND: Final = {"delete": "deletes every row of a table", "update": "changes every row of a table"}


def destructive(statement: str, *, thorough: bool = True) -> str:
    """What `statement` would destroy, as the end of a sentence, or "". Not `thorough`: by its words alone, fast."""
    if not _DESTROYING.search(statement):
        return ""
    if not thorough:
        unbound = not _WHERE.search(statement)
        return _FIRST_WORDS.get(first_word(statement), "") or (_UNBOUND.get(first_word(statement), "") * unbound)
    for tree in trees(statement):
        for node in tree.find_all(exp.Delete, exp.Update, exp.Drop, exp.TruncateTable):
            if told := _regret(node):
                return told
    return _FIRST_WORDS.get(first_word(statement), "")


def first_word(statement: str) -> str:
    """The statement's first word, in lower case."""
    for token in tokens(statement):
        if token.kind == "word":
            return statement[token.start : token.end].lower()
        if token.kind not in ("blank", "comment", "block", "open"):
            break
    return ""


def _regret(node: exp.Expr) -> str:
    match node:
        case exp.Drop():
            return f"drops {node.args.get('kind') or ''} {_name(node.this)}".replace("  ", " ")
        case exp.TruncateTable():
            return f"empties {', '.join(_name(table) for table in node.expressions)}"
        case exp.Delete() if not node.args.get("where"):
            return f"deletes every row of {_name(node.this)}"
        case exp.Update() if not node.args.get("where"):
            return f"changes every row of {_name(node.this)}"
    return ""


def _name(node: exp.Expr | None) -> str:
    if isinstance(node, exp.Table):
        return ".".join(part.name for part in node.parts)
    return node.sql("postgres") if node is not None else "something"
