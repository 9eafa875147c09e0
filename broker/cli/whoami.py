"""`broker whoami`."""

import click

from broker.cli import output
from broker.client.session import open_session
from broker.client.settings import SignInMethod, load_settings
from broker.clock import utc_now


@click.command()
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.option("--url", metavar="URL", help="The broker's address.")
def whoami(form: str, url: str | None) -> None:
    """Show who you are at the broker, and what you may use. Does not sign in."""
    with open_session(load_settings({"url": url, "sign_in": SignInMethod.NEVER})) as session:
        identity = session.whoami()
    shown = output.identity_json(identity) if form == "json" else output.identity_table(identity, utc_now())
    click.echo(shown)
