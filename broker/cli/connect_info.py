"""`broker connect-info`."""

from collections.abc import Iterator

import click

from broker.cli.options import DATABASE, URL, WORKGROUP
from broker.cli.output import moment, report_roles, table
from broker.client.connect_info import PROXY_PORT, TITLES, Tool, Way, fields
from broker.client.errors import SettingsInvalid
from broker.client.session import ClientSession, open_session
from broker.client.settings import load_settings
from broker.client.workgroups import LastingLogins, choose_workgroup
from broker.clock import utc_now


@click.command("connect-info")
@click.argument("tools", metavar="[TOOL]...", nargs=-1, type=click.Choice([str(tool) for tool in Tool]))
@WORKGROUP
@DATABASE
@click.option("--way", type=click.Choice(["proxy", "direct", "both"]), default="both", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), default=PROXY_PORT, show_default=True, help="The proxy's.")
@URL
def connect_info(
    tools: tuple[str, ...], workgroup: str | None, database: str | None, way: str, port: int, url: str | None
) -> None:
    """Say what to type into DBeaver, DataGrip, Tableau, SQL Workbench/J, psql and JDBC programs.

    TOOL: dbeaver, datagrip, tableau, sql-workbench, psql, jdbc; all of them without one.
    """
    settings = load_settings({"url": url, "workgroup": workgroup})
    chosen = [Tool(name) for name in tools] or list(Tool)
    parts = []
    with open_session(settings) as session:
        group = choose_workgroup(session, settings.workgroup)
        if way != "direct":
            head = (
                f"Through the proxy: keep `broker proxy --workgroup {group} --port {port}` running. Nothing to renew."
            )
            parts.append("\n\n".join([head, *_of_each(chosen, _proxied(session, group, database, port))]))
        if way != "proxy":
            login = LastingLogins(session, group, database or "")()
            report_roles(login)
            head = f"Directly, with a temporary login. It ends {moment(login.expires_at, utc_now())}; then ask again."
            direct = Way.direct(login, session.certificate_file(login))
            parts.append("\n\n".join([head, *_of_each(chosen, direct)]))
    click.echo("\n\n\n".join(parts))


def _proxied(session: ClientSession, group: str, database: str | None, port: int) -> Way:
    """No login is made for it: the proxy makes its own."""
    who = session.whoami()
    databases = next((each.databases for each in who.workgroups if each.name == group), ())
    if database is None and not databases:
        raise SettingsInvalid(
            f"You may not use the workgroup {group}.", remedy="`broker whoami` lists those that you may."
        )
    return Way.through_proxy(database or databases[0], who.database_user, port)


def _of_each(chosen: list[Tool], way: Way) -> Iterator[str]:
    for tool in chosen:
        lines = table(fields(tool, way)).splitlines()
        yield "\n".join([TITLES[tool], *(f"  {line}" for line in lines)])
