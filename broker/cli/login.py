"""`broker login`."""

import click

from broker.cli.output import moment
from broker.client.errors import SettingsInvalid
from broker.client.session import open_session
from broker.client.settings import SignInMethod, StoreKind, load_settings, remember_url
from broker.clock import utc_now


@click.command()
@click.option("--url", metavar="URL", help="The broker's address; kept if no settings file names one.")
@click.option("--device", is_flag=True, help="Sign in with a browser on another machine.")
@click.option("--no-browser", is_flag=True, help="Print the address instead of opening a browser.")
@click.option("--identity-provider", metavar="NAME", help="Where to sign in, if the broker knows several.")
@click.option("--no-store", is_flag=True, help="Keep nothing: only see that signing in works.")
def login(url: str | None, identity_provider: str | None, *, device: bool, no_browser: bool, no_store: bool) -> None:
    """Sign in at the broker, anew even if you are signed in: your rights may have changed."""
    if device and no_browser:
        raise click.UsageError("--device and --no-browser exclude each other.")
    method = SignInMethod.DEVICE if device else SignInMethod.PRINT if no_browser else None
    settings = load_settings(
        {
            "url": url,
            "identity_provider": identity_provider,
            "sign_in": method,
            "credential_store": StoreKind.NONE if no_store else None,
        }
    )
    if settings.sign_in is SignInMethod.NEVER and not settings.is_service:
        raise SettingsInvalid("`sign_in` is `never`.", remedy="Change that setting, or pass --no-browser or --device.")
    with open_session(settings) as session:
        signed_in = session.sign_in()
    click.echo(f"Signed in as {signed_in.subject}. Ends {moment(signed_in.expires_at, utc_now())}.")
    if settings.store is StoreKind.NONE:
        click.echo("Nothing was kept: the sign-in is forgotten with this command.", err=True)
    elif url and (file := remember_url(settings.broker_url)):
        click.echo(f"The broker's address is kept in {file}.", err=True)
