"""`broker proxy`."""

from pathlib import Path

import click

from broker.cli.options import URL, WORKGROUP, complete_database
from broker.client.model import TemporaryLogin
from broker.client.proxy.run import StoppablePerson, run_loop, serve
from broker.client.proxy.server import Address
from broker.client.session import open_session
from broker.client.settings import load_settings
from broker.client.workgroups import LastingLogins, UntilSignedOut, choose_workgroup


@click.command()
@WORKGROUP
@click.option(
    "--database",
    "-d",
    metavar="NAME",
    shell_complete=complete_database,
    help="For programs that name none; else the workgroup's default.",
)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Where to listen; 0 (the default): any free port."
)
@click.option(
    "--socket", "directory", type=click.Path(path_type=Path), metavar="DIR", help="A Unix socket in DIR instead."
)
@click.option("--duration", type=click.IntRange(min=1), metavar="SECONDS", help="Else the longest that is allowed.")
@URL
def proxy(
    workgroup: str | None,
    database: str | None,
    port: int,
    directory: Path | None,
    duration: int | None,
    url: str | None,
) -> None:
    """Let any PostgreSQL program on this machine into the warehouse, without a password to type.

    Each connection gets a fresh temporary login, and TLS to the warehouse. Ends with Ctrl-C, and when you sign out.
    """
    settings = load_settings({"url": url, "workgroup": workgroup})
    person = StoppablePerson()
    with open_session(settings, person) as session:
        group = choose_workgroup(session, settings.workgroup)
        logins = LastingLogins(session, group, database or "", duration)
        first = logins()  # sign in, and fail, while the person looks
        address = Address(port, directory)

        async def until_stopped() -> bool:
            try:
                return await serve(
                    UntilSignedOut(session, logins),
                    address,
                    lambda where: click.echo(_what_to_type(where, first)),
                    lambda: session.stored() is not None,
                )
            finally:
                person.stop.set()

        stayed = run_loop(until_stopped())
    click.echo("The proxy has ended." if stayed else "You have signed out; the proxy has ended.", err=True)


def _what_to_type(where: str, login: TemporaryLogin) -> str:
    """For the common programs; user and password may be anything."""
    lines = [
        f"Workgroup {login.workgroup}: listening at {where}. No password is needed; any user name does.",
        "",
        f'  psql       psql "{where} dbname={login.database}"',
    ]
    host, port = (part.partition("=")[2] for part in where.split(" "))
    if "/" not in host:
        lines += [
            f"  URI        postgresql://{host}:{port}/{login.database}",
            f"  JDBC       jdbc:postgresql://{host}:{port}/{login.database}?sslmode=disable",
        ]
    lines += ["", "Ctrl-C ends it, and the sessions that go through it."]
    return "\n".join(lines)
