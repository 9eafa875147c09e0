"""Where a person begins who came by hand: the home page, and a sign-in for nobody but themselves."""

from dataclasses import dataclass

from starlette.responses import Response
from starlette.routing import Route

from broker.http.call import Call, Endpoints
from broker.http.cookies import Cookies
from broker.http.oauth import to_provider
from broker.http.pages import Pages, choices
from broker.login.service import LoginService


@dataclass(frozen=True, slots=True)
class StartEndpoints:
    """A sign-in that ends on a page which says who you are: what an administrator tries first."""

    login: LoginService
    pages: Pages
    cookies: Cookies

    def routes(self, endpoints: Endpoints) -> list[Route]:
        """The routes."""
        return [endpoints.get("/", self.home), endpoints.get("/sign-in/{identity_provider}", self.sign_in)]

    def home(self, _call: Call) -> Response:
        """What this is, and how to begin."""
        return self.pages.home(choices(self.login.providers.values()))

    def sign_in(self, call: Call) -> Response:
        """Send the browser to the identity provider."""
        name = call.request.path_params["identity_provider"]
        return to_provider(self.login.begin(name, call.request_id, call.now), self.cookies)
