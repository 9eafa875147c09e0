r"""psql's backslash commands on the full screen: what describes, and what changes how things are shown or run."""

from collections.abc import Callable
from typing import Final

from tui.conductor import RunRequest
from tui.core.describe import describe, describes
from tui.core.errors import MetaCommandFailed
from tui.core.feed import ResultFeed
from tui.core.interpolation import Interpolated
from tui.core.outcome import Outcome, Run
from tui.core.session import DatabaseSession
from tui.core.statements import MetaCommand
from tui.core.workbench import Workbench


def run_meta(workbench: Workbench, command: MetaCommand, _request: RunRequest) -> Outcome:
    """Run a backslash command on the session's thread.

    Raises:
        MetaCommandFailed: it is unknown, or cannot be done.
    """
    outcome = Outcome(Run(Interpolated(""), f"\\{command.name}", command.start), tag=f"\\{command.name}")
    if describes(command.name):
        workbench.do(lambda session: _describe(session, command, outcome))
    elif handler := _COMMANDS.get(command.name):
        workbench.do(lambda session: handler(session, command, outcome))
    else:
        raise MetaCommandFailed(f"\\{command.name} is no command that the full screen knows.")
    return outcome


def _describe(session: DatabaseSession, command: MetaCommand, outcome: Outcome) -> None:
    for described in describe(session, command.name, command.argument):
        outcome.copied += "\n".join(filter(None, (described.title, described.text)))
        if described.columns:
            feed = ResultFeed(described.columns)
            feed.add(described.rows)
            feed.complete = True
            outcome.feeds.append(feed)


def _conninfo(session: DatabaseSession, _command: MetaCommand, outcome: Outcome) -> None:
    session.ensure()
    info = session.connection.info
    tls = "with TLS" if session.connection.pgconn.ssl_in_use else "without TLS"
    outcome.copied = f"{info.user} at database {info.dbname} on {info.host}:{info.port}, {tls}"


def _help(_session: DatabaseSession, _command: MetaCommand, outcome: Outcome) -> None:
    outcome.copied = "\\" + "  \\".join(sorted({*_COMMANDS, "d[+]", "dt", "dn", "du", "df", "dv", "l", "sf", "h"}))


_COMMANDS: Final[dict[str, Callable[[DatabaseSession, MetaCommand, Outcome], None]]] = {
    "?": _help,
    "conninfo": _conninfo,
}
