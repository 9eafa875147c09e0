"""Every lie and every truth of the corpus, posted to the real application as a browser would.

A lie is refused with its code in the audit and nothing but the public reason on the page; a truth lands.
"""

import html
from collections.abc import Iterator

import pytest
from httpx import Response
from starlette.testclient import TestClient

from broker.audit import AuditEvent
from broker.config.model import ServerConfig
from broker.login.refusal import PUBLIC_REASONS
from saml.errors import SamlError
from tests.integration.http.conftest import WAREHOUSE, Browser, application, query
from tests.simulators.identity_provider import read_request
from tests.simulators.saml_corpus import form_of, settle
from tests.simulators.saml_lie_kit import Case
from tests.simulators.saml_lies import HOSTILE
from tests.simulators.saml_tag_lies import AT_CREDENTIALS, AT_SIGN_IN, TagLie
from tests.simulators.saml_truths import TRUTHS, Asked, Truth
from tests.simulators.saml_world import PROVIDER, SIMULATED
from tests.simulators.sign_in import SignInWorld
from tests.unit.broker.credentials.double import WarehouseDouble


@pytest.fixture(scope="module")
def warehouse() -> WarehouseDouble:
    return WarehouseDouble()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory, warehouse: WarehouseDouble) -> Iterator[Browser]:
    world = settle(SignInWorld(tmp_path_factory.mktemp("corpus") / "keys"))
    unhurried = ServerConfig(world.public_url, requests_per_minute=1_000_000, sessions_per_minute=1_000_000)
    app = application(world, {WAREHOUSE.name: warehouse}, unhurried)
    with TestClient(app, base_url=world.public_url, follow_redirects=False) as client:
        yield Browser(world, client)


@pytest.fixture(autouse=True)
def _empty_jar(browser: Browser) -> None:
    """Every refused sign-in leaves its cookie: hundreds of them would take longer than the rest of a test."""
    browser.http.cookies.clear()


def told(browser: Browser, begun: Response, what: Case | TagLie | Truth) -> Response:
    """Answer the sign-in that `begun` sent to the provider."""
    request = read_request(begun.headers["location"])
    asked = Asked(
        request.request_id, request.acs_url, request.issuer, PROVIDER.entity_id, browser.world.clock(), SIMULATED.keys
    )
    return browser.post({"SAMLResponse": form_of(what, asked), "RelayState": request.relay_state})


def recorded(browser: Browser, response: Response) -> list[str]:
    records = browser.world.store.audit.by_request(response.headers["x-request-id"])
    return [record.code for record in records if record.code]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_lie_gets_a_page_that_says_little(browser: Browser, name: str) -> None:
    lie = HOSTILE[name]
    refused = told(browser, browser.http.get("/sign-in/okta"), lie)
    assert refused.status_code == 403
    assert recorded(browser, refused) == [lie.refusal.code]
    assert issubclass(lie.refusal, SamlError)
    page = html.unescape(refused.text)
    assert PUBLIC_REASONS[lie.refusal.public] in page
    assert refused.headers["x-request-id"] in page
    assert "saml-" not in page
    assert "admin" not in page.replace("administrator", "")


@pytest.mark.parametrize("name", AT_SIGN_IN)
def test_an_injection_is_refused(browser: Browser, name: str) -> None:
    refused = told(browser, browser.authorize(), AT_SIGN_IN[name])
    assert query(refused)["error"] == "access_denied"
    assert recorded(browser, refused) == [AT_SIGN_IN[name].refusal.code]


@pytest.mark.parametrize("name", AT_CREDENTIALS)
def test_a_name_that_no_warehouse_has_gets_no_credentials(
    browser: Browser, warehouse: WarehouseDouble, name: str
) -> None:
    code = query(told(browser, browser.authorize(), AT_CREDENTIALS[name]))["code"]
    bearer = {"Authorization": f"Bearer {browser.redeem(code).json()['access_token']}"}
    warehouse.desired.clear()
    refused = browser.http.post("/v1/credentials", json={"workgroup": WAREHOUSE.name}, headers=bearer)
    assert refused.status_code == 403, refused.text
    assert refused.json()["code"] == AT_CREDENTIALS[name].refusal.code
    assert recorded(browser, refused) == [AT_CREDENTIALS[name].refusal.code]
    assert not [login for login in warehouse.desired if login.alias or login.database_roles]


@pytest.mark.parametrize("name", TRUTHS)
def test_a_truth_lands(browser: Browser, name: str) -> None:
    landed = told(browser, browser.authorize(), TRUTHS[name])
    answer = query(landed)
    assert "error" not in answer, recorded(browser, landed)
    assert not recorded(browser, landed)
    records = browser.world.store.audit.by_request(landed.headers["x-request-id"])
    # A truth that says more or less of the person than the one before ends the session of that one.
    assert [record.event for record in records if record.event is not AuditEvent.SESSION_REVOKED] == [
        AuditEvent.LOGIN_ACCEPTED
    ]
    assert browser.redeem(answer["code"]).json()["source_identity"] == "ethan@example.com"
