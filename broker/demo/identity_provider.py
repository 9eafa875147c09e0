"""A demo identity provider: a real sign-in form, signed assertions in AWS's shapes, and a page that moves people.

It is a demonstration: it listens on the loopback only, keeps four invented people in a file, and says so on each page.
Run it with ``python -m broker.demo.identity_provider``.
"""

import argparse
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import uvicorn
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.datastructures import FormData
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from broker.clock import utc_now
from broker.demo import saml_messages
from broker.demo.certificates import CertificateFiles
from broker.demo.people import GROUPS, People
from broker.demo.saml_messages import Issuer, ServiceProvider
from broker.errors import RequestMalformed
from broker.secrets import Secret

_PAGES: Final = Environment(
    loader=PackageLoader("broker.demo", "pages"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)
_STYLE: Final = (Path(__file__).parent / "pages" / "style.css").read_text()
_MAXIMUM_FORM: Final = 64 * 1024
_ADMINISTRATOR: Final = "admin"


@dataclass(frozen=True, slots=True)
class DemoProvider:
    """The pages of the provider.

    Attributes:
        admin_password: what the administration page asks for (HTTP Basic, user `admin`).
    """

    issuer: Issuer
    service_provider: ServiceProvider
    people: People
    admin_password: Secret

    def application(self) -> Starlette:
        """The ASGI application; it answers to loopback names only (DNS rebinding)."""
        return Starlette(
            routes=[
                Route("/", self.home),
                Route("/style.css", self.style),
                Route("/metadata", self.metadata),
                Route("/sso", self.ask, methods=["GET"]),
                Route("/sso", self.answer, methods=["POST"]),
                Route("/people", self.list_people, methods=["GET"]),
                Route("/people/{name}", self.move, methods=["POST"]),
            ],
            middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=["localhost", "127.0.0.1"])],
            exception_handlers={RequestMalformed: self.refuse},
        )

    def home(self, _request: Request) -> Response:
        """What this is, and where to go."""
        return self._page("home.html", {"broker": self.service_provider.entity_id})

    def style(self, _request: Request) -> Response:
        """The pages' look."""
        return Response(_STYLE, media_type="text/css")

    def metadata(self, _request: Request) -> Response:
        """The provider's SAML metadata."""
        return Response(saml_messages.metadata(self.issuer), media_type="application/samlmetadata+xml")

    def ask(self, request: Request) -> Response:
        """The sign-in form; without a SAMLRequest the provider itself begins the sign-in."""
        saml_request = request.query_params.get("SAMLRequest", "")
        self._request_id(saml_request)
        return self._form(saml_request, request.query_params.get("RelayState", ""))

    async def answer(self, request: Request) -> Response:
        """Check name and password, then show what will be asserted, and carry it to the broker."""
        form = await _form(request)
        saml_request, relay_state = _text(form, "SAMLRequest"), _text(form, "RelayState")
        request_id = self._request_id(saml_request)
        name = _text(form, "user")
        person = self.people.sign_in(name, Secret(_text(form, "password")))
        if person is None:
            return self._form(saml_request, relay_state, name=name, problem="The name or the password is wrong.")
        facts = {
            "person": person,
            "acs_url": self.service_provider.acs_url,
            "attributes": saml_messages.attributes(self.issuer, person),
            "saml_response": saml_messages.response(self.issuer, self.service_provider, person, request_id, utc_now()),
            "relay_state": relay_state,
        }
        return self._page("continue.html", facts)

    def list_people(self, request: Request) -> Response:
        """Who is in which group."""
        if not self._is_administrator(request):
            return _challenge()
        facts = {"people": self.people.all(), "groups": GROUPS, "moved": request.query_params.get("moved", "")}
        return self._page("people.html", facts)

    async def move(self, request: Request) -> Response:
        """Put one person into the ticked groups."""
        if not self._is_administrator(request):
            return _challenge()
        # A browser sends the password along with forms of other sites too: only our own page may ask (CSRF).
        if request.headers.get("origin", "") != f"{request.url.scheme}://{request.url.netloc}":
            raise RequestMalformed("People are moved from the page of this provider only.")
        form = await _form(request)
        groups = [value for value in form.getlist("group") if isinstance(value, str)]
        person = self.people.move(request.path_params["name"], groups)
        if person is None:
            raise RequestMalformed("There is nobody of that name.")
        return RedirectResponse(f"/people?moved={person.name}", HTTPStatus.SEE_OTHER)

    def refuse(self, _request: Request, error: Exception) -> Response:
        """The page of a request that cannot be met."""
        return self._page("refused.html", {"problem": str(error)}, HTTPStatus.BAD_REQUEST)

    def _request_id(self, saml_request: str) -> str:
        return saml_messages.read_request(saml_request, self.issuer, self.service_provider) if saml_request else ""

    def _form(self, saml_request: str, relay_state: str, *, name: str = "", problem: str = "") -> Response:
        facts = {"saml_request": saml_request, "relay_state": relay_state, "name": name, "problem": problem}
        return self._page("sign_in.html", facts, HTTPStatus.UNAUTHORIZED if problem else HTTPStatus.OK)

    def _is_administrator(self, request: Request) -> bool:
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        try:
            user, _, password = b64decode(encoded, validate=True).decode().partition(":")
        except ValueError:
            return False
        return scheme.lower() == "basic" and user == _ADMINISTRATOR and Secret(password) == self.admin_password

    def _page(self, template: str, facts: Mapping[str, object], status: HTTPStatus = HTTPStatus.OK) -> Response:
        # form-action holds for redirects too: the broker sends the browser on to the client's loopback listener.
        target = urlsplit(self.service_provider.acs_url)
        policy = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
        policy += f"form-action 'self' {target.scheme}://{target.netloc} http://127.0.0.1:* http://localhost:*"
        headers = {
            "Content-Security-Policy": policy,
            "Cache-Control": "no-store",
            "Referrer-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
        }
        return HTMLResponse(_PAGES.get_template(template).render(facts), status, headers)


async def _form(request: Request) -> FormData:
    if int(request.headers.get("content-length", "0") or "0") > _MAXIMUM_FORM:
        raise RequestMalformed("The form is too large.")
    return await request.form(max_files=0, max_fields=16, max_part_size=_MAXIMUM_FORM)


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


def _challenge() -> Response:
    headers = {"WWW-Authenticate": 'Basic realm="Demo identity provider", charset="UTF-8"'}
    return Response("The administrator's password is needed.", HTTPStatus.UNAUTHORIZED, headers)


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve the provider whose files lie in a directory, until the process is ended."""
    parser = argparse.ArgumentParser(prog="python -m broker.demo.identity_provider", description=__doc__)
    parser.add_argument(
        "--directory", type=Path, required=True, help="holds people.json, signing.crt/.key, admin-password"
    )
    parser.add_argument(
        "--base-url", required=True, help="http://localhost:PORT; the port to listen on is taken from it"
    )
    parser.add_argument("--service-provider", nargs=2, required=True, metavar=("ENTITY_ID", "ACS_URL"))
    parser.add_argument("--role", required=True, help="value of the attribute Role")
    options = parser.parse_args(arguments)
    directory: Path = options.directory
    signing = CertificateFiles(directory / "signing.crt", directory / "signing.key")
    provider = DemoProvider(
        Issuer(options.base_url, signing, options.role),
        ServiceProvider(*options.service_provider),
        People(directory / "people.json"),
        Secret((directory / "admin-password").read_text().strip()),
    )
    uvicorn.run(
        provider.application(),
        host="127.0.0.1",
        port=urlsplit(options.base_url).port or 80,
        log_level="warning",
        server_header=False,
    )


if __name__ == "__main__":
    main()
