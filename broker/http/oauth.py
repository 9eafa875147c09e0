"""OAuth 2.0 for native clients: authorize, token, revoke, device authorization, and the metadata that names them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import urlencode

from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from broker.audit import AuditEvent, AuditLog, AuditRecord, Detail
from broker.errors import (
    AuthorizationPending,
    BrokerError,
    LoginError,
    OAuthError,
    OAuthUnsupportedGrant,
    RequestMalformed,
    SessionError,
    SlowDown,
    TooManyRequests,
)
from broker.http.call import Call, Endpoints
from broker.http.cookies import Cookies
from broker.http.limits import RateLimit
from broker.http.pages import Choice, Pages, label_of
from broker.http.problems import as_refusal, retry_headers, status_of
from broker.login.device import DeviceFlow
from broker.login.model import ApprovedLogin
from broker.login.oauth import (
    CHALLENGE_METHOD,
    AuthorizationCodeGrant,
    parse_authorization_request,
    parse_return_address,
)
from broker.login.service import BegunLogin, LoginService
from broker.secrets import Secret
from broker.sts.model import SessionCredentials
from broker.sts.service import SessionService
from broker.sts.service_token import ServiceTokenGrant
from roles.principal import Principal

SEE_OTHER: Final = 303
_LONGEST_FIELD: Final = 512


class _Grant(StrEnum):
    """The grant types that the token endpoint takes."""

    CODE = "authorization_code"
    DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
    SERVICE = "client_credentials"


@dataclass(frozen=True, slots=True)
class OAuthEndpoints:
    """What `broker login` speaks with.

    Attributes:
        people: how often one person, or service, may begin a session.
        service_tokens: None for an application that takes none.
    """

    public_url: str
    login: LoginService
    codes: AuthorizationCodeGrant
    devices: DeviceFlow
    sessions: SessionService
    audit: AuditLog
    people: RateLimit
    pages: Pages
    cookies: Cookies
    service_tokens: ServiceTokenGrant | None = None

    def browser_routes(self, endpoints: Endpoints) -> list[Route]:
        """The routes that a person's browser visits."""
        return [endpoints.get("/oauth/authorize", self.authorize)]

    def client_routes(self, endpoints: Endpoints) -> list[Route]:
        """The routes that a client calls."""
        return [
            endpoints.post("/oauth/token", self.token),
            endpoints.post("/oauth/revoke", self.revoke),
            endpoints.post("/oauth/device_authorization", self.device_authorization),
            endpoints.get("/.well-known/oauth-authorization-server", self.metadata),
        ]

    def authorize(self, call: Call) -> Response:
        """Send the person to the identity provider (RFC 6749 4.1.1), or let them choose one."""
        parameters = call.query()
        address = parse_return_address(parameters)
        try:
            client = parse_authorization_request(address, parameters)
            name = parameters.get("identity_provider", "") or self._only_provider()
            if not name:
                return self.pages.choose_provider(self._ways_on(parameters))
            wish = parameters.get("access_role", "")
            begun = self.login.begin(name, call.request_id, call.now, client=client, preferred_access_role=wish)
        except (OAuthError, LoginError) as refusal:
            error = refusal.oauth_error if isinstance(refusal, OAuthError) else OAuthError.oauth_error
            return RedirectResponse(self.codes.refuse(address, error, refusal.what, call.request_id), SEE_OTHER)
        return to_provider(begun, self.cookies)

    def token(self, call: Call) -> Response:
        """Session credentials for a code, a device or a service (RFC 6749 4.1.3 and 4.4, RFC 8628 3.4)."""
        form = call.form()
        client_id = form.get("client_id", "")
        try:
            if form.get("grant_type") == _Grant.SERVICE and self.service_tokens:
                credentials = self._for_service(self.service_tokens, form, call)
            else:
                approved = self._redeem(form, client_id, call)
                self._count(approved.principal, call)
                credentials = self.sessions.issue(approved, client_id, call.request_id, call.now)
        except (AuthorizationPending, SlowDown):
            raise
        except (OAuthError, SessionError, TooManyRequests, LoginError) as refusal:
            detail: dict[str, Detail] = {"what": refusal.what, "client": client_id[:64]}
            self.audit.record(
                AuditRecord(AuditEvent.SESSION_REFUSED, call.now, call.request_id, code=refusal.code, detail=detail)
            )
            raise
        return JSONResponse(token_document(credentials, call))

    def revoke(self, call: Call) -> Response:
        """End a session; always 200, so that nobody learns whether a token was good (RFC 7009 2.2)."""
        token = call.form().get("token", "")
        try:
            session = self.sessions.read(Secret(token))
        except SessionError:
            return JSONResponse({})
        self.sessions.revoke(session, call.request_id, call.now)
        return JSONResponse({})

    def device_authorization(self, call: Call) -> Response:
        """Begin a device grant (RFC 8628 3.1)."""
        begun = self.devices.begin(call.form().get("client_id", ""), call.request_id, call.now)
        return JSONResponse(
            {
                "device_code": begun.device_code.reveal(),
                "user_code": begun.user_code,
                "verification_uri": f"{self.public_url}/device",
                "verification_uri_complete": f"{self.public_url}/device?{urlencode({'user_code': begun.user_code})}",
                "expires_in": int(begun.expires_in.total_seconds()),
                "interval": int(begun.interval.total_seconds()),
            }
        )

    def metadata(self, _call: Call) -> Response:
        """Where everything is (RFC 8414)."""
        return JSONResponse(
            {
                "issuer": self.public_url,
                "authorization_endpoint": f"{self.public_url}/oauth/authorize",
                "token_endpoint": f"{self.public_url}/oauth/token",
                "revocation_endpoint": f"{self.public_url}/oauth/revoke",
                "device_authorization_endpoint": f"{self.public_url}/oauth/device_authorization",
                "response_types_supported": ["code"],
                "grant_types_supported": [grant.value for grant in _Grant],
                "code_challenge_methods_supported": [CHALLENGE_METHOD],
                "token_endpoint_auth_methods_supported": ["none", "client_secret_post"],
                "revocation_endpoint_auth_methods_supported": ["none"],
                "authorization_response_iss_parameter_supported": True,
            }
        )

    def _for_service(self, grant: ServiceTokenGrant, form: dict[str, str], call: Call) -> SessionCredentials:
        """For a service the client is the token's id, and its secret the token (RFC 6749 2.3.1)."""
        presented = Secret(_field(form, "client_secret"))
        token = grant.authenticate(_field(form, "client_id"), presented, call.now)
        self._count(token.principal(), call)
        return grant.issue(token, call.request_id, call.now)

    def _count(self, who: Principal, call: Call) -> None:
        self.people.take(f"{who.identity_provider} {who.subject}", call.now)

    def _redeem(self, form: dict[str, str], client_id: str, call: Call) -> ApprovedLogin:
        match form.get("grant_type", ""):
            case _Grant.CODE:
                code, redirect_uri, verifier = (_field(form, n) for n in ("code", "redirect_uri", "code_verifier"))
                return self.codes.redeem(client_id, code, redirect_uri, verifier, call.now)
            case _Grant.DEVICE:
                return self.devices.poll(client_id, _field(form, "device_code"), call.now)
            case _:
                raise OAuthUnsupportedGrant("`grant_type` is none that the broker offers.")

    def _only_provider(self) -> str:
        names = list(self.login.providers)
        return names[0] if len(names) == 1 else ""

    def _ways_on(self, parameters: dict[str, str]) -> list[Choice]:
        return [
            Choice(
                name,
                label_of(provider),
                f"{self.public_url}/oauth/authorize?{urlencode(parameters | {'identity_provider': name})}",
            )
            for name, provider in self.login.providers.items()
        ]


def to_provider(begun: BegunLogin, cookies: Cookies) -> Response:
    """Send a browser to the identity provider, bound to the sign-in that it begins."""
    response = RedirectResponse(begun.redirect_url, SEE_OTHER)
    cookies.bind_login(response, begun.handle, begun.browser_key)
    return response


def oauth_problem(call: Call, error: Exception) -> JSONResponse:
    """A refusal in the words of RFC 6749 5.2, with our code and remedy beside them."""
    refusal = as_refusal(error, call.request_id)
    document = {
        "error": _oauth_error(refusal if isinstance(refusal, BrokerError) else BrokerError(refusal.what)),
        "error_description": refusal.what,
        "remedy": refusal.remedy,
        "code": refusal.code,
        "request_id": call.request_id,
    }
    return JSONResponse(document, status_of(refusal.code), retry_headers(refusal))


def _oauth_error(refusal: BrokerError) -> str:
    match refusal:
        case OAuthError():
            return refusal.oauth_error
        case LoginError():
            return "unauthorized_client"
        case RequestMalformed():
            return "invalid_request"
        case SessionError():
            return "invalid_grant"
        case TooManyRequests():
            return "temporarily_unavailable"
        case _:
            return "server_error"


def _field(form: dict[str, str], name: str) -> str:
    value = form.get(name, "")
    if not value or len(value) > _LONGEST_FIELD:
        raise OAuthError(f"`{name}` is missing or too long.")
    return value


def token_document(credentials: SessionCredentials, call: Call) -> dict[str, str | int]:
    """A session as its client gets it (RFC 6749 5.1, and who one is)."""
    session = credentials.session
    return {
        "access_token": credentials.session_token.reveal(),
        "token_type": "Bearer",
        "expires_in": int((session.expires_at - call.now).total_seconds()),
        "expires_at": session.expires_at.isoformat(),
        "subject": session.principal.subject,
        "source_identity": session.principal.source_identity,
        "access_role": session.principal.access_role,
    }
