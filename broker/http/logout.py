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
        query = call.request.scope["query_string"].decode("ascii", errors="replace")
        if "SAMLResponse" in parse_qs(query):
            return self.pages.signed_out()
        relay_state = parse_qs(query).get("RelayState", [""])[0]
        return self._answer(
            self.logout.by_redirect(
                call.request.path_params["identity_provider"], query, relay_state, call.request_id, call.now
            )
        )

    def by_post(self, call: Call) -> Response:
        """As `by_redirect`, on the HTTP-POST binding."""
        form = call.form()
        if "SAMLResponse" in form:
            return self.pages.signed_out()
        if "SAMLRequest" not in form or not form["SAMLRequest"].isascii():
            raise RequestMalformed("The identity provider's logout came without a SAMLRequest.")
        raw = RawResponse(form["SAMLRequest"].encode())
        return self._answer(
            self.logout.by_post(
                call.request.path_params["identity_provider"],
                raw,
                form.get("RelayState", ""),
                call.request_id,
                call.now,
            )
        )

    def everywhere(self, call: Call) -> Response:
        """End the session here; where to end the one at the provider is for the client to open."""
        session = self.sessions.open(bearer_token(call.request), call.now)
        url = self.logout.at_provider(session, call.now)
        self.sessions.revoke(session, call.request_id, call.now)
        return JSONResponse({"logout_url": url})

    def _answer(self, url: str) -> Response:
        return RedirectResponse(url, SEE_OTHER) if url else self.pages.signed_out()
