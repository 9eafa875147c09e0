"""The broker's web application: services in, an ASGI application out."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from anyio.to_thread import current_default_thread_limiter
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from broker.audit import AuditLog
from broker.clock import Clock, utc_now
from broker.config.model import ServerConfig
from broker.control import Control
from broker.credentials.access import AccessService
from broker.credentials.service import CredentialService
from broker.http.aws import AwsEndpoints, aws_problem
from broker.http.call import Call, Endpoints
from broker.http.control import ControlEndpoints
from broker.http.cookies import Cookies
from broker.http.credentials import CredentialEndpoints
from broker.http.device import DeviceEndpoints
from broker.http.exchange import ExchangeEndpoints
from broker.http.limits import Brake, ClientAddress, LimitedEndpoints, RateLimit, Turns
from broker.http.logout import LogoutEndpoints
from broker.http.middleware import Edge, request_id_of
from broker.http.oauth import OAuthEndpoints, oauth_problem
from broker.http.pages import Pages
from broker.http.problems import problem
from broker.http.saml import SamlEndpoints
from broker.http.start import StartEndpoints
from broker.login.device import DeviceFlow
from broker.login.logout import LogoutService
from broker.login.oauth import AuthorizationCodeGrant
from broker.login.service import LoginService
from broker.sts.service import SessionService
from broker.sts.service_token import ServiceTokenGrant


@dataclass(frozen=True, slots=True)
class Services:
    """What the application serves.

    Attributes:
        ping: raises `StoreUnavailable` unless the store answers.
        access: explains who can do what, and why; None for an application that does not.
        service_tokens: lets programs in that have no person; None for an application that does not.
        control: takes orders from the administrator at this machine; None for a broker that takes none.
    """

    login: LoginService
    codes: AuthorizationCodeGrant
    devices: DeviceFlow
    sessions: SessionService
    credentials: CredentialService
    audit: AuditLog
    ping: Callable[[], None]
    access: AccessService | None = None
    control: Control | None = None
    service_tokens: ServiceTokenGrant | None = None


def create_app(services: Services, server: ServerConfig, clock: Clock = utc_now, *, threads: int = 40) -> Starlette:
    """The application, at work on `threads` requests at a time; every URL that it writes begins with the public one."""
    secure = server.public_url.startswith("https://")
    pages, cookies = Pages(server.public_url), Cookies(secure)
    people = RateLimit(server.sessions_per_minute)
    oauth = OAuthEndpoints(
        public_url=server.public_url,
        login=services.login,
        codes=services.codes,
        devices=services.devices,
        sessions=services.sessions,
        audit=services.audit,
        people=people,
        pages=pages,
        cookies=cookies,
        service_tokens=services.service_tokens,
    )
    addresses, client_address = RateLimit(server.requests_per_minute), ClientAddress(server.trusted_proxies).of
    brake, turns = Brake(), Turns()
    for_people = LimitedEndpoints(clock, pages.failure, addresses, client_address, brake, turns)
    for_oauth = LimitedEndpoints(clock, oauth_problem, addresses, client_address, brake, turns)
    for_strangers = LimitedEndpoints(clock, problem, addresses, client_address, brake, turns)
    for_clients = Endpoints(clock, problem)
    providers, used = services.login.providers, services.login.used_assertions
    logout = LogoutEndpoints(
        LogoutService(providers, used, services.sessions, services.audit), services.sessions, pages
    )
    return Starlette(
        routes=[
            pages.stylesheet(),
            *StartEndpoints(services.login, pages, cookies).routes(for_people),
            *SamlEndpoints(services.login, pages, cookies).routes(for_people),
            *DeviceEndpoints(services.login, services.devices, pages, cookies).routes(for_people),
            *logout.browser_routes(for_people),
            *logout.client_routes(for_clients),
            *oauth.browser_routes(for_people),
            *oauth.client_routes(for_oauth),
            *ExchangeEndpoints(services.login, services.sessions, services.audit, people).routes(for_strangers),
            *_client_routes(services, for_clients),
            *AwsEndpoints(services.sessions, services.credentials, services.audit).routes(
                Endpoints(clock, aws_problem)
            ),
        ],
        middleware=[
            Middleware(Edge, maximum_request_bytes=server.maximum_request_bytes, secure=secure),
        ],
        exception_handlers={HTTPException: _web_server_answer(pages)},
        lifespan=_lifespan(threads),
    )


def _client_routes(services: Services, endpoints: Endpoints) -> list[Route]:
    """What answers in problem documents, and counts nobody's requests."""
    credentials = CredentialEndpoints(services.sessions, services.credentials, services.audit, services.access)
    control = ControlEndpoints(services.control, services.audit).routes(endpoints) if services.control else []
    return [*credentials.routes(endpoints), *control, *_health_routes(services.ping, endpoints)]


def _lifespan(threads: int) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        current_default_thread_limiter().total_tokens = threads
        yield

    return lifespan


def _health_routes(ping: Callable[[], None], endpoints: Endpoints) -> list[Route]:
    def alive(_call: Call) -> Response:
        return JSONResponse({"status": "alive"})

    def ready(_call: Call) -> Response:
        ping()
        return JSONResponse({"status": "ready"})

    return [endpoints.get("/healthz", alive), endpoints.get("/readyz", ready)]


def _web_server_answer(pages: Pages) -> Callable[[Request, Exception], Response]:
    """Not Found and its like: a page for people, a problem document of no type of ours for clients (RFC 9457 4.2.1)."""

    def answer(request: Request, error: Exception) -> Response:
        status, what = (error.status_code, error.detail) if isinstance(error, HTTPException) else (500, "")
        reference = request_id_of(request.scope)
        headers = getattr(error, "headers", None)
        if not request.url.path.startswith(("/v1/", "/oauth/")):
            response = pages.plain(status, f"{what}.", reference)
            response.headers.update(headers or {})
            return response
        document = {"type": "about:blank", "title": what, "status": status, "request_id": reference}
        return JSONResponse(document, status, headers, media_type="application/problem+json")

    return answer
