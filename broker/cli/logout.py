"""`broker logout`."""

import click

from broker.client.session import open_session
from broker.client.settings import load_settings


@click.command()
@click.option("--url", metavar="URL", help="The broker's address.")
@click.option("--everywhere", is_flag=True, help="At the identity provider too, and so at its other services.")
def logout(url: str | None, *, everywhere: bool) -> None:
    """Sign out: end the session at the broker, and forget it here."""
    with open_session(load_settings({"url": url})) as session:
        was_signed_in = session.logout(everywhere=everywhere)
    click.echo("Signed out." if was_signed_in else "Nobody was signed in.")
