"""An identity provider's pages, as a program without a browser sees them: https only, limited, cookies kept."""

import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin

from broker.client.api import certificate_problem
from broker.client.errors import ProviderFailed, ProviderRefused, SecondFactorNeeded
from broker.client.html_forms import Form, read_forms
from broker.client.settings import is_loopback
from broker.secrets import Secret

if TYPE_CHECKING:
    import httpx

_LARGEST_PAGE: Final = 2 * 1024 * 1024
_RESPONSE_FIELD: Final = "SAMLResponse"


@dataclass(frozen=True, slots=True)
class Page:
    """An answer of the provider.

    Attributes:
        address: without its query, which may hold a one-time token.
    """

    status: int
    url: str
    body: bytes

    @property
    def address(self) -> str:
        return self.url.partition("?")[0]

    def forms(self) -> list[Form]:
        """The forms of an HTML page."""
        return read_forms(self.body.decode("utf-8", "replace"))

    def saml_response(self) -> Secret | None:
        """What the page would have a browser post to the broker, if it is that page."""
        values = [each.value for form in self.forms() for each in form.inputs if each.name == _RESPONSE_FIELD]
        return Secret("".join(values[0].split())) if len(values) == 1 and values[0] else None

    def password_form(self) -> Form | None:
        """The form that asks for a password, if there is just one."""
        found = [form for form in self.forms() if len(form.of_kind("password")) == 1]
        return found[0] if len(found) == 1 else None


class ProviderPages:
    """A client of one provider, for one sign-in; a context manager.

    Every call raises `ProviderFailed` where the provider is down, slow, unknown to TLS, or sends us anywhere but https.
    A password goes to the host that the person named, and to no other.
    """

    def __init__(self, host: str, tls: ssl.SSLContext, seconds: float) -> None:
        import httpx

        self._host = host
        self._seconds = seconds
        self._deadline = time.monotonic() + seconds
        self._http = httpx.Client(
            verify=tls,
            timeout=httpx.Timeout(seconds, connect=min(seconds, 10)),
            follow_redirects=True,
            trust_env=not is_loopback(f"https://{host}"),
            max_redirects=10,
            event_hooks={"request": [self._check]},
        )

    def __enter__(self) -> "ProviderPages":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Page:
        """Fetch a page of the provider."""
        return self._send("GET", f"https://{self._host}{path}", query=query)

    def post_json(self, path: str, body: Mapping[str, object]) -> Page:
        """Call the provider's interface."""
        return self._send("POST", f"https://{self._host}{path}", json=body)

    def submit(self, page: Page, form: Form, values: Mapping[str, str]) -> Page:
        """Send a form, with `values` in the place of what it holds."""
        return self._send("POST", urljoin(page.url, form.action), form={**form.filled_in(), **values})

    def _send(
        self,
        method: str,
        url: str,
        *,
        query: Mapping[str, str] | None = None,
        json: Mapping[str, object] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> Page:
        """The transport's own errors are not chained: they hold the request, and the request holds the password."""
        import httpx

        try:
            with self._http.stream(method, url, params=query, json=json, data=form) as answer:
                return Page(answer.status_code, str(answer.url), self._read(answer))
        except httpx.TimeoutException:
            raise self._slow() from None
        except httpx.HTTPError as error:
            if untrusted := certificate_problem(error):
                raise ProviderFailed(
                    f"The certificate of {self._host} is not trusted: {untrusted}.",
                    remedy="Name the certificate of your organisation's CA with `ca_file`.",
                ) from None
            raise ProviderFailed(f"The identity provider {self._host} cannot be reached: {error}.") from None
        except httpx.InvalidURL:
            raise ProviderFailed(f"`idp_host` {self._host!r} makes no address.") from None

    def _read(self, answer: "httpx.Response") -> bytes:
        body = b""
        for chunk in answer.iter_bytes():
            body += chunk
            if len(body) > _LARGEST_PAGE:
                raise ProviderFailed(f"{self._host} answered with more than a page.")
            if time.monotonic() > self._deadline:
                raise self._slow()
        return body

    def _slow(self) -> ProviderFailed:
        return ProviderFailed(f"The identity provider {self._host} did not answer within {self._seconds:.0f} s.")

    def _check(self, request: "httpx.Request") -> None:
        """Look at every request before it leaves, those of redirects too."""
        if request.url.scheme != "https":
            raise ProviderFailed(f"{self._host} sends the sign-in on to {request.url.host} without TLS.")
        if request.method == "POST" and request.url.netloc.decode() != self._host.removesuffix(":443"):
            raise ProviderFailed(f"{self._host} would have the password sent to {request.url.host}.")
        if time.monotonic() > self._deadline:
            raise self._slow()


def sign_in_by_form(pages: ProviderPages, page: Page, user: str, password: Secret) -> Secret:
    """Fill in the form of a sign-in page, as ADFS and Ping show it, and read the SAML response from what follows.

    Raises:
        ProviderFailed: there is no such form.
        ProviderRefused: the form is shown again.
        SecondFactorNeeded: another question follows.
    """
    form = page.password_form()
    if page.status >= 400 or form is None:
        raise ProviderFailed(f"{page.address} (status {page.status}) shows no form for a user and a password.")
    named = _user_field(form)
    after = pages.submit(page, form, {named: user, form.of_kind("password")[0].name: password.reveal()})
    if (response := after.saml_response()) is not None:
        return response
    if after.password_form() is not None or after.status in (401, 403):
        raise ProviderRefused("The identity provider did not take the user and password.")
    if after.status >= 400:
        raise ProviderFailed(f"{after.address} answered with status {after.status}.")
    raise SecondFactorNeeded("The identity provider asks for more than a password, as it does for a second factor.")


def _user_field(form: Form) -> str:
    """The field for the name: called so by its id, or by a part of its name."""
    visible = [each for each in form.inputs if each.kind in ("text", "email")]
    exact = [each for each in visible if each.identifier.lower() == "username"]
    likely = [each for each in visible if any(part in each.name.lower() for part in ("user", "email"))]
    for found in (exact, likely):
        if len(found) == 1:
            return found[0].name
    raise ProviderFailed("The sign-in page has no single field for the user's name.")
