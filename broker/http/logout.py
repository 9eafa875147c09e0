"""Single logout over HTTP: the provider's requests, and the person's own."""

from dataclasses import dataclass
from urllib.parse import parse_qs

from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from broker.errors import RequestMalformed
from broker.http.call import Call, Endpoints, bearer_token
from broker.http.pages import Pages
from broker.login.logout import LogoutService
from broker.sts.service import SessionService
from saml.model import RawResponse

SEE_OTHER = 303


@dataclass(frozen=True, slots=True)
class LogoutEndpoints:
    """What providers and signed-in clients call."""

    logout: LogoutService
    sessions: SessionService
    pages: Pages

    def browser_routes(self, endpoints: Endpoints) -> list[Route]:
        """The routes to which a provider sends a browser."""
        path = "/saml/{identity_provider}/slo"
        return [endpoints.get(path, self.by_redirect), endpoints.post(path, self.by_post)]

    def client_routes(self, endpoints: Endpoints) -> list[Route]:
        """The routes that a client calls."""
        return [endpoints.post("/v1/logout", self.everywhere)]

    def by_redirect(self, call: Call) -> Response:
        """A request on the HTTP-Redirect binding, or the provider's answer to ours, by which nothing more ends."""
        name = call.request.path_params["identity_provider"]
        query = call.request.scope["query_string"].decode("ascii", errors="replace")
        fields = parse_qs(query)
        if "SAMLResponse" in fields:
            complete = self.logout.answered_by_redirect(name, query, call.request_id, call.now)
            return self.pages.signed_out(complete=complete)
        relay_state = fields.get("RelayState", [""])[0]
        return self._answer(self.logout.by_redirect(name, query, relay_state, call.request_id, call.now))

    def by_post(self, call: Call) -> Response:
        """As `by_redirect`, on the HTTP-POST binding."""
        name, form = call.request.path_params["identity_provider"], call.form()
        field = "SAMLResponse" if "SAMLResponse" in form else "SAMLRequest"
        if field not in form or not form[field].isascii():
            raise RequestMalformed("The identity provider's logout came without a SAMLRequest or SAMLResponse.")
        raw = RawResponse(form[field].encode())
        if field == "SAMLResponse":
            return self.pages.signed_out(complete=self.logout.answered_by_post(name, raw, call.request_id, call.now))
        relay_state = form.get("RelayState", "")
        return self._answer(self.logout.by_post(name, raw, relay_state, call.request_id, call.now))

    def everywhere(self, call: Call) -> Response:
        """End the session here; where to end the one at the provider is for the client to open."""
        session = self.sessions.open(bearer_token(call.request), call.now)
        url = self.logout.at_provider(session, call.now)
        self.sessions.revoke(session, call.request_id, call.now)
        return JSONResponse({"logout_url": url})

    def _answer(self, url: str) -> Response:
        return RedirectResponse(url, SEE_OTHER) if url else self.pages.signed_out()
