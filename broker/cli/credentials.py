"""`broker credentials`."""

from pathlib import Path

import click

from broker.cli import output
from broker.cli.output import Format
from broker.client.errors import SettingsInvalid
from broker.client.model import TemporaryLogin
from broker.client.session import open_session
from broker.client.settings import StoreKind, load_settings
from broker.clock import utc_now


@click.command()
@click.option("--workgroup", "-w", metavar="NAME", help="The warehouse; else the settings' `workgroup`.")
@click.option("--database", "-d", metavar="NAME", help="Else the workgroup's default.")
@click.option("--duration", type=click.IntRange(min=1), metavar="SECONDS", help="Else the workgroup's default.")
@click.option("--format", "form", type=click.Choice([str(form) for form in Format]), default="table", show_default=True)
@click.option("--fresh", is_flag=True, help="Do not take the login that was fetched before.")
@click.option("--url", metavar="URL", help="The broker's address.")
@click.option("--no-store", is_flag=True, help="Take and keep nothing at this machine.")
def credentials(
    workgroup: str | None,
    database: str | None,
    duration: int | None,
    form: str,
    url: str | None,
    *,
    fresh: bool,
    no_store: bool,
) -> None:
    """Get a temporary database login; sign in first if need be.

    In a shell: eval "$(broker credentials --workgroup W --format env)"; psql
    """
    store = StoreKind.NONE if no_store else None
    settings = load_settings({"url": url, "workgroup": workgroup, "credential_store": store})
    if not settings.workgroup:
        raise SettingsInvalid(
            "No workgroup is named.", remedy="Pass --workgroup, or set BROKER_WORKGROUP; `broker whoami` lists yours."
        )
    with open_session(settings) as session:
        login = session.credentials(settings.workgroup, database, duration, fresh=fresh)
        certificate = session.certificate_file(login)
    output.report_roles(login)
    click.echo(_shown(login, certificate, Format(form)))


def _shown(login: TemporaryLogin, certificate: Path | None, form: Format) -> str:
    match form:
        case Format.TABLE:
            return output.as_table(login, certificate, utc_now())
        case Format.JSON:
            return output.as_json(login)
        case Format.ENV:
            return output.as_env(login, certificate)
        case Format.URI:
            return output.as_uri(login, certificate)
        case Format.PGPASS:
            return output.as_pgpass(login)
