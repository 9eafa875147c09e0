"""`broker exec`."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Final

import click

from broker.cli import output
from broker.cli.options import DATABASE, URL, WORKGROUP
from broker.client.environment import LoginFiles
from broker.client.errors import ClientError
from broker.client.model import TemporaryLogin
from broker.client.session import ClientSession, open_session
from broker.client.settings import SignInMethod, load_settings
from broker.client.workgroups import LastingLogins, choose_workgroup
from broker.clock import utc_now

_NOT_FOUND: Final = 127
_NOT_RUNNABLE: Final = 126
_BY_SIGNAL: Final = 128
"""As shells say it (POSIX 2.8.2)."""

_FORWARDED: Final = (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
_THE_CHILDS: Final = (signal.SIGINT, signal.SIGQUIT)
"""What a terminal sends to the program itself as well: we only must not end before it."""


@click.command("exec", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@WORKGROUP
@DATABASE
@click.option("--duration", type=click.IntRange(min=1), metavar="SECONDS", help="Else the longest that is allowed.")
@click.option(
    "--proxy", "through_proxy", is_flag=True, help="Through a proxy of its own: for drivers that read no files."
)
@URL
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def exec_(
    workgroup: str | None,
    database: str | None,
    duration: int | None,
    url: str | None,
    command: tuple[str, ...],
    *,
    through_proxy: bool,
) -> int:
    """Run a program that finds the warehouse by itself: broker exec -w W -- pg_dump --schema-only

    The program gets PGHOST, PGPORT, PGUSER, PGDATABASE, PGSSLMODE, PGSSLROOTCERT, and the password in a file; its exit
    code is this command's.
    """
    settings = load_settings({"url": url, "workgroup": workgroup})
    with ExitStack() as stack:
        session = stack.enter_context(open_session(settings))
        group = choose_workgroup(session, settings.workgroup)
        logins = LastingLogins(session, group, database or "", duration)
        login = logins()
        output.report_roles(login)
        if through_proxy:
            environment = _through_proxy(stack, logins, login)
        else:
            silent = stack.enter_context(open_session(replace(settings, sign_in=SignInMethod.NEVER)))
            renewing = LastingLogins(silent, group, database or "", duration)
            environment = _with_files(stack, session, login, renewing)
        return run(command, environment)


def _with_files(
    stack: ExitStack, session: ClientSession, login: TemporaryLogin, renewing: LastingLogins
) -> dict[str, str]:
    files = LoginFiles(login, session.certificate_file(login), renewing, utc_now, _complain)
    return stack.enter_context(files).variables(os.environ)


def _through_proxy(stack: ExitStack, logins: LastingLogins, login: TemporaryLogin) -> dict[str, str]:
    from broker.client.environment import proxy_variables
    from broker.client.proxy.run import BackgroundProxy

    proxy = stack.enter_context(BackgroundProxy(logins))
    return proxy_variables(os.environ, proxy.port, login)


def run(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run it to its end with our terminal, passing signals on; returns its exit code as a shell would."""
    process: subprocess.Popen[bytes] | None = None

    def forward(number: int, _frame: object) -> None:
        if process is not None and process.poll() is None:
            process.send_signal(number)

    before = {number: signal.signal(number, forward) for number in _FORWARDED}
    before |= {number: signal.signal(number, lambda *_: None) for number in _THE_CHILDS}  # SIG_IGN would be inherited
    try:
        process = subprocess.Popen(command, env=environment)  # noqa: S603 - what the person typed
        status = process.wait()
    except FileNotFoundError:
        click.echo(f"broker: there is no program {command[0]}", err=True)
        return _NOT_FOUND
    except OSError as error:
        click.echo(f"broker: {command[0]} cannot be run: {error.strerror}", err=True)
        return _NOT_RUNNABLE
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return status if status >= 0 else _BY_SIGNAL - status


def _complain(error: ClientError) -> None:
    click.echo(f"broker: new connections will fail soon: {error.what} {error.remedy}", err=True)
