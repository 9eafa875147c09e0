r"""psql's backslash commands in batch mode.

Those that describe (\d ...) are pgspecial's. Those that run programs (\!, pipes) are not offered: a script that comes
from elsewhere may do to the database what its rights allow, and nothing to this machine but read and write the files
that it names.
"""

import re
from collections.abc import Callable
from contextlib import nullcontext
from typing import Final

from tui.batch import Batch, LeaveScript, read_script
from tui.core.copy import parse_copy
from tui.core.errors import MetaCommandFailed
from tui.core.events import Columns, Completed, Rows
from tui.core.statements import SENDING, MetaCommand, Statement
from tui.core.table import Frame
from tui.metahelp import HELP
from tui.metalook import SHOWING, change_look, switch
from tui.metasend import send
from tui.metawords import arguments, one_argument, open_output


def run_meta(batch: Batch, command: MetaCommand) -> None:
    """Run a backslash command that stands by itself.

    Raises:
        MetaCommandFailed: it is unknown, or cannot be done.
    """
    # Loaded late: most scripts describe nothing.
    from tui.core.describe import describes

    if describes(command.name):
        _describe(batch, command)
    elif command.name in SENDING:
        send(batch, command)
    elif command.name in SHOWING:
        change_look(batch.printer, command, arguments(batch, command))
    elif handler := _COMMANDS.get(command.name):
        handler(batch, command)
    else:
        raise MetaCommandFailed(f"invalid command \\{command.name}", remedy="Try \\? for help.")


def _describe(batch: Batch, command: MetaCommand) -> None:
    from tui.core.describe import describe

    found = False
    for described in describe(batch.session, command.name, command.argument):
        if described.columns and (described.rows or described.flat or not described.may_be_missing):
            found = True
            events = (Columns(described.columns), Rows(list(described.rows)), Completed("SELECT", len(described.rows)))
            with batch.printer.flat() if described.flat else nullcontext():
                batch.printer.show(events, Frame(described.title, described.below))
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
    path = one_argument(batch, command)
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
    batch.state.variables.pop(one_argument(batch, command), None)


def _echo(batch: Batch, command: MetaCommand) -> None:
    words = arguments(batch, command)
    newline = words[:1] != ["-n"]
    text = " ".join(words if newline else words[1:])
    end = "\n" if newline else ""
    if command.name == "warn":
        batch.printer.tell(text)
    elif command.name == "echo":
        batch.printer.echo(text, end=end)
    else:
        batch.printer.say(text, end=end)


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


def _encoding(batch: Batch, command: MetaCommand) -> None:
    wanted = "".join(arguments(batch, command))
    if not wanted:
        batch.printer.say("UTF8")
    elif wanted.lower().replace("-", "") not in ("utf8", "unicode"):
        raise MetaCommandFailed(
            f"wsql reads and writes UTF8 alone, not {wanted}.", remedy="Convert files with a program such as iconv."
        )


def _errverbose(batch: Batch, command: MetaCommand) -> None:
    error = batch.state.last_error
    if error is None:
        batch.printer.say("There is no previous error.")
        return
    batch.printer.failure(error, batch.place(command.line), batch.state.last_excerpt, thorough=True)


def _output(batch: Batch, command: MetaCommand) -> None:
    words = arguments(batch, command)
    batch.printer.redirect(open_output(words[0]) if words else None)


def _quit(_batch: Batch, _command: MetaCommand) -> None:
    raise LeaveScript


def _refuse_program(_batch: Batch, _command: MetaCommand) -> None:
    raise MetaCommandFailed(
        "wsql runs no programs for a script.", remedy="Run them beside it: in a shell, or in a pipe."
    )


def _refuse_connect(_batch: Batch, _command: MetaCommand) -> None:
    raise MetaCommandFailed("wsql keeps to one database in a script.", remedy="Name it with -d, and run a script each.")


def _help(batch: Batch, _command: MetaCommand) -> None:
    batch.printer.say(HELP)


_COMMANDS: Final[dict[str, Callable[[Batch, MetaCommand], None]]] = {
    "?": _help,
    "!": _refuse_program,
    "c": _refuse_connect,
    "connect": _refuse_connect,
    "conninfo": _conninfo,
    "copy": _copy,
    "echo": _echo,
    "encoding": _encoding,
    "errverbose": _errverbose,
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
