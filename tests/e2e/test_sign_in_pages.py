"""The pages of a sign-in that the demonstration does not come to: a choice, what is missing, what was refused."""

import base64
import socket
import threading
from dataclasses import replace
from urllib.parse import urlencode

import pytest
import uvicorn
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from broker.clock import utc_now
from tests.e2e.test_pages import assert_for_everybody
from tests.integration.http.conftest import CALLBACK, application
from tests.simulators.identity_provider import read_request
from tests.simulators.saml_tag_lies import ROLES, USER
from tests.simulators.sign_in import ETHAN, SignInWorld

pytestmark = [pytest.mark.browser, pytest.mark.integration]

POST = """
const form = document.createElement("form");
form.method = "post";
form.action = arguments[0];
for (const [name, value] of Object.entries(arguments[1])) {
  const field = document.createElement("input");
  field.name = name;
  field.value = value;
  form.append(field);
}
document.body.append(form);
form.submit();
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """The real application and web server, on a store in memory; the providers' own page is one of the server's."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    world = SignInWorld(tmp_path_factory.mktemp("lobby") / "keys", public_url=f"http://127.0.0.1:{port}")
    world.clock.now = utc_now()
    for name, trusted in list(world.providers.items()):
        theirs = replace(trusted.identity_provider, sign_in_url=f"http://localhost:{port}/healthz")
        world.providers[name] = replace(trusted, identity_provider=theirs)
    server = uvicorn.Server(uvicorn.Config(application(world), port=port, log_level="warning"))
    running = threading.Thread(target=server.run)
    running.start()
    try:
        yield world
    finally:
        server.should_exit = True
        running.join()


def sign_in(world, driver, **changes):
    """Answer a sign-in of this browser from a page of another origin; None leaves an attribute out."""
    driver.get(f"{world.public_url}/sign-in/okta")
    request = read_request(driver.current_url)
    stated = {name: value for name, value in (ETHAN | changes.pop("attributes", {})).items() if value is not None}
    audience = changes.get("audience", request.issuer)
    value = world.okta.respond(request.request_id, request.acs_url, audience, world.clock(), attributes=stated)
    driver.get("data:text/html,<title>elsewhere</title>")
    driver.execute_script(POST, request.acs_url, {"SAMLResponse": value, "RelayState": request.relay_state})
    WebDriverWait(driver, 30).until(lambda _: driver.current_url == request.acs_url)
    return driver.find_element(By.TAG_NAME, "main").text


def test_several_providers_are_a_choice_by_keyboard_too(world, tab):
    asked = {
        "response_type": "code",
        "client_id": "broker-cli",
        "redirect_uri": CALLBACK,
        "state": "xyz",
        "code_challenge": base64.urlsafe_b64encode(b"x" * 32).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    tab.get(f"{world.public_url}/oauth/authorize?{urlencode(asked)}")
    assert tab.title.startswith("Choose where to sign in")
    assert_for_everybody(tab)
    links = tab.find_elements(By.CSS_SELECTOR, ".choices a")
    assert [link.text for link in links] == ["Okta", "Portal"]
    links[1].send_keys("\n")
    WebDriverWait(tab, 30).until(lambda driver: "SAMLRequest=" in driver.current_url)
    assert read_request(tab.current_url).issuer == world.entity_id("portal")


def test_whoever_is_signed_in_sees_as_whom(world, tab):
    page = sign_in(world, tab)
    assert "ethan@example.com" in page
    assert "broker credentials" in page
    assert_for_everybody(tab)


def test_whoever_has_no_group_is_told_what_to_do(world, tab):
    page = sign_in(world, tab, attributes={ROLES: ":"})
    assert "No database role was asserted for you" in page
    assert "broker credentials" not in page
    assert_for_everybody(tab)


@pytest.mark.parametrize(
    ("facts", "code", "told"),
    [
        ({"attributes": {USER: None}}, "principal-tag-invalid", "PrincipalTag:RedshiftDbUser"),
        ({"attributes": {USER: "e" * 257}}, "principal-tag-invalid", "257 characters"),
        ({"audience": "urn:another"}, "saml-audience-wrong", "could not be accepted"),
    ],
)
def test_a_failure_says_what_it_may_and_its_number_finds_the_rest(world, tab, facts, code, told):
    page = sign_in(world, tab, **facts)
    assert tab.title.startswith("That did not work")
    assert told in page
    assert ("saml-" in page) is False
    assert_for_everybody(tab)
    reference = tab.find_element(By.CSS_SELECTOR, "dd code").text
    (record,) = world.store.audit.by_request(reference)
    assert record.code == code
