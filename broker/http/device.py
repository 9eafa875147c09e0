"""The pages of the device grant (RFC 8628 3.3): type the code, see it again and confirm, sign in."""

from dataclasses import dataclass

from starlette.responses import Response
from starlette.routing import Route

from broker.errors import LoginFromAnotherBrowser, LoginNotPending
from broker.http.call import Call, Endpoints
from broker.http.cookies import Cookies
from broker.http.pages import Pages, choices, label_of
from broker.login.device import DeviceFlow, canonical_user_code, shown_user_code
from broker.login.model import DeviceGrant
from broker.login.service import LoginService
from broker.secrets import Secret, random_token, same


@dataclass(frozen=True, slots=True)
class DeviceEndpoints:
    """What a person does for a machine without a browser.

    A link can bring somebody as far as the page that shows the code; to go on from there takes a press on that very
    page (the confirmation is in its form and in a cookie), so nobody approves a stranger's machine unseen (5.4).
    """

    login: LoginService
    devices: DeviceFlow
    pages: Pages
    cookies: Cookies

    def routes(self, endpoints: Endpoints) -> list[Route]:
        """The routes."""
        return [
            endpoints.get("/device", self.ask),
            endpoints.post("/device", self.show),
            endpoints.post("/device/confirm", self.confirm),
        ]

    def ask(self, call: Call) -> Response:
        """Ask for the code; a link may have filled it in."""
        typed = call.query().get("user_code", "")
        return self.pages.device_code(typed if canonical_user_code(typed) else "")

    def show(self, call: Call) -> Response:
        """Show what was typed, and ask whether the machine shows the same."""
        typed = call.form().get("user_code", "")
        grant = self.devices.find(typed, call.now)
        if grant is None:
            return self.pages.device_code(typed[:16], unknown=True)
        key = Secret(random_token())
        providers = choices(self.login.providers.values())
        page = self.pages.device_confirm(shown_user_code(typed), grant.client_id, key.reveal(), providers)
        self.cookies.bind_confirmation(page, key)
        return page

    def confirm(self, call: Call) -> Response:
        """Begin the sign-in for the machine, or refuse it."""
        form = call.form()
        key = self.cookies.confirmation_key(call.request)
        if not key or not same(key, form.get("confirmation", "")):
            raise LoginFromAnotherBrowser("The confirmation does not belong to this browser.")
        grant = self.devices.find(form.get("user_code", ""), call.now)
        if grant is None:
            raise LoginNotPending("The code is unknown, was used, or came to its end.")
        if form.get("decision") == "deny":
            self.devices.deny(grant, call.request_id, call.now)
            return self.pages.device_denied()
        return self._begin(form.get("identity_provider", ""), grant, call)

    def _begin(self, identity_provider: str, grant: DeviceGrant, call: Call) -> Response:
        begun = self.login.begin(
            identity_provider, call.request_id, call.now, device_code_digest=grant.device_code_digest
        )
        page = self.pages.go_on(label_of(self.login.provider(identity_provider)), begun.redirect_url)
        self.cookies.bind_login(page, begun.handle, begun.browser_key)
        return page
