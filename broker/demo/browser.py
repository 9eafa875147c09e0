"""A person with a browser, played over real HTTP: it follows redirects, fills in forms and keeps cookies."""

from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx

from broker.client.api import BrokerApi
from broker.client.browser import accept, authorization_url
from broker.client.html_forms import Form, read_forms
from broker.client.listener import read_answer
from broker.client.model import SignedIn
from broker.client.settings import ClientSettings
from broker.clock import utc_now
from broker.demo.errors import DemoStoryBroken
from broker.secrets import Secret, random_token

_REDIRECT_URI = "http://127.0.0.1:9/callback"
"""Where a client would listen; the browser stops before it goes there."""

_MAXIMUM_STEPS = 10


class DemoBrowser:
    """One person's browser; a context manager."""

    def __init__(self) -> None:
        # Browsers treat the loopback as secure, and keep cookies marked Secure for it.
        policy = DefaultCookiePolicy(secure_protocols=("https", "http"))
        self._http = httpx.Client(cookies=CookieJar(policy), trust_env=False, timeout=30)

    def __enter__(self) -> "DemoBrowser":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def sign_in(self, settings: ClientSettings, user: str, password: Secret) -> SignedIn:
        """Sign in as the native client does: code and PKCE, with the provider's form in between (RFC 8252).

        Raises:
            SignInRefused: the broker refused; the text is what the client would show.
            DemoStoryBroken: a page was not as expected.
        """
        state, verifier = random_token(), Secret(random_token())
        here, page = self._follow("GET", authorization_url(settings, _REDIRECT_URI, state, verifier))
        for values in ({"user": user, "password": password.reveal()}, {}):
            form = _form(here, page)
            here, page = self._follow(form.method, urljoin(here, form.action), {**form.filled_in(), **values})
        answer = read_answer(urlsplit(here).query, state) if here.startswith(_REDIRECT_URI) else None
        if answer is None:
            raise DemoStoryBroken(f"The sign-in ended at {here.partition('?')[0]}, and not at the client.")
        api = BrokerApi(settings)
        try:
            return api.redeem_code(accept(answer, settings.broker_url), _REDIRECT_URI, verifier, utc_now())
        finally:
            api.close()

    def move(self, provider_url: str, admin_password: Secret, name: str, groups: tuple[str, ...]) -> None:
        """Tick exactly these groups for a person on the provider's administration page."""
        answer = self._http.post(
            f"{provider_url}/people/{name}",
            data={"group": list(groups)},
            auth=("admin", admin_password.reveal()),
            headers={"Origin": provider_url},
        )
        if answer.status_code != httpx.codes.SEE_OTHER:
            raise DemoStoryBroken(f"The provider did not move {name}: status {answer.status_code}.")

    def _follow(self, method: str, url: str, form: dict[str, str] | None = None) -> tuple[str, httpx.Response | None]:
        """Send, and follow redirects up to a page, or up to the client's listener (then without a page)."""
        for _ in range(_MAXIMUM_STEPS):
            answer = self._http.request(method, url, data=form)
            if not answer.is_redirect:
                return url, answer
            url, method, form = urljoin(url, answer.headers["location"]), "GET", None
            if url.startswith(_REDIRECT_URI):
                return url, None
        raise DemoStoryBroken(f"{url.partition('?')[0]} redirects without end.")


def _form(here: str, page: httpx.Response | None) -> Form:
    """The page's first form that is sent by POST."""
    address = here.partition("?")[0]
    if page is None or not page.is_success:
        raise DemoStoryBroken(f"{address} answered with {page.status_code if page else 'an early end'}.")
    form = next((form for form in read_forms(page.text) if form.method == "POST"), None)
    if form is None:
        raise DemoStoryBroken(f"{address} shows no form to go on with.")
    return form


def client_settings(broker_url: str, state_folder: Path) -> ClientSettings:
    """The settings of a client that keeps nothing of its own on this machine."""
    return ClientSettings(broker_url=broker_url, state_folder=state_folder, client_name="broker-demo")
