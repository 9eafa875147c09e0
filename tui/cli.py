r"""The `wsql` command: parse, call, render.

Nothing heavy is imported before it is needed: batch mode never loads Textual, and the keyring only where a login must
be fetched.
"""

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

if TYPE_CHECKING:
    from tui.batch import Script
    from tui.core.login import BrokerLogins, DirectLogin
    from tui.core.session import DatabaseSession
    from tui.printer import Look, Printer


class ExitCode(IntEnum):
    """How wsql ends: psql's codes, and the shells' for signals."""

    OK = 0
    FAILED = 1
    CONNECTION = 2
    SCRIPT = 3
    CANCELLED = 130
    PIPE_CLOSED = 141


_USAGE = frozenset({"client-settings-invalid", "script-unreadable", "workgroup-not-chosen", "wsql-options-invalid"})
_FORMATS = ("table", "csv", "json", "markdown", "unaligned")


class _InOrder(click.Command):
    """A command that tells in which order -c and -f stood: click gives each option's values by themselves."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        _, _, order = self.make_parser(ctx).parse_args(args=list(args))
        ctx.meta["wsql.order"] = [one.name for one in order if one.name in ("commands", "files")]
        return super().parse_args(ctx, args)


@click.command(cls=_InOrder, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("-c", "--command", "commands", multiple=True, metavar="SQL", help="Run SQL, and leave. Repeatable.")
@click.option("-f", "--file", "files", multiple=True, metavar="FILE", help="Run a script (- is stdin). Repeatable.")
@click.option("-l", "--list", "list_databases", is_flag=True, help="List the databases, and leave.")
@click.option("-w", "--workgroup", help="The warehouse to connect to.")
@click.option("-d", "--database", help="The database there.")
@click.option("--url", help="The broker's address.")
@click.option(
    "--dsn", help="Connect straight to a PostgreSQL, without the broker. Keep passwords out of it: PGPASSFILE."
)
@click.option("--format", "format_name", type=click.Choice(_FORMATS), default="table", show_default=True)
@click.option("-o", "--output", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Write there.")
@click.option("-v", "--set", "settings", multiple=True, metavar="NAME=VALUE", help="Set a variable. Repeatable.")
@click.option("-1", "--single-transaction", is_flag=True, help="All of it in one transaction.")
@click.option("--on-error-stop/--no-on-error-stop", default=True, show_default=True, help="Stop at the first error.")
@click.option("--read-only", is_flag=True, help="Read-only transactions, against accidents.")
@click.option("-A", "--no-align", is_flag=True, help="Unaligned values, with a sign between them.")
@click.option("-F", "--field-separator", metavar="SIGN", help="That sign; | unless said.")
@click.option("-t", "--tuples-only", is_flag=True, help="No headings and counts.")
@click.option("-x", "--expanded", is_flag=True, help="One line a value.")
@click.option("--csv", is_flag=True, help="The same as --format csv.")
@click.option("-P", "--pset", "looks", multiple=True, metavar="NAME=VALUE", help="As \\pset. Repeatable.")
@click.option("-R", "--record-separator", metavar="SIGN", help="Between unaligned lines; a line's end unless said.")
@click.option("-z", "--field-separator-zero", is_flag=True, help="A zero byte between unaligned values.")
@click.option("-0", "--record-separator-zero", is_flag=True, help="A zero byte between unaligned lines.")
@click.option("-e", "--echo-queries", is_flag=True, help="Write each statement before its results.")
@click.option("-b", "--echo-errors", is_flag=True, help="Write each statement that failed below its error.")
@click.option("-X", "--no-psqlrc", is_flag=True, hidden=True)
@click.option("-q", "--quiet", is_flag=True, help="Results and errors only.")
@click.version_option(package_name="warehouse-access-broker", prog_name="wsql")
def cli(**options: object) -> int:
    """Run SQL on a warehouse, as yourself and with just your rights.

    SQL comes from -c, -f or stdin. Exit codes: 0 done; 1 usage, or a -c that failed; 2 no connection; 3 a script that
    failed; 130 Ctrl-C.
    """
    commands, files = _texts(options["commands"]), _texts(options["files"])
    variables = _variables(options)
    if not commands and not files and not options["list_databases"] and sys.stdin.isatty():
        return _start_full_screen(options)
    order = ["list"] if options["list_databases"] else click.get_current_context().meta["wsql.order"]
    look = _look(options)
    source = _source(options)
    try:
        return _run_batch(source, options, variables, look, _scripts(order, commands, files))
    except BrokenPipeError:
        # The reader has gone (`wsql ... | head`); what Python would still flush has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.PIPE_CLOSED


def main() -> None:
    """The console script."""
    # What is loaded stays to the end: looking through it again and again for garbage is a tenth of the start.
    gc.disable()
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run the command line; returns the exit code."""
    try:
        return int(cli.main(arguments, prog_name="wsql", standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        return ExitCode.FAILED
    except (click.Abort, KeyboardInterrupt):
        return ExitCode.CANCELLED
    except Exception as error:
        return _told(error)


def _told(error: Exception) -> ExitCode:
    """Tell what ended the program; what nobody foresaw is raised again."""
    from broker.client.errors import ClientError
    from tui.core.errors import ConnectionFailed, ConnectionLost, SqlClientError

    if not isinstance(error, (ClientError, SqlClientError)):
        raise error
    click.echo("\n".join(filter(None, (f"wsql: {error.what}", error.remedy))), err=True)
    lost = isinstance(error, (ClientError, ConnectionFailed, ConnectionLost)) and error.code not in _USAGE
    return ExitCode.CONNECTION if lost else ExitCode.FAILED


def _run_batch(
    source: "BrokerLogins | DirectLogin",
    options: dict[str, object],
    variables: dict[str, str],
    look: "Look",
    scripts: "list[Script]",
) -> int:
    from tui.batch import Batch, Stop, run_all
    from tui.core.interrupt import cancel_on_interrupt
    from tui.core.login import BrokerLogins
    from tui.core.session import DatabaseSession, SessionOptions
    from tui.metas import run_meta
    from tui.printer import Printer

    quiet = bool(options["quiet"])
    with _output(options["output"]) as out:
        printer = Printer(out, sys.stderr, look, quiet=quiet)
        session = DatabaseSession(
            source,
            SessionOptions(read_only=bool(options["read_only"]), on_notice=printer.notice, on_reconnect=printer.tell),
        )
        session.connect()
        gc.freeze()
        gc.enable()
        explainer = source if isinstance(source, BrokerLogins) else None
        if explainer and not quiet:
            _tell_ungranted(explainer, printer)
        try:
            with cancel_on_interrupt(session.cancel) as interrupted:
                variables = _told_by_server(session) | variables
                batch = Batch(session, printer, interrupted, run_meta, variables=variables, explainer=explainer)
                try:
                    run_all(batch, scripts, single_transaction=bool(options["single_transaction"]))
                except Stop:
                    is_script = bool(batch.state.stopped_in)
                    return ExitCode.CANCELLED if interrupted else ExitCode.SCRIPT if is_script else ExitCode.FAILED
        finally:
            printer.redirect(None)
            session.close()
        return ExitCode.FAILED if batch.failed and not scripts[-1].name else ExitCode.OK


def _look(options: dict[str, object]) -> "Look":
    from tui.core.errors import MetaCommandFailed
    from tui.metalook import set_look
    from tui.printer import Format, Look

    chosen = Format.CSV if options["csv"] else Format(str(options["format_name"]))
    if options["no_align"] and chosen is Format.TABLE:
        chosen = Format.UNALIGNED
    look = Look(chosen, bool(options["expanded"]), tuples_only=bool(options["tuples_only"]))
    for option, setting in (("field_separator", "fieldsep"), ("record_separator", "recordsep")):
        if options[option] is not None:
            set_look(look, f"{setting}={options[option]}")
        if options[f"{option}_zero"]:
            set_look(look, f"{setting}_zero")
    try:
        for setting in _texts(options["looks"]):
            set_look(look, setting)
    except MetaCommandFailed as error:
        raise click.UsageError(" ".join((error.what, error.remedy)).strip()) from None
    return look


def _told_by_server(session: "DatabaseSession") -> dict[str, str]:
    """The variables that psql sets once it is connected."""
    info = session.connection.info
    version = info.parameter_status("server_version") or ""
    return {
        "DBNAME": info.dbname,
        "USER": info.user,
        "HOST": info.host,
        "PORT": str(info.port),
        "ENCODING": "UTF8",
        "SERVER_VERSION_NAME": version,
        "SERVER_VERSION_NUM": str(info.server_version),
    }


def _start_full_screen(options: dict[str, object]) -> int:
    from tui.app import start_full_screen
    from tui.core.wish import Wish

    _refuse_two_ways(options)
    wanted = {key: str(options[key] or "") for key in ("url", "workgroup", "database")}
    dsn = None if options["dsn"] is None else str(options["dsn"])
    return start_full_screen(Wish(**wanted, dsn=dsn, read_only=bool(options["read_only"])))


def _refuse_two_ways(options: dict[str, object]) -> None:
    if options["dsn"] is not None and (options["workgroup"] or options["url"]):
        raise click.UsageError("--dsn connects without the broker: drop --workgroup and --url.")


def _source(options: dict[str, object]) -> "BrokerLogins | DirectLogin":
    from tui.core.login import BrokerLogins, DirectLogin, choose_workgroup

    _refuse_two_ways(options)
    database = str(options["database"] or "")
    if options["dsn"] is not None:
        return DirectLogin(str(options["dsn"]), database)
    from dataclasses import replace

    from broker.client.session import open_session
    from broker.client.settings import load_settings

    flags = {key: str(options[key]) if options[key] else None for key in ("url", "workgroup")}
    settings = replace(load_settings(flags), client_name="wsql")
    broker = open_session(settings)
    return BrokerLogins(broker, settings.workgroup or choose_workgroup(broker), database or None)


def _scripts(order: list[str], commands: tuple[str, ...], files: tuple[str, ...]) -> "list[Script]":
    """What to run, in the order of the command line."""
    from tui.batch import Script, read_script

    sources = {"commands": iter(commands), "files": iter(files), "list": iter(["\\l"])}
    scripts = []
    for kind in order or ["stdin"]:
        if kind == "files":
            scripts.append(read_script(next(sources[kind])))
        elif kind == "stdin":
            scripts.append(read_script("-"))
        else:
            scripts.append(Script(next(sources[kind]), reads_stdin=True))
    return scripts


def _variables(options: dict[str, object]) -> dict[str, str]:
    """Psql's -v NAME=VALUE; without the sign the variable is taken away."""
    variables = {"ON_ERROR_STOP": "on"} if options["on_error_stop"] else {}
    for kind in ("queries", "errors"):
        if options[f"echo_{kind}"]:
            variables["ECHO"] = kind
    for setting in _texts(options["settings"]):
        name, equals, value = setting.partition("=")
        if not name.replace("_", "a").isalnum():
            raise click.UsageError(f"--set takes NAME=VALUE, not {setting!r}.")
        if equals:
            variables[name] = value
        else:
            variables.pop(name, None)
    return variables


@contextmanager
def _output(path: object) -> Iterator[TextIO]:
    if not isinstance(path, Path):
        yield sys.stdout
        return
    try:
        file = path.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise click.FileError(str(path), error.strerror) from None
    with file:
        yield file


def _tell_ungranted(logins: "BrokerLogins", printer: "Printer") -> None:
    """Say which asserted database roles were not granted: silence would look like a right that one has."""
    if logins.granted is None:
        return
    for role in logins.granted.unknown_roles:
        printer.tell(f"Not granted: database role {role} (the warehouse has none of that name).")
    for refused in logins.granted.refused_roles:
        printer.tell(f"Not granted: database role {refused.name} ({refused.reason}).")


def _texts(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, (tuple, list)) else ()
