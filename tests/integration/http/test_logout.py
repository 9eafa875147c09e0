"""Single logout through the application: the provider ends what it began, and nobody else does."""

import base64
import zlib
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

from httpx import Response
from starlette.testclient import TestClient

from broker.audit import AuditEvent
from broker.credentials.model import LeaseState
from saml.authn_request import new_request_id
from tests.integration.http.conftest import Browser, query
from tests.simulators.identity_provider import read_request
from tests.simulators.saml_keys import KeyPair, key_pair
from tests.simulators.sign_in import SignInWorld
from tests.simulators.single_logout import answer, message, posted, redirect_query


def whoami(http: TestClient, token: str) -> int:
    return http.get("/v1/whoami", headers={"Authorization": f"Bearer {token}"}).status_code


def asked(world: SignInWorld, **changes: Any) -> str:
    return message(world.okta, world.slo_url("okta"), world.clock(), **changes)


def lease(http: TestClient, token: str) -> str:
    answer = http.post("/v1/credentials", json={"workgroup": "demo"}, headers={"Authorization": f"Bearer {token}"})
    found: str = answer.json()["lease_id"]
    return found


def test_a_logout_at_the_provider_ends_sessions_and_logins(
    world: SignInWorld, browser: Browser, app_client: TestClient
) -> None:
    token = browser.token()
    made = lease(app_client, token)
    done = app_client.get("/saml/okta/slo?" + redirect_query(asked(world), world.okta.keys, relay_state="back"))
    assert done.status_code == 303
    answer = read_answer(done.headers["location"])
    assert answer.startswith(b"<samlp:LogoutResponse")
    assert b'InResponseTo="_logout"' in answer
    assert "&RelayState=back" in done.headers["location"]
    assert whoami(app_client, token) == 401
    found = world.store.leases.get(made)
    assert found is not None
    assert found.state is LeaseState.ENDING
    events = [record.event for record in world.store.audit.by_request(done.headers["x-request-id"])]
    assert events == [AuditEvent.SESSION_REVOKED, AuditEvent.LOGOUT_ACCEPTED]


def read_answer(location: str) -> bytes:
    assert location.startswith("https://okta.example.net/slo?SAMLResponse=")
    packed = parse_qs(urlsplit(location).query)["SAMLResponse"][0]
    return zlib.decompress(base64.b64decode(packed), -15)


def test_it_may_come_as_a_form(world: SignInWorld, browser: Browser, app_client: TestClient) -> None:
    token = browser.token()
    form = {"SAMLRequest": posted(asked(world), world.okta, world.okta.keys, world.clock())}
    assert app_client.post("/saml/okta/slo", data=form).status_code == 303
    assert whoami(app_client, token) == 401


def test_only_the_named_sessions_end(world: SignInWorld, browser: Browser, app_client: TestClient) -> None:
    ended = browser.token()
    kept = browser.redeem(query(browser.sign_in(session_index="_other"))["code"]).json()["access_token"]
    app_client.get("/saml/okta/slo?" + redirect_query(asked(world), world.okta.keys))
    assert (whoami(app_client, ended), whoami(app_client, kept)) == (401, 200)


def test_one_request_counts_once(world: SignInWorld, browser: Browser, app_client: TestClient) -> None:
    url = "/saml/okta/slo?" + redirect_query(asked(world), world.okta.keys)
    assert app_client.get(url).status_code == 303
    token = browser.token()
    again = app_client.get(url)
    assert again.status_code == 403
    assert whoami(app_client, token) == 200
    (record,) = world.store.audit.by_request(again.headers["x-request-id"])
    assert (record.event, record.code) == (AuditEvent.LOGOUT_REFUSED, "assertion-replayed")


def test_nobody_else_ends_anything(world: SignInWorld, browser: Browser, app_client: TestClient) -> None:
    token, stranger, now = browser.token(), key_pair("stranger"), world.clock()
    as_portal = message(world.portal, world.slo_url("portal"), now)
    attempts = [
        app_client.get("/saml/okta/slo?" + redirect_query(asked(world), stranger)),
        app_client.get("/saml/okta/slo"),
        app_client.get("/saml/nobody/slo?" + redirect_query(asked(world), world.okta.keys)),
        # Another provider's good request, at its own door and at this one.
        app_client.get("/saml/portal/slo?" + redirect_query(as_portal, world.portal.keys)),
        app_client.get("/saml/okta/slo?" + redirect_query(as_portal, world.portal.keys)),
        app_client.post("/saml/okta/slo", data={"SAMLRequest": posted(asked(world), world.okta, stranger, now)}),
        app_client.post("/saml/okta/slo", data={}),
        app_client.post("/saml/okta/slo", data={"SAMLResponse": "x"}),
        app_client.get("/saml/okta/slo?SAMLResponse=x"),
    ]
    if world.portal.keys == world.okta.keys:
        assert attempts[4].status_code == 403
    assert [answer.status_code for answer in attempts] == [403, 403, 404, 303, 403, 403, 400, 403, 403]
    assert whoami(app_client, token) == 200


def test_database_sessions_may_be_let_live(world: SignInWorld, browser: Browser, app_client: TestClient) -> None:
    token = browser.token()
    made = lease(app_client, token)
    service = replace(world.sessions, provider_logout_ends_leases=False)
    assert len(service.end_at_provider("okta", "ethan@example.com", (), "r", world.clock())) == 1
    found = world.store.leases.get(made)
    assert found is not None
    assert found.state is LeaseState.ACTIVE
    assert whoami(app_client, token) == 401


def test_a_person_signs_out_everywhere(browser: Browser, app_client: TestClient) -> None:
    token = browser.token()
    answer = app_client.post("/v1/logout", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    url = answer.json()["logout_url"]
    assert url.startswith("https://okta.example.net/slo?SAMLRequest=")
    assert b"<samlp:SessionIndex>_session</samlp:SessionIndex>" in read_request(url).xml
    assert whoami(app_client, token) == 401
    assert app_client.post("/v1/logout", headers={"Authorization": f"Bearer {token}"}).status_code == 401


def our_request(browser: Browser, app_client: TestClient) -> str:
    """The ID of the request with which a person signs out everywhere."""
    answered = app_client.post("/v1/logout", headers={"Authorization": f"Bearer {browser.token()}"})
    found = ElementTree.fromstring(read_request(answered.json()["logout_url"]).xml).get("ID")
    assert found
    return found


def answering(world: SignInWorld, in_response_to: str, keys: KeyPair | None = None, **changes: Any) -> str:
    text = answer(world.okta, world.slo_url("okta"), world.clock(), in_response_to=in_response_to, **changes)
    return "/saml/okta/slo?" + redirect_query(text, keys or world.okta.keys, parameter="SAMLResponse")


def refusal(world: SignInWorld, response: Response) -> str:
    """The code that the audit has; the person sees one and the same."""
    assert response.status_code == 403
    assert "logout-unconfirmed" in response.text
    assert "You are signed out" not in response.text
    (record,) = world.store.audit.by_request(response.headers["x-request-id"])
    assert record.event is AuditEvent.LOGOUT_REFUSED
    return record.code


def test_the_answer_to_our_request_is_believed_once(
    world: SignInWorld, browser: Browser, app_client: TestClient
) -> None:
    url = answering(world, our_request(browser, app_client))
    done = app_client.get(url)
    assert (done.status_code, "You are signed out" in done.text) == (200, True)
    (record,) = world.store.audit.by_request(done.headers["x-request-id"])
    assert (record.event, record.detail) == (AuditEvent.LOGOUT_CONFIRMED, {"complete": 1})
    assert refusal(world, app_client.get(url)) == "assertion-replayed"


def test_an_answer_may_come_as_a_form_and_may_be_incomplete(
    world: SignInWorld, browser: Browser, app_client: TestClient
) -> None:
    facts = {"in_response_to": our_request(browser, app_client), "inner": "PartialLogout"}
    text = answer(world.okta, world.slo_url("okta"), world.clock(), **facts)
    form = {"SAMLResponse": posted(text, world.okta, world.okta.keys, world.clock())}
    done = app_client.post("/saml/okta/slo", data=form)
    assert (done.status_code, "could not end every other session" in done.text) == (200, True)


def test_an_answer_to_nobody_s_request_is_refused(world: SignInWorld, browser: Browser, app_client: TestClient) -> None:
    ours = our_request(browser, app_client)
    stranger, invented = key_pair("stranger"), ours[:-2] + ("AA" if not ours.endswith("AA") else "BB")
    assert refusal(world, app_client.get(answering(world, ours, stranger))) == "saml-signature-invalid"
    assert refusal(world, app_client.get("/saml/okta/slo?SAMLResponse=x")) == "saml-signature-missing"
    for other in (invented, "_unknown", new_request_id()):
        assert refusal(world, app_client.get(answering(world, other))) == "saml-in-response-to-wrong"
    elsewhere = answer(world.portal, world.slo_url("portal"), world.clock(), in_response_to=ours)
    query = redirect_query(elsewhere, world.portal.keys, parameter="SAMLResponse")
    assert refusal(world, app_client.get("/saml/portal/slo?" + query)) == "saml-in-response-to-wrong"
    world.clock.advance(minutes=10)
    assert refusal(world, app_client.get(answering(world, ours))) == "saml-in-response-to-wrong"
