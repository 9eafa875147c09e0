"""The sign-in in a browser: authorization code with PKCE on a loopback redirect (RFC 8252, 7636, 9207)."""

import base64
import hashlib
import os.path
import subprocess
import sys
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from broker.client import pages
from broker.client.api import CLIENT_ID, BrokerApi
from broker.client.errors import BrokerNamedOtherwise, ClientError, SignInRefused, SignInTimedOut
from broker.client.model import SignedIn
from broker.client.person import Person, wait_until
from broker.client.settings import ClientSettings, SignInMethod
from broker.clock import Clock
from broker.secrets import Secret, random_token

if TYPE_CHECKING:
    from webbrowser import BaseBrowser

    from broker.client.listener import Answer

_TEXT_BROWSERS: Final = frozenset({"www-browser", "links", "elinks", "lynx", "w3m"})
"""What `webbrowser` finds on a machine without a display; they can't run an identity provider's page, and they would
take the terminal."""

_WINDOWS_OPENER: Final = "wslview"
"""Opens the browser of Windows from a Linux within it (WSL, package wslu); Python's `webbrowser` does not know it."""


def sign_in_with_browser(settings: ClientSettings, api: BrokerApi, person: Person, clock: Clock) -> SignedIn:
    """Let the person sign in with the browser of this machine.

    Raises:
        SignInRefused: the broker or the identity provider said no.
        SignInTimedOut: nobody finished it.
        SignInCancelled: the person cancelled.
        BrokerNamedOtherwise: the broker, or what answered, goes by another URL than the settings' one.
    """
    from broker.client.listener import LoopbackListener

    check_issuer(api.issuer(), settings.broker_url)
    state, verifier = random_token(), Secret(random_token())
    with LoopbackListener(state, settings.listen_port) as listener:
        address = authorization_url(settings, listener.redirect_uri, state, verifier)
        show(address, person, settings.sign_in)
        limit = settings.sign_in_seconds
        wait_until(listener.wait, person, "Waiting for the sign-in in the browser", limit)
        if listener.answer is None:
            raise SignInTimedOut(f"Nobody finished the sign-in in the browser within {limit} seconds.")
        try:
            code = accept(listener.answer, settings.broker_url)
            signed_in = api.redeem_code(code, listener.redirect_uri, verifier, clock())
        except ClientError as error:
            listener.conclude(pages.failed(error.what, error.remedy))
            raise
        listener.conclude(pages.signed_in(signed_in.subject))
    return signed_in


def challenge(verifier: Secret) -> str:
    """The S256 challenge of a verifier (RFC 7636 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.reveal().encode()).digest()).rstrip(b"=").decode()


def authorization_url(settings: ClientSettings, redirect_uri: str, state: str, verifier: Secret) -> str:
    """Where the browser begins (RFC 6749 4.1.1).

    The address ends up in the process list (it is the browser's argument), so it holds nothing that could be used
    without the verifier, which never leaves this process but for the broker.
    """
    parameters = {
        "response_type": "code",
        "client_id": CLIENT_ID,
        "redirect_uri": redirect_uri,
        "state": state,
        "code_challenge": challenge(verifier),
        "code_challenge_method": "S256",
    }
    if settings.identity_provider:
        parameters["identity_provider"] = settings.identity_provider
    if settings.access_role:
        parameters["access_role"] = settings.access_role
    return f"{settings.broker_url}/oauth/authorize?{urlencode(parameters)}"


def accept(answer: "Answer", issuer: str) -> Secret:
    """The code of an answer that our broker gave (RFC 9207 2.4: a code without its issuer is refused)."""
    if answer.issuer or answer.code is not None:
        check_issuer(answer.issuer, issuer)
    if answer.code is None:
        raise SignInRefused(
            answer.description or f"The sign-in was refused: {answer.error}.", reference=answer.reference
        )
    return answer.code


def check_issuer(issuer: str, expected: str) -> None:
    """Refuse a broker that goes by another name than the one that the person gave (RFC 8414 3.3)."""
    if issuer.rstrip("/") != expected:
        raise BrokerNamedOtherwise(
            f"The broker at {expected} calls itself {issuer or 'nothing'}.",
            remedy="Use the URL that the broker calls itself by, if you know it to be yours.",
        )


def find_browser() -> "BaseBrowser | None":
    """The person's browser, unless there is none with a display. Under WSL that of Windows will do."""
    import shutil
    import webbrowser

    try:
        found = webbrowser.get()
        if os.path.basename(str(getattr(found, "name", ""))) not in _TEXT_BROWSERS:  # noqa: PTH119
            return found
    except webbrowser.Error:
        pass
    opener = shutil.which(_WINDOWS_OPENER)
    return webbrowser.GenericBrowser(opener) if opener else None


def show(address: str, person: Person, method: SignInMethod, way: str = "in") -> None:
    """Open the browser, or say what to open; always print the address, since an opened browser may stay unseen."""
    browser = find_browser() if method is SignInMethod.BROWSER else None
    if browser is None:
        person.tell(f"Open this address in a browser on this machine to sign {way}:\n\n  {address}\n")
        return
    person.tell(f"Your browser opens for the sign-{way}. If it does not, open this address:\n\n  {address}\n")
    # In a process of its own: some browsers' commands return only when they are closed, and many would keep our stdout
    # open, so that `eval "$(broker credentials ...)"` would wait for the browser's end. Isolated (-I): no module from
    # the current folder.
    opener = str(getattr(browser, "name", ""))
    is_windows = os.path.basename(opener) == _WINDOWS_OPENER  # noqa: PTH119
    subprocess.Popen(  # noqa: S603 - our own interpreter, and an address that we made
        [opener, address] if is_windows else [sys.executable, "-I", "-m", "webbrowser", "-t", address],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
