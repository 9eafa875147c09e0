"""`broker login`."""

import base64
import contextlib
from dataclasses import replace
from typing import IO, Final

import click

from broker.cli.output import moment
from broker.client.api import BrokerApi
from broker.client.errors import ClientError, SettingsInvalid
from broker.client.model import SignedIn
from broker.client.person import Person
from broker.client.session import SignIn, open_session
from broker.client.settings import SignInMethod, StoreKind, load_settings, remember_url
from broker.clock import Clock, utc_now
from broker.secrets import Secret

_LONGEST_RESPONSE: Final = 1_000_000


@click.command()
@click.option("--url", metavar="URL", help="The broker's address; kept if no settings file names one.")
@click.option("--device", is_flag=True, help="Sign in with a browser on another machine.")
@click.option("--no-browser", is_flag=True, help="Print the address instead of opening a browser.")
@click.option("--identity-provider", metavar="NAME", help="Where to sign in, if the broker knows several.")
@click.option(
    "--saml-response",
    type=click.File("rb"),
    metavar="FILE|-",
    help="Instead of a browser: a response that a program got from the provider.",
)
@click.option("--no-store", is_flag=True, help="Keep nothing: only see that signing in works.")
def login(
    url: str | None,
    identity_provider: str | None,
    saml_response: IO[bytes] | None,
    *,
    device: bool,
    no_browser: bool,
    no_store: bool,
) -> None:
    """Sign in at the broker, anew even if you are signed in: your rights may have changed."""
    if sum(map(bool, (device, no_browser, saml_response))) > 1:
        raise click.UsageError("--device, --no-browser and --saml-response exclude each other.")
    method = SignInMethod.DEVICE if device else SignInMethod.PRINT if no_browser else None
    settings = load_settings(
        {
            "url": url,
            "identity_provider": identity_provider,
            "sign_in": method,
            "credential_store": StoreKind.NONE if no_store else None,
        }
    )
    if saml_response is not None:
        settings = replace(settings, token_file=None, token=None)  # what the person typed is meant
    elif settings.sign_in is SignInMethod.NEVER and not settings.is_service:
        raise SettingsInvalid("`sign_in` is `never`.", remedy="Change that setting, or pass --no-browser or --device.")
    sign_in = _by_response(saml_response.read(_LONGEST_RESPONSE)) if saml_response else None
    with open_session(settings, sign_in=sign_in) as session:
        signed_in = session.sign_in()
        with contextlib.suppress(ClientError):  # it is only for the shell's completion
            session.whoami()
    click.echo(f"Signed in as {signed_in.subject}. Ends {moment(signed_in.expires_at, utc_now())}.")
    if settings.store is StoreKind.NONE:
        click.echo("Nothing was kept: the sign-in is forgotten with this command.", err=True)
    elif url and (file := remember_url(settings.broker_url)):
        click.echo(f"The broker's address is kept in {file}.", err=True)


def _by_response(content: bytes) -> SignIn:
    """A sign-in by a response in base64 (the field SAMLResponse of a page), or as XML."""
    is_xml = content.lstrip().startswith(b"<")
    text = base64.b64encode(content.strip()) if is_xml else b"".join(content.split())
    response = Secret(text.decode("ascii", errors="replace"))

    def sign_in(api: BrokerApi, _person: Person, clock: Clock) -> SignedIn:
        return api.redeem_response(response, clock())

    return sign_in
