"""Which relations a statement touches, and with which privilege: read from its text with sqlglot.

This is for explaining, never for allowing: the server decides. Views and functions run with their owner's rights, so
nothing is guessed beyond the relations that the text names; a text that sqlglot cannot read touches nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlglot import exp

from tui.core.parsing import trees


@dataclass(frozen=True, slots=True)
class Touched:
    """A relation that a statement names.

    Attributes:
        schema: "" where the text names none.
        privilege: SELECT, INSERT, UPDATE, DELETE, TRUNCATE, as GRANT calls them.
        columns: of the relation, as far as the text says which are whose; sorted.
    """

    schema: str
    name: str
    privilege: str
    columns: tuple[str, ...] = ()


def touched(statement: str) -> tuple[Touched, ...]:
    """The relations that `statement` touches, in the order of the text, each once per privilege."""
    return tuple(dict.fromkeys(one for tree in trees(statement) for one in _of_tree(tree)))


def _of_tree(tree: exp.Expr) -> Iterator[Touched]:
    written = _written(tree)
    for table in tree.find_all(exp.Table, bfs=False):
        name = table.this
        if not isinstance(name, exp.Identifier) or _names_cte(table):
            continue
        privileges = written.get(id(table), ("SELECT",))
        for privilege in privileges:
            yield Touched(
                _folded(table.args.get("db")),
                _folded(name),
                privilege,
                _columns(tree, table) if privilege == "SELECT" else (),
            )


def _written(tree: exp.Expr) -> dict[int, tuple[str, ...]]:
    """The tables that a statement changes, by identity, and the privileges that takes."""
    found: dict[int, tuple[str, ...]] = {}
    for node in tree.find_all(exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.TruncateTable, exp.Create, exp.Drop):
        for table, privileges in _targets(node):
            found[id(table)] = privileges
    return found


def _targets(node: exp.Expr) -> Iterator[tuple[exp.Expr, tuple[str, ...]]]:
    if isinstance(node, exp.TruncateTable):
        yield from ((table, ("TRUNCATE",)) for table in node.expressions)
        return
    if isinstance(node, exp.Drop):
        # Dropping, as creating below, is a matter of ownership, not of a privilege on the relation.
        yield from ((table, ()) for table in node.args.get("tables") or ())
        return
    target = node.this.this if isinstance(node.this, exp.Schema) else node.this
    if not isinstance(target, exp.Table):
        return
    reads = node.args.get("where") is not None
    match node:
        case exp.Insert():
            yield target, ("INSERT",)
        case exp.Update():
            yield target, ("UPDATE", "SELECT") if reads else ("UPDATE",)
        case exp.Delete():
            yield target, ("DELETE", "SELECT") if reads else ("DELETE",)
        case exp.Merge():
            yield target, ("SELECT", *_merge_actions(node))
        case _:
            yield target, ()


def _merge_actions(merge: exp.Merge) -> Iterator[str]:
    for when in merge.find_all(exp.When):
        action = when.args.get("then")
        # sqlglot has a bare DELETE as a name.
        name = action.name if isinstance(action, exp.Var) else type(action).__name__
        if name.upper() in ("INSERT", "UPDATE", "DELETE"):
            yield name.upper()


def _names_cte(table: exp.Table) -> bool:
    """Whether an unqualified name is a common table expression of a query around it."""
    if table.args.get("db"):
        return False
    name, node = _folded(table.this), table.parent
    while node is not None:
        with_clause = node.args.get("with_")
        if isinstance(with_clause, exp.With) and any(cte.alias == name for cte in with_clause.expressions):
            return True
        node = node.parent
    return False


def _columns(tree: exp.Expr, table: exp.Table) -> tuple[str, ...]:
    """The columns that the text says are the table's: by its alias, or all where it is the only one."""
    alone = len(list(tree.find_all(exp.Table))) == 1
    alias = _folded(table.args["alias"].this) if table.args.get("alias") else _folded(table.this)
    return tuple(
        sorted(
            {
                _folded(column.this)
                for column in tree.find_all(exp.Column)
                if isinstance(column.this, exp.Identifier) and (column.table == alias or (alone and not column.table))
            }
        )
    )


def _folded(identifier: exp.Expr | None) -> str:
    """A name as PostgreSQL folds it: lower case unless quoted."""
    if not isinstance(identifier, exp.Identifier):
        return ""
    return str(identifier.this) if identifier.quoted else str(identifier.this).lower()
