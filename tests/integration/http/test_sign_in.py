"""Sign in at a provider, come back with a code, take the session: and every way in which that is refused."""

from typing import Any

import pytest

from broker.audit import AuditEvent
from tests.integration.http.conftest import CALLBACK, Browser, query
from tests.simulators.sign_in import ETHAN


def reference(response: Any) -> str:
    number: str = response.headers["x-request-id"]
    return number


def test_a_sign_in_ends_in_a_session(browser: Browser) -> None:
    begun = browser.authorize()
    assert begun.status_code == 303
    assert begun.headers["location"].startswith("https://okta.example.net/sso?")
    cookie = begun.headers["set-cookie"]
    assert cookie.startswith("__Host-broker-login-")
    assert {"HttpOnly", "Secure", "Path=/", "SameSite=none"} <= set(cookie.split("; "))

    answered = browser.post(browser.answer(begun.headers["location"]))
    answer = query(answered)
    assert (answer["state"], answer["iss"]) == ("xyz", "https://broker.example.com")
    assert "Max-Age=0" in answered.headers["set-cookie"]

    redeemed = browser.redeem(answer["code"])
    assert redeemed.status_code == 200
    assert redeemed.headers["cache-control"] == "no-store"
    session = redeemed.json()
    assert session["access_token"].startswith("wab1.")
    assert {name: session[name] for name in ("token_type", "expires_in", "subject", "access_role")} == {
        "token_type": "Bearer",
        "expires_in": 3600,
        "subject": "ethan@example.com",
        "access_role": "analyst",
    }


def test_a_code_is_no_good_twice_or_with_another_verifier(browser: Browser) -> None:
    code = query(browser.sign_in())["code"]
    refused = browser.redeem(code, code_verifier="w" * 43)
    assert refused.status_code == 400
    assert (refused.json()["error"], refused.json()["code"]) == ("invalid_grant", "oauth-invalid-grant")
    assert browser.redeem(code).status_code == 400
    record = browser.world.store.audit.by_request(reference(refused))[0]
    assert (record.event, record.code) == (AuditEvent.SESSION_REFUSED, "oauth-invalid-grant")
    assert code not in repr(record)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": ""}, "unsupported_grant_type"),
        ({"client_id": "evil"}, "invalid_client"),
        ({"code": ""}, "invalid_request"),
    ],
)
def test_the_token_endpoint_speaks_rfc_6749(browser: Browser, changes: dict[str, str], error: str) -> None:
    refused = browser.redeem("code", **changes)
    assert refused.json()["error"] == error
    assert refused.status_code in (400, 401)


def test_an_answer_replayed_is_refused(browser: Browser) -> None:
    form = browser.answer(browser.authorize().headers["location"])
    browser.post(form)
    assert browser.post(form).status_code == 400


def test_an_answer_in_another_browser_is_refused_here_and_goes_nowhere(browser: Browser) -> None:
    form = browser.answer(browser.authorize().headers["location"])
    browser.http.cookies.clear()
    refused = browser.post(form)
    assert refused.status_code == 403
    assert "begun in another browser" in refused.text
    assert reference(refused) in refused.text
    assert browser.world.store.audit.by_request(reference(refused))[0].code == "login-from-another-browser"


def test_an_answer_at_another_provider_is_refused(browser: Browser) -> None:
    form = browser.answer(browser.authorize().headers["location"])
    assert browser.post(form, "portal").status_code == 403
    assert "login-at-another-provider" in browser.world.codes_in_audit()


def test_two_tabs_of_one_browser_do_not_end_each_other_s_sign_in(browser: Browser) -> None:
    first, second = browser.authorize().headers["location"], browser.authorize().headers["location"]
    assert "code" in query(browser.post(browser.answer(first)))
    assert "code" in query(browser.post(browser.answer(second)))


def test_a_refused_assertion_goes_to_the_client_that_waits_without_its_cause(browser: Browser) -> None:
    response = browser.sign_in(recipient="https://evil.example/acs")
    answer = query(response)
    assert (answer["error"], answer["state"], answer["reference"]) == ("access_denied", "xyz", reference(response))
    assert "ecipient" not in response.headers["location"]
    assert browser.world.store.audit.by_request(reference(response))[0].code == "saml-recipient-wrong"


@pytest.mark.parametrize(
    ("form", "status", "code"),
    [
        ({}, 400, "request-malformed"),
        ({"SAMLResponse": "é"}, 400, "request-malformed"),
        ({"SAMLResponse": "!!!"}, 403, "unsolicited-login-refused"),
        ({"SAMLResponse": "AAAA", "RelayState": "https://evil.example/"}, 403, "unsolicited-login-refused"),
        ({"SAMLResponse": "AAAA", "RelayState": "a" * 32}, 400, "login-not-pending"),
        ({"SAMLResponse": "A" * 600_000}, 413, "request-too-large"),
    ],
)
def test_what_is_no_answer_gets_a_page_and_a_record(
    browser: Browser, form: dict[str, str], status: int, code: str
) -> None:
    refused = browser.post(form)
    assert refused.status_code == status
    assert refused.headers["content-type"].startswith("text/html")
    assert reference(refused) in refused.text
    assert "evil" not in refused.text
    record = browser.world.store.audit.by_request(reference(refused))[0]
    assert (record.event, record.code) == (AuditEvent.LOGIN_REFUSED, code)


def test_junk_where_a_provider_may_begin_gets_a_page_that_says_little(browser: Browser) -> None:
    refused = browser.post({"SAMLResponse": "PGE+PC9hPg=="}, "portal")
    assert refused.status_code == 403
    assert "could not be accepted" in refused.text
    assert "saml-" not in refused.text


def test_a_sign_in_that_the_portal_began_says_who_you_are_and_what_to_type(browser: Browser) -> None:
    page = browser.post(browser.unasked("portal"), "portal")
    assert page.status_code == 200
    for text in ("ethan@example.com", "sales", "finance", "broker login", "analyst"):
        assert text in page.text
    assert browser.post(browser.unasked("okta")).status_code == 403


def test_what_an_assertion_says_is_text_on_the_page(browser: Browser) -> None:
    form = browser.unasked("portal")
    value = browser.world.portal.respond(
        None,
        browser.world.acs_url("portal"),
        browser.world.entity_id("portal"),
        browser.world.clock(),
        attributes=_with_name("<script>alert(1)</script>"),
    )
    page = browser.post(form | {"SAMLResponse": value}, "portal")
    assert "<script" not in page.text


def _with_name(name: str) -> dict[str, Any]:
    return ETHAN | {"https://aws.amazon.com/SAML/Attributes/RoleSessionName": name}


def test_several_providers_and_none_named_gives_a_choice(browser: Browser) -> None:
    page = browser.authorize(identity_provider="")
    assert page.status_code == 200
    assert "identity_provider=okta" in page.text
    assert "identity_provider=portal" in page.text
    assert "https://broker.example.com/oauth/authorize?" in page.text


@pytest.mark.parametrize(
    "changes",
    [{"redirect_uri": "https://evil.example/"}, {"client_id": "evil"}, {"redirect_uri": "http://localhost:1/"}],
)
def test_a_redirect_that_is_not_ours_to_make_is_refused_on_a_page(browser: Browser, changes: dict[str, str]) -> None:
    refused = browser.authorize(**changes)
    assert refused.status_code == 400
    assert "location" not in refused.headers
    assert "evil" not in refused.text


def test_any_other_fault_of_the_request_goes_back_to_the_client(browser: Browser) -> None:
    assert query(browser.authorize(code_challenge_method="plain"))["error"] == "invalid_request"
    assert query(browser.authorize(response_type="token"))["error"] == "unsupported_response_type"
    assert query(browser.authorize(identity_provider="evil"))["error"] == "invalid_request"


def test_a_parameter_given_twice_is_refused(browser: Browser) -> None:
    assert browser.http.get(f"/oauth/authorize?redirect_uri={CALLBACK}&redirect_uri={CALLBACK}").status_code == 400


def test_the_host_header_changes_nothing(browser: Browser) -> None:
    page = browser.http.get("/", headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
    assert "evil.example" not in page.text
    assert "https://broker.example.com/static/broker.css" in page.text
    begun = browser.http.get("/sign-in/okta", headers={"Host": "evil.example"})
    assert "evil.example" not in begun.headers["location"]


def test_a_sign_in_for_nobody_but_yourself(browser: Browser) -> None:
    begun = browser.http.get("/sign-in/okta")
    page = browser.post(browser.answer(begun.headers["location"]))
    assert page.status_code == 200
    assert "You are signed in" in page.text


def test_our_metadata_names_us(browser: Browser) -> None:
    document = browser.http.get("/saml/okta/metadata")
    assert document.headers["content-type"].startswith("application/samlmetadata+xml")
    assert "https://broker.example.com/saml/okta/acs" in document.text
    assert browser.http.get("/saml/evil/metadata").status_code == 404
