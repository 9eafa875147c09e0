r"""psql's backslash commands in batch mode.

Those that describe (\d ...) are pgspecial's. Those that run programs (\!, pipes) are not offered: a script that comes
from elsewhere may do to the database what its rights allow, and nothing to this machine but read and write the files
that it names.
"""

import re
from collections.abc import Callable
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Final, TextIO

from broker.clock import utc_now
from tui.batch import Batch, LeaveScript, read_script
from tui.core.copy import parse_copy
from tui.core.errors import MetaCommandFailed, ScriptUnreadable
from tui.core.events import Columns, Completed, Rows
from tui.core.interpolation import interpolate
from tui.core.statements import MetaCommand, Statement
from tui.metahelp import HELP
from tui.metalook import SHOWING, change_look, switch

_ARGUMENT: Final = re.compile(r"'((?:[^'\\]|''|\\.)*)'|(\S+)", re.DOTALL)
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_WATCH: Final = re.compile(r"(?:(?:i(?:nterval)?=)?(?P<seconds>\d+(?:\.\d*)?))? ?(?:c(?:ount)?=(?P<times>\d+))?")


def run_meta(batch: Batch, command: MetaCommand) -> None:
    """Run a backslash command that stands by itself.

    Raises:
        MetaCommandFailed: it is unknown, or cannot be done.
    """
    # Loaded late: most scripts describe nothing.
    from tui.core.describe import describes

    if describes(command.name):
        _describe(batch, command)
    elif command.name in ("g", "gx", "gset", "gexec", "watch"):
        _send(batch, command)
    elif command.name in SHOWING:
        change_look(batch.printer, command, arguments(batch, command))
    elif handler := _COMMANDS.get(command.name):
        handler(batch, command)
    else:
        raise MetaCommandFailed(f"\\{command.name} is no command that wsql knows in a script.")


def arguments(batch: Batch, command: MetaCommand) -> list[str]:
    """The command's words: quoted ones as C strings, variables outside quotes filled in."""
    words = []
    for match in _ARGUMENT.finditer(command.argument):
        quoted, plain = match.groups()
        if quoted is not None:
            words.append(re.sub(r"''|\\(.)", lambda m: _ESCAPES.get(m[1], m[1]) if m[1] else "'", quoted))
        elif plain.startswith(":") and plain[1:] in batch.state.variables:
            words.append(batch.state.variables[plain[1:]])
        else:
            words.append(interpolate(plain, batch.state.variables).text)
    return words


def _send(batch: Batch, command: MetaCommand) -> None:
    r"""\g, \gx, \watch: run the statement before them, or the last one once more."""
    statement = batch.state.last
    if statement is None:
        raise MetaCommandFailed(f"There is no statement yet for \\{command.name} to run.")
    if command.name in _SENDERS:
        _SENDERS[command.name](batch, statement, command)
        return
    look = batch.printer.look
    expanded, look.expanded = look.expanded, look.expanded or command.name == "gx"
    try:
        if not command.argument:
            batch.execute(statement)
            return
        with closing(open_output(command.argument)) as file, batch.printer.into(file):
            batch.execute(statement)
    finally:
        look.expanded = expanded


def _gset(batch: Batch, statement: Statement, command: MetaCommand) -> None:
    r"""\gset [PREFIX]: the one row that comes becomes variables."""
    columns, rows = batch.fetch(statement)
    if len(rows) != 1:
        raise MetaCommandFailed(f"\\gset wants one row, and {len(rows) or 'none'} came.", remedy="")
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


def _describe(batch: Batch, command: MetaCommand) -> None:
    from tui.core.describe import describe

    found = False
    for described in describe(batch.session, command.name, command.argument):
        if described.columns and (described.rows or described.flat or not described.may_be_missing):
            found = True
            events = (Columns(described.columns), Rows(list(described.rows)), Completed("SELECT", len(described.rows)))
            with batch.printer.flat() if described.flat else nullcontext():
                batch.printer.show(events, described.title, described.below)
        if described.text and not described.text.startswith("Did not find any"):
            found = True
            batch.printer.say(described.text)
    if not found:
        named = f' named "{command.argument}"' if command.argument else "s"
        told = f"Did not find any relation{named}."
        # As psql: a list that is empty is no failure.
        if re.fullmatch(r"d[S+]*", command.name) and command.argument:
            raise MetaCommandFailed(told, remedy="")
        place = batch.place(command.line)
        batch.printer.tell(f"{place}error: {told}" if place else told)


def _watch(batch: Batch, statement: Statement, command: MetaCommand) -> None:
    r"""\watch [SECONDS] or i=SECONDS, c=TIMES: again and again, until Ctrl-C or a failure."""
    match = _WATCH.fullmatch(" ".join(arguments(batch, command)))
    if match is None:
        raise MetaCommandFailed("\\watch takes seconds, or i=SECONDS and c=TIMES.")
    seconds, times = float(match["seconds"] or 2), int(match["times"] or 0)
    done = 0
    while True:
        batch.printer.say(f"{utc_now().astimezone():%c} (every {seconds:g}s)\n")
        batch.execute(statement)
        done += 1
        if done == times or batch.interrupted.wait(seconds):
            return


def _copy(batch: Batch, command: MetaCommand) -> None:
    copy = parse_copy(command.argument)
    statement = Statement(copy.statement, command.start, command.line)
    try:
        if copy.file is None:
            batch.execute(statement)
        elif copy.reads:
            # Opened before the server is told: nothing is begun with a file that cannot be read.
            with copy.file.open("rb") as file:
                batch.execute(statement, source=iter(lambda: file.read(65536), b""))
        else:
            with copy.file.open("wb") as file:
                batch.execute(statement, sink=file)
    except OSError as error:
        raise MetaCommandFailed(f"{copy.file}: {error.strerror}.", remedy="") from None


def _include(batch: Batch, command: MetaCommand) -> None:
    path = _one_argument(batch, command)
    batch.run(read_script(path, batch.state.script.folder if command.name in ("ir", "include_relative") else None))


def _set(batch: Batch, command: MetaCommand) -> None:
    words = arguments(batch, command)
    if not words:
        for name, value in sorted(batch.state.variables.items()):
            batch.printer.say(f"{name} = '{value}'")
        return
    if not re.fullmatch(r"\w+", words[0]):
        raise MetaCommandFailed(f"{words[0]!r} is no name of a variable.")
    batch.state.variables[words[0]] = "".join(words[1:])


def _unset(batch: Batch, command: MetaCommand) -> None:
    batch.state.variables.pop(_one_argument(batch, command), None)


def _echo(batch: Batch, command: MetaCommand) -> None:
    words = arguments(batch, command)
    newline = words[:1] != ["-n"]
    text = " ".join(words if newline else words[1:])
    if command.name == "warn":
        batch.printer.tell(text)
    else:
        batch.printer.say(text, end="\n" if newline else "")


def _timing(batch: Batch, command: MetaCommand) -> None:
    batch.state.timing = switch(command, batch.state.timing)
    batch.printer.remark(f"Timing is {'on' if batch.state.timing else 'off'}.")


def _conninfo(batch: Batch, _command: MetaCommand) -> None:
    batch.session.ensure()
    info = batch.session.connection.info
    encrypted = "with TLS" if batch.session.connection.pgconn.ssl_in_use else "without TLS"
    batch.printer.say(
        f'You are connected to database "{info.dbname}" as user "{info.user}" on {info.host}:{info.port} {encrypted}.'
    )
    if batch.session.expires_at:
        batch.printer.say(f"The login ends at {batch.session.expires_at:%Y-%m-%d %H:%M:%S %Z}.")


def _output(batch: Batch, command: MetaCommand) -> None:
    words = arguments(batch, command)
    batch.printer.redirect(open_output(words[0]) if words else None)


def _quit(_batch: Batch, _command: MetaCommand) -> None:
    raise LeaveScript


def _refuse_program(_batch: Batch, _command: MetaCommand) -> None:
    raise MetaCommandFailed("wsql runs no programs for a script.")


def _help(batch: Batch, _command: MetaCommand) -> None:
    batch.printer.say(HELP)


def open_output(path: str) -> TextIO:
    """A file to write to.

    Raises:
        MetaCommandFailed, ScriptUnreadable: it is a program, or cannot be opened.
    """
    if path.startswith("|"):
        raise MetaCommandFailed("wsql runs no programs for a script.", remedy="Pipe wsql's own output.")
    try:
        return Path(path).expanduser().open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise ScriptUnreadable(f"{path}: {error.strerror}.") from None


def _one_argument(batch: Batch, command: MetaCommand) -> str:
    words = arguments(batch, command)
    if len(words) != 1:
        raise MetaCommandFailed(f"\\{command.name} takes one argument.")
    return words[0]


_SENDERS: Final[dict[str, Callable[[Batch, Statement, MetaCommand], None]]] = {
    "gexec": _gexec,
    "gset": _gset,
    "watch": _watch,
}
_COMMANDS: Final[dict[str, Callable[[Batch, MetaCommand], None]]] = {
    "?": _help,
    "!": _refuse_program,
    "conninfo": _conninfo,
    "copy": _copy,
    "echo": _echo,
    "i": _include,
    "include": _include,
    "include_relative": _include,
    "ir": _include,
    "o": _output,
    "q": _quit,
    "qecho": _echo,
    "set": _set,
    "timing": _timing,
    "unset": _unset,
    "warn": _echo,
}
