"""`broker credentials`."""

import click

from broker.cli.options import DATABASE, URL, WORKGROUP
from broker.cli.output import as_table, report_roles
from broker.client.forms import Format, as_aws_credential_process, shown
from broker.client.session import open_session
from broker.client.settings import StoreKind, load_settings
from broker.client.workgroups import choose_workgroup
from broker.clock import utc_now


@click.command()
@WORKGROUP
@DATABASE
@click.option("--duration", type=click.IntRange(min=1), metavar="SECONDS", help="Else the workgroup's default.")
@click.option("--format", "form", type=click.Choice([str(form) for form in Format]), default="table", show_default=True)
@click.option("--fresh", is_flag=True, help="Do not take the login that was fetched before.")
@URL
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

    aws-credential-process gives the session, not a login: for `credential_process` in the AWS configuration.
    """
    store = StoreKind.NONE if no_store else None
    settings = load_settings({"url": url, "workgroup": workgroup, "credential_store": store})
    with open_session(settings) as session:
        if form == Format.AWS_CREDENTIAL_PROCESS:
            click.echo(as_aws_credential_process(session.session_credentials()))
            return
        group = choose_workgroup(session, settings.workgroup)
        login = session.credentials(group, database, duration, fresh=fresh)
        certificate = session.certificate_file(login)
    report_roles(login)
    asked = Format(form)
    click.echo(as_table(login, certificate, utc_now()) if asked is Format.TABLE else shown(login, certificate, asked))
