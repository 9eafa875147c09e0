"""A SAML response that a program got without a browser, exchanged for a session: the native AssumeRoleWithSAML."""

from dataclasses import dataclass
from typing import Final

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from broker.audit import AuditEvent, AuditLog, AuditRecord, Detail
from broker.errors import LoginError, RequestMalformed, SessionError, TooManyRequests
from broker.http.call import Call, Endpoints, Fields
from broker.http.limits import RateLimit
from broker.http.oauth import token_document
from broker.login.model import ApprovedLogin
from broker.login.refusal import public_remedy, public_text
from broker.login.service import LoginService
from broker.sts.service import SessionService
from saml.errors import SamlError
from saml.model import RawResponse

CLIENT: Final = "saml-session"
"""What the session and the audit call whoever came this way."""

_LONGEST_RESPONSE: Final = 1_000_000
_LONGEST_ROLE: Final = 2048


@dataclass(frozen=True, slots=True)
class ExchangeEndpoints:
    """What programs without a browser call.

    Attributes:
        people: how often one person may begin a session, counted together with the token endpoint.
    """

    login: LoginService
    sessions: SessionService
    audit: AuditLog
    people: RateLimit

    def routes(self, endpoints: Endpoints) -> list[Route]:
        """The routes."""
        return [endpoints.post("/v1/saml-session", self.exchange)]

    def exchange(self, call: Call) -> Response:
        """A session for a response that answers no request."""
        name = ""
        try:
            fields = Fields(call.json())
            name = fields.text("identity_provider", "") or self._only_provider()
            raw_response = RawResponse(fields.text("saml_response", longest=_LONGEST_RESPONSE).encode())
            wish = fields.text("access_role", "", longest=_LONGEST_ROLE)
            fields.done()
        except RequestMalformed as refusal:
            self.login.refuse_unread(name, refusal, call.request_id, call.now)
            raise
        try:
            approved = self.login.exchange(name, raw_response, call.request_id, call.now, preferred_access_role=wish)
        except SamlError as refusal:  # its own code and text would be an oracle for whoever forged the response
            raise LoginError(public_text(refusal), remedy=public_remedy(refusal)) from None
        return JSONResponse(self._begin(approved, call))

    def _begin(self, approved: ApprovedLogin, call: Call) -> dict[str, str | int]:
        who = approved.principal
        try:
            self.people.take(f"{who.identity_provider} {who.subject}", call.now)
            credentials = self.sessions.issue(approved, CLIENT, call.request_id, call.now)
        except (SessionError, TooManyRequests) as refusal:
            detail: dict[str, Detail] = {"what": refusal.what, "client": CLIENT}
            self.audit.record(
                AuditRecord(AuditEvent.SESSION_REFUSED, call.now, call.request_id, code=refusal.code, detail=detail)
            )
            raise
        return token_document(credentials, call)

    def _only_provider(self) -> str:
        names = self.login.exchanging()
        if len(names) != 1:
            raise RequestMalformed("The field `identity_provider` is needed: not just one provider would be meant.")
        return names[0]
