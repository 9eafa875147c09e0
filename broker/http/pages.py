"""The pages that people see: templates and one stylesheet, no script. Every text in them is escaped by the template."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from importlib.resources import files
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from broker.http.call import Call
from broker.http.problems import as_refusal, retry_headers, status_of
from broker.login.model import ApprovedLogin
from broker.login.refusal import public_remedy, public_text
from broker.login.service import TrustedProvider
from saml.errors import SamlError

_STYLESHEET_PATH: Final = "/static/broker.css"


@dataclass(frozen=True, slots=True)
class Choice:
    """One identity provider to choose."""

    name: str
    label: str
    url: str = ""


def choices(providers: Iterable[TrustedProvider]) -> list[Choice]:
    """The providers as a person may choose them."""
    return [Choice(provider.config.name, label_of(provider)) for provider in providers]


def label_of(provider: TrustedProvider) -> str:
    """What the person calls the provider."""
    return provider.config.label or provider.config.name


def _environment() -> Environment:
    return Environment(loader=PackageLoader("broker.http"), autoescape=True, undefined=StrictUndefined)


def _stylesheet() -> str:
    return files("broker.http").joinpath("static/broker.css").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Pages:
    """Renders pages.

    Attributes:
        public_url: what every link begins with; the Host header is never asked.
    """

    public_url: str
    _templates: Environment = field(default_factory=_environment)
    _css: str = field(default_factory=_stylesheet)

    def stylesheet(self) -> Route:
        """The route that serves the stylesheet."""

        def endpoint(_request: object) -> Response:
            return Response(self._css, media_type="text/css", headers={"Cache-Control": "public, max-age=86400"})

        return Route(_STYLESHEET_PATH, endpoint, methods=["GET"])

    def home(self, providers: list[Choice]) -> Response:
        """What the broker is, and how to begin."""
        return self._page("home.html", providers=providers)

    def choose_provider(self, providers: list[Choice]) -> Response:
        """Several identity providers, and none was named."""
        return self._page("choose_provider.html", providers=providers)

    def signed_in(self, approved: ApprovedLogin) -> Response:
        """Who the person is, and what to type next."""
        return self._page("signed_in.html", who=approved.principal)

    def signed_out(self, *, complete: bool = True) -> Response:
        """The sessions have ended; not `complete` where the provider says that it could not end all of its own."""
        return self._page("signed_out.html", complete=complete)

    def device_code(self, typed: str = "", *, unknown: bool = False) -> Response:
        """Where the person types the code that a machine shows."""
        status = HTTPStatus.BAD_REQUEST if unknown else HTTPStatus.OK
        return self._page("device_code.html", status, typed=typed, unknown=unknown)

    def device_confirm(self, user_code: str, client_id: str, confirmation: str, providers: list[Choice]) -> Response:
        """The code once more, before anything begins: the moment at which a phished code is noticed."""
        return self._page(
            "device_confirm.html",
            user_code=user_code,
            client_id=client_id,
            confirmation=confirmation,
            providers=providers,
        )

    def go_on(self, label: str, url: str) -> Response:
        """Leads to an identity provider without a redirect, which Chrome would hold to our form's policy."""
        return self._page("go_on.html", label=label, url=url)

    def device_approved(self, approved: ApprovedLogin) -> Response:
        """The machine goes on by itself."""
        return self._page("device_approved.html", who=approved.principal)

    def device_denied(self) -> Response:
        """The person said that this is not their machine."""
        return self._page("device_denied.html")

    def failure(self, call: Call, error: Exception) -> Response:
        """A refusal for a person: never the code of a SAML refusal, which would be an oracle."""
        refusal = as_refusal(error, call.request_id)
        page = self._page(
            "failure.html",
            status_of(refusal.code),
            what=public_text(refusal),
            remedy=public_remedy(refusal),
            code="" if isinstance(refusal, SamlError) else refusal.code,
            reference=call.request_id,
        )
        page.headers.update(retry_headers(refusal))
        return page

    def plain(self, status: int, what: str, reference: str) -> Response:
        """An answer of the web server itself, such as Not Found."""
        return self._page("failure.html", status, what=what, remedy="", code="", reference=reference)

    def _page(self, template: str, status: int = HTTPStatus.OK, **values: object) -> Response:
        stylesheet = f"{self.public_url}{_STYLESHEET_PATH}?v={hashlib.sha256(self._css.encode()).hexdigest()[:12]}"
        text = self._templates.get_template(template).render(values, public_url=self.public_url, stylesheet=stylesheet)
        return HTMLResponse(text, status)
