"""The endpoints that identity providers and their administrators use."""

from dataclasses import dataclass

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from broker.errors import RequestMalformed
from broker.http.call import Call, Endpoints
from broker.http.cookies import Cookies
from broker.http.pages import Pages
from broker.login.service import DeviceApproved, LoginService, Outcome, ReturnToClient, SignInAnswer
from saml import metadata
from saml.model import RawResponse

SEE_OTHER = 303
"""After a POST the browser must GET what comes next (RFC 9110 15.4.4)."""


@dataclass(frozen=True, slots=True)
class SamlEndpoints:
    """Our metadata, and the assertion consumer service."""

    login: LoginService
    pages: Pages
    cookies: Cookies

    def routes(self, endpoints: Endpoints) -> list[Route]:
        """The routes."""
        return [
            endpoints.get("/saml/{identity_provider}/metadata", self.metadata),
            endpoints.post("/saml/{identity_provider}/acs", self.consume),
        ]

    def metadata(self, call: Call) -> Response:
        """What the provider's administrator uploads there."""
        provider = self.login.provider(call.request.path_params["identity_provider"])
        document = metadata.service_provider_metadata(provider.service_provider)
        return Response(document, media_type="application/samlmetadata+xml")

    def consume(self, call: Call) -> Response:
        """Take a response (SAML Bindings 3.5)."""
        identity_provider = call.request.path_params["identity_provider"]
        try:
            form = call.form()
            raw_response = form["SAMLResponse"].encode("ascii")
        except (KeyError, UnicodeEncodeError):
            refusal = RequestMalformed("The identity provider's answer came without a SAMLResponse.")
            self.login.refuse_unread(identity_provider, refusal, call.request_id, call.now)
            raise refusal from None
        except RequestMalformed as refusal:
            self.login.refuse_unread(identity_provider, refusal, call.request_id, call.now)
            raise
        handle = form.get("RelayState", "")
        answer = SignInAnswer(
            identity_provider=identity_provider,
            raw_response=RawResponse(raw_response),
            relay_state=handle,
            browser_key=self.cookies.login_key(call.request, handle),
        )
        response = self._show(self.login.finish(answer, call.request_id, call.now))
        self.cookies.forget_login(response, handle)
        return response

    def _show(self, outcome: Outcome) -> Response:
        match outcome:
            case ReturnToClient(url):
                return RedirectResponse(url, SEE_OTHER)
            case DeviceApproved(approved):
                return self.pages.device_approved(approved)
            case _:
                return self.pages.signed_in(outcome.approved)
