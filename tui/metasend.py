r"""The backslash commands that run the statement before them: \g, \gx, \gset, \gexec, \gdesc, \crosstabview, \watch."""

import re
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import Final

from broker.clock import utc_now
from tui.batch import Batch
from tui.core.crosstab import crosstab
from tui.core.errors import MetaCommandFailed
from tui.core.events import Column, Columns, Completed, Rows
from tui.core.statements import MetaCommand, Statement
from tui.metalook import set_look
from tui.metawords import arguments, open_output

_WATCH: Final = re.compile(
    r"(?:(?:i(?:nterval)?=)?(?P<seconds>\d+(?:\.\d*)?))?(?: ?c(?:ount)?=(?P<times>\d+))?"
    r"(?: ?m(?:in_rows)?=(?P<rows>\d+))?"
)
_NAMES: Final = re.compile(r'"(?:[^"]|"")*"|\S+')
_TYPES: Final = b"""
SELECT pg_catalog.format_type(one.kind, one.modifier)
FROM ROWS FROM (pg_catalog.unnest(%s::oid[]), pg_catalog.unnest(%s::int[])) WITH ORDINALITY AS one (kind, modifier, n)
ORDER BY one.n
"""


def send(batch: Batch, command: MetaCommand) -> None:
    """Run the statement before the command, or the last one once more.

    Raises:
        MetaCommandFailed: there is none, or it does not give what the command needs.
    """
    statement = batch.state.last
    if statement is None:
        raise MetaCommandFailed(f"There is no statement yet for \\{command.name} to run.")
    if command.name in _SENDERS:
        _SENDERS[command.name](batch, statement, command)
        return
    options, file = _options(command.argument)
    printer = batch.printer
    before, printer.look = printer.look, replace(printer.look)
    try:
        printer.look.expanded |= command.name == "gx"
        for option in options:
            set_look(printer.look, option)
        if not file:
            batch.execute(statement)
            return
        with closing(open_output(file)) as out, printer.into(out):
            batch.execute(statement)
    finally:
        printer.look = before


def _options(argument: str) -> tuple[list[str], str]:
    r"""What \g has in parentheses, as \pset takes it, and the file behind them."""
    if not argument.startswith("("):
        return [], argument.strip()
    inside, closed, file = argument[1:].partition(")")
    if not closed:
        raise MetaCommandFailed("\\g: missing right parenthesis", remedy="")
    return inside.split(), file.strip()


def _gdesc(batch: Batch, statement: Statement, _command: MetaCommand) -> None:
    r"""\gdesc: the columns that the statement would give."""
    columns = batch.described(statement)
    if not columns:
        batch.printer.say("The command has no result, or the result has no columns.")
        return
    kinds = batch.session.connection.execute(_TYPES, [[kind for _, kind, _ in columns], [mod for *_, mod in columns]])
    rows = [(name, str(kind)) for (name, *_), (kind,) in zip(columns, kinds.fetchall(), strict=True)]
    batch.printer.show(
        (Columns((Column("Column", 25), Column("Type", 25))), Rows(list(rows)), Completed("SELECT", len(rows)))
    )


def names_of(command: MetaCommand) -> list[str]:
    """The columns that a command names, in quotes where they must be."""
    return _NAMES.findall(command.argument)


def _crosstab(batch: Batch, statement: Statement, command: MetaCommand) -> None:
    r"""\crosstabview [DOWN [ACROSS [VALUE [ORDER]]]]."""
    columns, rows = crosstab(*batch.fetch(statement), names_of(command))
    batch.printer.show((Columns(columns), Rows(rows), Completed("SELECT", len(rows))))


def _gset(batch: Batch, statement: Statement, command: MetaCommand) -> None:
    r"""\gset [PREFIX]: the one row that comes becomes variables."""
    columns, rows = batch.fetch(statement)
    if len(rows) != 1:
        raise MetaCommandFailed(f"{'more than one row' if rows else 'no rows'} returned for \\gset", remedy="")
    for column, value in zip(columns, rows[0], strict=True):
        name = "".join(arguments(batch, command)) + column.name
        if not re.fullmatch(r"\w+", name):
            raise MetaCommandFailed(f"{name!r} is no name of a variable.", remedy="Give the column another with AS.")
        if value is None:
            batch.state.variables.pop(name, None)
        else:
            batch.state.variables[name] = value


def _gexec(batch: Batch, statement: Statement, _command: MetaCommand) -> None:
    r"""\gexec: every value that comes is a statement to run."""
    _, rows = batch.fetch(statement)
    for row in rows:
        for text in filter(None, row):
            batch.execute(Statement(text, statement.start, statement.line))


def _watch(batch: Batch, statement: Statement, command: MetaCommand) -> None:
    r"""\watch [SECONDS] or i=SECONDS, c=TIMES: again and again, until Ctrl-C or a failure."""
    match = _WATCH.fullmatch(" ".join(arguments(batch, command)))
    if match is None:
        raise MetaCommandFailed("\\watch takes seconds, or i=SECONDS, c=TIMES and m=ROWS.")
    seconds, times, fewest = float(match["seconds"] or 2), int(match["times"] or 0), int(match["rows"] or 0)
    done = 0
    while True:
        batch.execute(statement, title=f"{utc_now().astimezone():%c} (every {seconds:g}s)\n")
        done += 1
        if done == times or batch.state.row_count < fewest or batch.interrupted.wait(seconds):
            return


_SENDERS: Final[dict[str, Callable[[Batch, Statement, MetaCommand], None]]] = {
    "crosstabview": _crosstab,
    "gdesc": _gdesc,
    "gexec": _gexec,
    "gset": _gset,
    "watch": _watch,
}
