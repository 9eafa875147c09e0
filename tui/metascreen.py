r"""psql's backslash commands on the full screen.

What describes gives a result of its own; what changes how things are shown or run is remembered here; all else is done
as batch mode does it, with what it writes among the messages. All of it happens on the session's thread.
"""

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tui.core.autocommit import commits_by_itself
from tui.core.errors import MetaCommandFailed, ScriptUnreadable, StatementFailed
from tui.core.interpolation import Interpolated
from tui.core.interrupt import Interrupted
from tui.core.outcome import Outcome, Run
from tui.core.statements import MetaCommand, Statement, split

# What batch mode needs is loaded with the first command that it runs: the screen starts without.
if TYPE_CHECKING:
    from tui.batch import Batch
    from tui.conductor import RunRequest
    from tui.core.describe import Described
    from tui.core.feed import ResultFeed
    from tui.core.session import DatabaseSession
    from tui.core.workbench import Workbench

NOWHERE: Final = -1_000_000_000
"""Where a statement of a file begins in the editor's text: no error is marked there."""
_INCLUDES: Final = frozenset({"i", "include", "ir", "include_relative"})
_NESTING: Final = 100
_EXPANDED_ROWS: Final = 200
# What makes no sense where a person looks on, or is the screen's own matter.
_NOT_HERE: Final = frozenset({"q", "if", "elif", "else", "endif"})


class ScreenMetas:
    r"""What backslash commands changed, for as long as the screen lives.

    Attributes:
        variables: of \set, for `:name`.
        expanded: results are also written one line a value.
    """

    def __init__(self, wrote: Callable[[str], None]) -> None:
        self.variables: dict[str, str] = {}
        self.expanded = False
        self._wrote = wrote
        self._interrupted = Interrupted()
        self._last: Statement | None = None
        self._last_error: StatementFailed | None = None

    @property
    def autocommit(self) -> bool:
        r"""Whether each statement commits by itself: \set AUTOCOMMIT."""
        return commits_by_itself(self.variables)

    @autocommit.setter
    def autocommit(self, on: bool) -> None:
        self.variables["AUTOCOMMIT"] = "on" if on else "off"

    def begin(self) -> None:
        """A run begins: what cancelled the one before is over."""
        self._interrupted = Interrupted()

    def cancel(self) -> None:
        r"""Stop what waits between two statements, as \watch does."""
        self._interrupted.press()

    def included(
        self, parts: Sequence[Statement | MetaCommand], folder: Path | None = None, depth: int = 0
    ) -> Iterator[Statement | MetaCommand]:
        r"""The parts, with those of the scripts that \i names in their place; those stand nowhere in the editor.

        Raises:
            ScriptUnreadable: a script is not there, is no text, or includes itself.
        """
        for part in parts:
            if not isinstance(part, MetaCommand) or part.name not in _INCLUDES:
                yield replace(part, start=NOWHERE) if depth else part
                continue
            if depth >= _NESTING:
                raise ScriptUnreadable(f"{part.argument}: scripts include one another more than {_NESTING} deep.")
            from tui.batch import read_script

            path = part.argument.strip("'")
            script = read_script(path, folder if part.name.startswith(("ir", "include_r")) else None)
            yield from self.included(tuple(split(script.text)), script.folder, depth + 1)

    def run(self, workbench: "Workbench", command: MetaCommand, request: "RunRequest") -> Outcome:
        """Run a backslash command that stands by itself.

        Raises:
            MetaCommandFailed: it is unknown, or cannot be done.
        """
        from tui.core.describe import describes
        from tui.metalook import switch

        outcome = Outcome(Run(Interpolated(""), f"\\{command.name}", command.start), tag=f"\\{command.name}")
        if command.name == "x":
            self.expanded = switch(command, self.expanded)
            outcome.copied = f"Expanded display is {'on' if self.expanded else 'off'}."
        elif command.name == "timing":
            outcome.copied = "How long a statement took is always told here."
        elif command.name == "o":
            remedy = "End the statement with \\g FILE, or export the shown result (e)."
            raise MetaCommandFailed("\\o is for scripts: here results are shown.", remedy=remedy)
        elif command.name in _NOT_HERE:
            raise MetaCommandFailed(f"\\{command.name} is for scripts.", remedy="Run them with wsql -f.")
        elif describes(command.name):
            workbench.do(lambda session: _describe(session, command, outcome))
        else:
            workbench.do(lambda session: self._as_batch(session, command, request, outcome))
        return outcome

    def sends(self, statement: Statement) -> bool:
        r"""Whether the statement is sent by a command that does more with it: \watch, \g FILE, \gset, \gexec."""
        sent_by, self._last = statement.sent_by, statement
        return sent_by is not None and (sent_by.name not in ("g", "gx") or bool(sent_by.argument))

    def finish(self, statement: Statement, outcome: Outcome) -> None:
        r"""Remember a failure for \errverbose; write the results one line a value, where \x or \gx says so."""
        if isinstance(outcome.failure, StatementFailed):
            self._last_error = outcome.failure
        if not (self.expanded or (statement.sent_by is not None and statement.sent_by.name == "gx")):
            return
        from tui.core.table import ExpandedWriter

        for feed in outcome.feeds:
            text = io.StringIO()
            writer = ExpandedWriter(text)
            writer.begin(feed.columns)
            writer.rows(list(feed.slice(0, _EXPANDED_ROWS)))
            writer.end()
            outcome.copied += text.getvalue()
            outcome.as_text = True

    def _as_batch(
        self, session: "DatabaseSession", command: MetaCommand, request: "RunRequest", outcome: Outcome
    ) -> None:
        from tui import metas
        from tui.batch import Batch, LeaveScript, StatementTold
        from tui.printer import Look, Printer

        out = _Messages(self._wrote)
        printer = Printer(out, out, Look(expanded=self.expanded), quiet=True)
        variables = {"ON_ERROR_STOP": "on", **self.variables, **request.variables}
        batch = Batch(session, printer, self._interrupted, metas.run_meta, variables=variables)
        batch.state.last, batch.state.last_error = self._last, self._last_error
        try:
            if command.name == "crosstabview":
                outcome.feeds.append(_crosstab(batch, command))
            else:
                metas.run_meta(batch, command)
        except StatementTold:
            self._last_error = batch.state.last_error
            outcome.failure = MetaCommandFailed(f"\\{command.name} ended with the failure above.", remedy="")
        except LeaveScript:
            pass
        finally:
            printer.redirect(None)
            out.flush()
            kept = {name: value for name, value in batch.state.variables.items() if name not in request.variables}
            self.variables = {name: value for name, value in kept.items() if name != "ON_ERROR_STOP"}


class _Messages(io.StringIO):
    """A file whose whole lines become messages."""

    def __init__(self, wrote: Callable[[str], None]) -> None:
        super().__init__()
        self._wrote = wrote

    def flush(self) -> None:
        """Tell what was written since."""
        text = self.getvalue()
        if text:
            self.seek(0)
            self.truncate()
            self._wrote(text.removesuffix("\n"))


def _describe(session: "DatabaseSession", command: MetaCommand, outcome: Outcome) -> None:
    from tui.core.describe import describe
    from tui.core.feed import ResultFeed

    for described in describe(session, command.name, command.argument):
        if described.below:
            # What hangs on a relation is read below its columns.
            outcome.copied += _as_psql(described)
            outcome.as_text = True
        else:
            outcome.copied += "\n".join(filter(None, (described.title, described.text)))
        if described.columns:
            feed = ResultFeed(described.columns)
            feed.add(described.rows)
            feed.complete = True
            outcome.feeds.append(feed)


def _as_psql(described: "Described") -> str:
    from tui.core.table import Frame, TableWriter

    text = io.StringIO()
    writer = TableWriter(text, Frame(described.title, described.below))
    writer.begin(described.columns)
    writer.rows(list(described.rows))
    writer.end()
    return text.getvalue()


def _crosstab(batch: "Batch", command: MetaCommand) -> "ResultFeed":
    """The grid as a result that can be sorted, filtered and exported."""
    from tui.core.crosstab import crosstab
    from tui.core.feed import ResultFeed
    from tui.metasend import names_of

    if batch.state.last is None:
        raise MetaCommandFailed("There is no statement yet for \\crosstabview to run.")
    columns, rows = crosstab(*batch.fetch(batch.state.last), names_of(command))
    feed = ResultFeed(columns)
    feed.add(rows)
    feed.complete = True
    return feed
