"""A program brings a SAML response that no browser asked for: what it gets, and every way in which it gets nothing."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import pytest
from httpx import Response
from starlette.testclient import TestClient

from broker.audit import AuditEvent
from broker.config.model import AWS_ATTRIBUTES, ServerConfig
from tests.integration.http.conftest import WAREHOUSE, Browser, application
from tests.integration.http.test_corpus import recorded
from tests.simulators.saml_corpus import form_of, settle
from tests.simulators.saml_lies import HOSTILE
from tests.simulators.saml_tag_lies import AT_SIGN_IN
from tests.simulators.saml_truths import TRUTHS, Asked
from tests.simulators.saml_world import PROVIDER, SERVICE_PROVIDER, SIMULATED
from tests.simulators.sign_in import ETHAN, ROLE_ARN, SignInWorld

ABOUT_THE_REQUEST = tuple(name for name in HOSTILE if "in-response-to" in name)
"""They lie about a request; here there is none."""

SOME: Final = slice(None, None, 4)
"""The same validation stands behind the assertion consumer service, where the whole corpus is told."""


def brought(browser: Browser, name: str = "portal", **facts: Any) -> dict[str, str]:
    """What a program would send that got the answer of provider `name`."""
    facts = {"attributes": ETHAN, "request_id": None} | facts
    value = browser.world.simulated(name).respond(
        facts.pop("request_id"),
        browser.world.acs_url(name),
        browser.world.entity_id(name),
        browser.world.clock(),
        **facts,
    )
    return {"identity_provider": name, "saml_response": value}


def exchange(browser: Browser, body: dict[str, Any]) -> Response:
    return browser.http.post("/v1/saml-session", json=body)


def code_of(response: Response) -> str:
    code: str = response.json()["code"]
    return code


def test_a_response_becomes_a_session(browser: Browser) -> None:
    answered = exchange(browser, brought(browser))
    assert answered.status_code == 200, answered.text
    assert answered.headers["cache-control"] == "no-store"
    session = answered.json()
    assert (session["subject"], session["access_role"]) == ("ethan@example.com", "analyst")
    bearer = {"Authorization": f"Bearer {session['access_token']}"}
    assert browser.http.get("/v1/whoami", headers=bearer).json()["identity_provider"] == "portal"
    issued = browser.http.post("/v1/credentials", json={"workgroup": WAREHOUSE.name}, headers=bearer)
    assert issued.json()["database_roles"] == ["sales"]
    records = browser.world.store.audit.by_request(answered.headers["x-request-id"])
    assert [record.event for record in records] == [AuditEvent.LOGIN_ACCEPTED, AuditEvent.SESSION_ISSUED]
    assert records[1].detail["client"] == "saml-session"


def test_the_only_provider_of_that_kind_need_not_be_named(browser: Browser) -> None:
    assert exchange(browser, {"saml_response": brought(browser)["saml_response"]}).status_code == 200


def test_nobody_is_guessed(browser: Browser) -> None:
    browser.world.providers["okta"] = browser.world.providers["portal"]
    refused = exchange(browser, {"saml_response": brought(browser)["saml_response"]})
    assert (refused.status_code, code_of(refused)) == (400, "request-malformed")


def test_a_response_is_good_once_and_at_one_place(browser: Browser) -> None:
    body = brought(browser)
    assert exchange(browser, body).status_code == 200
    again = exchange(browser, body)
    assert (again.status_code, code_of(again)) == (403, "assertion-replayed")
    assert recorded(browser, again) == ["assertion-replayed"]
    at_the_acs = browser.post({"SAMLResponse": body["saml_response"], "RelayState": ""}, "portal")
    assert recorded(browser, at_the_acs) == ["assertion-replayed"]
    unasked = browser.unasked("portal")
    assert browser.post(unasked, "portal").status_code == 200
    assert code_of(exchange(browser, {"saml_response": unasked["SAMLResponse"]})) == "assertion-replayed"


@pytest.mark.parametrize("name", ["okta", "portal"])
def test_the_answer_to_a_browser_s_sign_in_is_not_taken(browser: Browser, name: str) -> None:
    """Not while it is pending, and not with the browser's own cookie either."""
    config = replace(browser.world.providers[name].config, allow_unsolicited=True, allow_exchange=True)
    browser.world.providers[name] = replace(browser.world.providers[name], config=config)
    form = browser.answer(browser.authorize(identity_provider=name).headers["location"], name)
    refused = exchange(browser, {"identity_provider": name, "saml_response": form["SAMLResponse"]})
    assert (refused.status_code, code_of(refused)) == (403, "login-failed")
    assert recorded(browser, refused) == ["saml-in-response-to-wrong"]
    assert browser.post(form, name).status_code == 303, "and it is still good where it belongs"


@pytest.mark.parametrize("allowed", [{}, {"allow_unsolicited": True}, {"allow_exchange": True}])
def test_a_provider_must_be_allowed_by_name(browser: Browser, allowed: dict[str, bool]) -> None:
    config = replace(browser.world.providers["okta"].config, **allowed)
    browser.world.providers["okta"] = replace(browser.world.providers["okta"], config=config)
    refused = exchange(browser, brought(browser, "okta"))
    assert (refused.status_code, code_of(refused)) == (403, "unsolicited-login-refused")
    assert "allow_exchange" in refused.json()["remedy"]
    assert recorded(browser, refused) == ["unsolicited-login-refused"]


def test_an_access_role_may_be_wished_for(browser: Browser) -> None:
    assert exchange(browser, brought(browser) | {"access_role": ROLE_ARN}).json()["access_role"] == "analyst"
    assert code_of(exchange(browser, brought(browser) | {"access_role": "admin"})) == "access-role-refused"


def test_a_person_who_lost_a_role_lost_it(browser: Browser) -> None:
    earlier = exchange(browser, brought(browser)).json()["access_token"]
    fewer = ETHAN | {AWS_ATTRIBUTES + "PrincipalTag:RedshiftDbRoles": "sales"}
    assert exchange(browser, brought(browser, attributes=fewer)).status_code == 200
    refused = browser.http.get("/v1/whoami", headers={"Authorization": f"Bearer {earlier}"})
    assert code_of(refused) == "session-superseded"


def test_force_authn_holds(browser: Browser) -> None:
    config = replace(browser.world.providers["portal"].config, force_authn=True)
    browser.world.providers["portal"] = replace(browser.world.providers["portal"], config=config)
    long_ago = browser.world.clock().replace(hour=11)
    assert code_of(exchange(browser, brought(browser, authn_instant=long_ago))) == "step-up-required"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"saml_response": ""},
        {"saml_response": "é\x00"},
        {"saml_response": ["AAAA"]},
        {"saml_response": "AAAA", "relay_state": "x"},
        {"saml_response": "AAAA", "identity_provider": 7},
    ],
)
def test_what_is_no_such_request_is_refused_and_recorded(browser: Browser, body: dict[str, Any]) -> None:
    refused = exchange(browser, body)
    assert (refused.status_code, code_of(refused)) == (400, "request-malformed")
    assert recorded(browser, refused) == ["request-malformed"]


def test_other_ways_of_asking_are_none(browser: Browser) -> None:
    assert browser.http.get("/v1/saml-session").status_code == 405
    assert browser.http.post("/v1/saml-session", data={"saml_response": "AAAA"}).status_code == 400
    assert browser.http.post("/v1/saml-session", content=b"{" * 600_000).status_code in (400, 413)
    unknown = exchange(browser, {"identity_provider": "nobody", "saml_response": "AAAA"})
    assert (unknown.status_code, code_of(unknown)) == (404, "identity-provider-unknown")


def test_an_address_and_a_person_are_held_to_their_rates(world: SignInWorld) -> None:
    def client(**limits: int) -> Browser:
        app = application(world, server=replace(ServerConfig(world.public_url), **limits))
        return Browser(world, TestClient(app, base_url=world.public_url))

    loud = client(requests_per_minute=8)
    answers = [exchange(loud, {"saml_response": "AAAA"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [403, 403, 429]
    assert answers[-1].headers["retry-after"] == "8"
    busy = client(sessions_per_minute=8)
    answers = [exchange(busy, brought(busy)) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert world.store.audit.by_request(answers[-1].headers["x-request-id"])[-1].code == "too-many-requests"


# --- the corpus ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def taker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A broker that takes the corpus' provider's answers without a browser."""
    world = settle(SignInWorld(tmp_path_factory.mktemp("corpus") / "keys"))
    okta = world.providers["okta"]
    config = replace(okta.config, allow_unsolicited=True, allow_exchange=True)
    world.providers["okta"] = replace(okta, config=config)
    unhurried = ServerConfig(world.public_url, requests_per_minute=1_000_000, sessions_per_minute=1_000_000)
    with TestClient(application(world, server=unhurried), base_url=world.public_url) as client:
        yield Browser(world, client)


def asked_by_nobody(taker: Browser) -> Asked:
    return Asked(
        None,  # type: ignore[arg-type]  # no request
        SERVICE_PROVIDER.acs_url,
        SERVICE_PROVIDER.entity_id,
        PROVIDER.entity_id,
        taker.world.clock(),
        SIMULATED.keys,
    )


@pytest.mark.parametrize("name", [name for name in HOSTILE if name not in ABOUT_THE_REQUEST][SOME])
def test_a_lie_gets_nothing_and_is_told_little(taker: Browser, name: str) -> None:
    lie = HOSTILE[name]
    refused = exchange(taker, {"identity_provider": "okta", "saml_response": form_of(lie, asked_by_nobody(taker))})
    assert recorded(taker, refused)[-1:] in ([lie.refusal.code], ["request-malformed"])
    assert "access_token" not in refused.text
    assert "saml-" not in refused.text


@pytest.mark.parametrize("name", list(AT_SIGN_IN)[SOME])
def test_an_injection_gets_nothing(taker: Browser, name: str) -> None:
    form = form_of(AT_SIGN_IN[name], asked_by_nobody(taker))
    refused = exchange(taker, {"identity_provider": "okta", "saml_response": form})
    assert (refused.status_code, recorded(taker, refused)) == (403, [AT_SIGN_IN[name].refusal.code])


@pytest.mark.parametrize("name", list(TRUTHS)[SOME])
def test_the_answer_to_a_request_gets_nothing_however_true(taker: Browser, name: str) -> None:
    asked = replace(asked_by_nobody(taker), request_id="_request")
    refused = exchange(taker, {"identity_provider": "okta", "saml_response": form_of(TRUTHS[name], asked)})
    assert "access_token" not in refused.text
    assert recorded(taker, refused)[-1:] in (["saml-in-response-to-wrong"], ["request-malformed"])
