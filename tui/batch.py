"""Batch mode: run scripts on a session and write what they give."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, TypeAlias

from broker.clock import Clock, utc_now
from tui.branches import CONDITIONALS, Branches
from tui.core import query
from tui.core.errors import (
    PERMISSION_DENIED,
    ConnectionFailed,
    ConnectionLost,
    ScriptUnreadable,
    SqlClientError,
    StatementFailed,
)
from tui.core.events import Column, Columns, Completed, CopyData, Event, Row, Rows
from tui.core.interpolation import Interpolated, interpolate
from tui.core.interrupt import Interrupted
from tui.core.session import DatabaseSession, drain
from tui.core.statements import MetaCommand, Statement, split
from tui.core.table import Frame
from tui.core.told import TransactionState
from tui.printer import Printer, excerpt
from tui.transacting import ON, as_psql

if TYPE_CHECKING:
    from tui.core.access import Explainer

_NESTING: Final = 100


class LeaveScript(Exception):
    r"""\q: this script is done."""


class Stop(Exception):
    """Nothing more is to be run; the failure has been told."""


@dataclass(frozen=True, slots=True)
class Script:
    r"""A text to run.

    Attributes:
        name: for error texts; "" for a -c.
        folder: where \ir looks, or None for the current one.
        reads_stdin: COPY ... FROM STDIN reads the program's input, since the text did not come from there.
    """

    text: str
    name: str = ""
    folder: Path | None = None
    reads_stdin: bool = False


@dataclass(slots=True)
class BatchState:
    r"""What backslash commands change.

    Attributes:
        variables: for interpolation; ON_ERROR_STOP is one of them, as in psql.
        stopped_in: the name of the script that a failure ended; "" for a -c.
        row_count: of the last statement.
        last_error: what the server refused last, with its place in the text.
    """

    variables: dict[str, str] = field(default_factory=dict)
    timing: bool = False
    depth: int = 0
    script: Script = field(default_factory=lambda: Script(""))
    last: Statement | None = None
    stopped_in: str = ""
    row_count: int = 0
    last_error: StatementFailed | None = None
    last_excerpt: str = ""
    branches: Branches = field(default_factory=Branches)


class Batch:
    """Runs scripts, one statement after the other.

    Attributes:
        failed: whether a statement failed so far.
    """

    def __init__(
        self,
        session: DatabaseSession,
        printer: Printer,
        interrupted: Interrupted,
        run_meta: "MetaRunner",
        *,
        variables: dict[str, str] | None = None,
        explainer: "Explainer | None" = None,
        clock: Clock = utc_now,
    ) -> None:
        self.session = session
        self.printer = printer
        self.interrupted = interrupted
        self.state = BatchState(variables=dict(variables or {}))
        self.failed = False
        self._run_meta = run_meta
        self._explainer = explainer
        self._clock = clock

    def run(self, script: Script) -> None:
        """Run a script.

        Raises:
            Stop: a statement failed under ON_ERROR_STOP, or Ctrl-C was pressed.
            ConnectionFailed, ConnectionLost: going on is impossible.
        """
        if self.state.depth >= _NESTING:
            raise ScriptUnreadable(f"{script.name}: scripts include one another more than {_NESTING} deep.")
        outer, self.state.script = self.state.script, script
        self.state.depth += 1
        branches = self.state.branches.depth
        try:
            for part in split(script.text, standard_strings=self.session.standard_strings):
                self._run_part(part)
            self._guarded(lambda: self.state.branches.end(branches), script.text.count("\n") + 1)
        except LeaveScript:
            self.state.branches.leave(branches)
        finally:
            self.state.script = outer
            self.state.depth -= 1

    def execute(
        self,
        statement: Statement,
        *,
        source: Iterable[bytes] | None = None,
        sink: BinaryIO | None = None,
        title: str = "",
    ) -> None:
        """Send a statement and write what it gives; a COPY reads from `source` and writes to `sink`."""
        began = self._clock()
        with self._sent(statement) as sent:
            copy_in = source or self._copy_in(statement)
            with closing(self.session.execute(sent.text, copy_in)) as events:
                counted = self._counted(events)
                self.printer.show(counted if sink is None else _diverted(counted, sink), Frame(title))
        if self.state.timing:
            self.printer.say(_took((self._clock() - began).total_seconds() * 1000))

    def fetch(self, statement: Statement) -> tuple[tuple[Column, ...], list[Row]]:
        """Send a statement; gives its columns and rows instead of writing them."""
        columns: tuple[Column, ...] = ()
        rows: list[Row] = []
        with self._sent(statement) as sent, closing(self.session.execute(sent.text)) as events:
            for event in self._counted(events):
                if isinstance(event, Columns):
                    columns, rows = tuple(event.columns), []
                elif isinstance(event, Rows):
                    rows += event.rows
        return columns, rows

    def described(self, statement: Statement) -> list[tuple[str, int, int]]:
        """The columns that a statement would give, with type and modifier."""
        with self._sent(statement) as sent:
            self.session.ensure()
            return query.describe(self.session.connection, sent.text)

    @contextmanager
    def _sent(self, statement: Statement) -> Iterator[Interpolated]:
        """The text to send; what becomes of it is told, and left in psql's variables."""
        variables = self.state.variables
        sent = interpolate(statement.text, variables, standard_strings=self.session.standard_strings)
        if variables.get("ECHO", "").lower() == "queries":
            self.printer.echo(sent.text + (";" if statement.terminated and not statement.sent_by else ""))
        self.state.row_count = 0
        try:
            with as_psql(self.session, variables, sent.text):
                yield sent
        except StatementFailed as error:
            said = error.said
            variables |= {"ERROR": "true", "SQLSTATE": said.sqlstate, "ROW_COUNT": "0"}
            variables |= {"LAST_ERROR_SQLSTATE": said.sqlstate, "LAST_ERROR_MESSAGE": said.message}
            self._tell_failure(error, statement, sent)
            raise StatementTold from None
        variables |= {"ERROR": "false", "SQLSTATE": "00000", "ROW_COUNT": str(self.state.row_count)}

    def _counted(self, events: Iterable[Event]) -> Iterator[Event]:
        for event in events:
            if isinstance(event, Completed):
                self.state.row_count = max(0, event.row_count)
            yield event

    def _run_part(self, part: Statement | MetaCommand) -> None:
        if isinstance(part, MetaCommand) and part.name in CONDITIONALS:
            command = part
            branches, variables = self.state.branches, self.state.variables
            self._guarded(
                lambda: branches.take(command.name, lambda: interpolate(command.argument, variables).text), part.line
            )
        elif self.state.branches.active:
            self._guarded(lambda: self._run_one(part), part.line)

    def _run_one(self, part: Statement | MetaCommand) -> None:
        if isinstance(part, MetaCommand):
            self._run_meta(self, part)
            return
        self.state.last = part
        if part.sent_by:
            self._run_meta(self, part.sent_by)
        else:
            self.execute(part)

    def _guarded(self, work: Callable[[], None], line: int) -> None:
        """Do something of a script; what fails is told, and ends it where that is wanted."""
        try:
            work()
        except (ConnectionFailed, ConnectionLost):
            raise
        except StatementTold:
            self._failed()
        except SqlClientError as error:
            self.printer.failure(error, self.place(line))
            self._failed()
        if self.interrupted:
            raise Stop

    def _failed(self) -> None:
        self.failed = True
        self.state.stopped_in = self.state.script.name
        if self.interrupted or self.state.variables.get("ON_ERROR_STOP", "").lower() in ON:
            raise Stop

    def place(self, line: int) -> str:
        """Where a line of the running script is, for the beginning of an error text."""
        return f"{self.state.script.name}:{line}: " if self.state.script.name else ""

    def _tell_failure(self, error: StatementFailed, statement: Statement, sent: Interpolated) -> None:
        line, shown = statement.line, ""
        if error.said.position:
            line += statement.text.count("\n", 0, sent.origin(error.said.position - 1))
            shown = excerpt(sent.text, error.said.position, line)
        self.state.last_error, self.state.last_excerpt = error, shown
        self.printer.failure(error, self.place(line), shown)
        if self.state.variables.get("ECHO", "").lower() == "errors":
            self.printer.tell(f"STATEMENT:  {sent.text}" + (";" if statement.terminated else ""))
        if error.said.sqlstate == PERMISSION_DENIED:
            from tui.core.access import explain

            for refused in explain(self.session, [sent.text], self._explainer):
                self.printer.tell(str(refused))

    def _copy_in(self, statement: Statement) -> Iterator[bytes]:
        if statement.copy_data is not None:
            yield statement.copy_data.encode()
        elif self.state.script.reads_stdin:
            yield from iter(lambda: sys.stdin.buffer.read(65536), b"")


MetaRunner: TypeAlias = Callable[[Batch, MetaCommand], None]
"""Runs a backslash command; `tui.metas.run_meta` does."""


class StatementTold(Exception):
    """A statement failed, and the failure has been told."""


def _took(milliseconds: float) -> str:
    """As psql tells it: from a second on also in minutes and hours."""
    told = f"Time: {milliseconds:.3f} ms"
    if milliseconds < 1000:
        return told
    minutes, seconds = divmod(milliseconds / 1000, 60)
    hours, minutes = divmod(int(minutes), 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{told} ({days} d {hours:02}:{minutes:02}:{seconds:06.3f})"
    return f"{told} ({f'{hours:02}:' if hours else ''}{minutes:02}:{seconds:06.3f})"


def _diverted(events: Iterable[Event], sink: BinaryIO) -> Iterator[Event]:
    """The events, without the bytes of a COPY, which go to `sink`."""
    for event in events:
        if isinstance(event, CopyData):
            sink.write(event.data)
        else:
            yield event


def run_all(batch: Batch, scripts: list[Script], *, single_transaction: bool) -> None:
    """Run scripts in order; with `single_transaction` all of them or none.

    Raises:
        Stop: see `Batch.run`; what a single transaction did is then rolled back.
    """
    if not single_transaction:
        for script in scripts:
            batch.run(script)
        return
    drain(batch.session.execute("BEGIN"))
    for script in scripts:
        batch.run(script)
    if batch.session.state is TransactionState.FAILED:
        batch.printer.tell("A statement failed: nothing of the transaction was kept.")
        batch.state.stopped_in = scripts[-1].name
        raise Stop
    drain(batch.session.execute("COMMIT"))


def read_script(path: str, folder: Path | None = None) -> Script:
    """Read a script; "-" is the program's input.

    Raises:
        ScriptUnreadable: it is not there, or not UTF-8.
    """
    try:
        if path == "-":
            return Script(sys.stdin.buffer.read().decode("utf-8-sig"), "<stdin>")
        file = (folder or Path()) / Path(path).expanduser()
        return Script(file.read_bytes().decode("utf-8-sig"), path, file.parent)
    except OSError as error:
        raise ScriptUnreadable(f"{path}: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise ScriptUnreadable(f"{path}: not UTF-8 at byte {error.start}.") from None
