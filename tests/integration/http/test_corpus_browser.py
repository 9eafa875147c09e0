"""What another site would make a browser do: be led away, be signed in as somebody else, be framed."""

import gzip
from typing import Any

import pytest

from tests.integration.http.conftest import CALLBACK, Browser, query
from tests.simulators.identity_provider import read_request

ELSEWHERE = (
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example/",
    "\\\\evil.example",
    "javascript:alert(1)",
    "data:text/html,evil.example",
    "http://127.0.0.1:1/evil.example",
    "https://broker.example.com@evil.example/",
    "https://broker.example.com.evil.example/",
    "%2f%2fevil.example",
    "evil.example\r\nLocation: https://evil.example/",
    "evil.example" * 100,
)
FRAMES = ("/", "/device", "/sign-in/okta", "/sign-in/nobody", "/oauth/authorize", "/nowhere", "/healthz")


def codes(browser: Browser, response: Any) -> list[str]:
    records = browser.world.store.audit.by_request(response.headers["x-request-id"])
    return [record.code for record in records]


@pytest.mark.parametrize("relay_state", ELSEWHERE)
@pytest.mark.parametrize("name", ["okta", "portal"])
def test_no_relay_state_leads_away(browser: Browser, name: str, relay_state: str) -> None:
    """Even beside a good answer of a provider that may begin by itself, it is neither followed nor shown."""
    form = browser.unasked(name)
    answered = browser.post(form | {"RelayState": relay_state}, name)
    assert answered.status_code == (200 if name == "portal" else 403)
    assert "location" not in answered.headers
    assert "refresh" not in answered.headers
    assert "evil.example" not in answered.text


@pytest.mark.parametrize("relay_state", ELSEWHERE)
def test_an_answer_to_a_sign_in_cannot_be_turned_elsewhere(browser: Browser, relay_state: str) -> None:
    form = browser.answer(browser.authorize().headers["location"])
    answered = browser.post(form | {"RelayState": relay_state})
    assert codes(browser, answered) == ["unsolicited-login-refused"]
    assert "location" not in answered.headers


@pytest.mark.parametrize("address", [*ELSEWHERE, CALLBACK + "@evil.example", "http://127.0.0.1.evil.example:1/x"])
def test_no_return_address_leads_away(browser: Browser, address: str) -> None:
    refused = browser.authorize(redirect_uri=address)
    if address.startswith("http://127.0.0.1:1/"):
        assert refused.status_code == 303  # loopback: the person's own machine
        return
    assert refused.status_code == 400
    assert "location" not in refused.headers


def test_nobody_is_signed_in_as_the_attacker(browser: Browser) -> None:
    """Login CSRF: the attacker's answer and its RelayState, posted by the victim's browser."""
    form = browser.answer(browser.authorize().headers["location"])
    browser.http.cookies.clear()
    assert codes(browser, browser.post(form)) == ["login-from-another-browser"]


def test_a_sign_in_of_the_victim_s_own_does_not_help(browser: Browser) -> None:
    form = browser.answer(browser.authorize().headers["location"])
    browser.http.cookies.clear()
    browser.authorize()
    assert codes(browser, browser.post(form)) == ["login-from-another-browser"]


def test_the_victim_s_cookie_is_good_for_the_victim_s_sign_in_alone(browser: Browser) -> None:
    """The attacker's answer with the victim's handle: it answers another request."""
    theirs = browser.answer(browser.authorize().headers["location"])
    browser.http.cookies.clear()
    ours = read_request(browser.authorize().headers["location"]).relay_state
    answered = browser.post(theirs | {"RelayState": ours})
    assert query(answered)["error"] == "access_denied"
    assert codes(browser, answered) == ["saml-in-response-to-wrong"]


def test_a_cookie_that_the_attacker_planted_is_worth_nothing(browser: Browser) -> None:
    """Session fixation: each sign-in has a key of its own, and what was known before it is not taken."""
    begun = browser.authorize()
    name, _, value = begun.headers["set-cookie"].partition(";")[0].partition("=")
    again = browser.authorize()
    assert value not in again.headers["set-cookie"]
    browser.http.cookies.clear()
    browser.http.cookies.set(name, "planted")
    assert codes(browser, browser.post(browser.answer(begun.headers["location"]))) == ["login-from-another-browser"]


def test_a_sign_in_leaves_no_cookie_behind(browser: Browser) -> None:
    """There is no session in the browser that could be fixed, stolen or ridden."""
    answered = browser.sign_in()
    cookies = answered.headers.get_list("set-cookie")
    assert cookies
    assert all("Max-Age=0" in cookie for cookie in cookies)
    assert not browser.http.cookies


def test_a_sign_in_cannot_be_finished_twice(browser: Browser) -> None:
    begun = browser.authorize()
    form = browser.answer(begun.headers["location"])
    cookies = dict(browser.http.cookies)
    assert "code" in query(browser.post(form))
    browser.http.cookies.update(cookies)
    assert codes(browser, browser.post(form)) == ["login-not-pending"]


def test_a_code_is_good_for_who_asked_alone(browser: Browser) -> None:
    """The attacker's code in the victim's client, and the victim's in the attacker's: both lack the verifier."""
    code = query(browser.sign_in())["code"]
    assert browser.redeem(code, code_verifier="a" * 43).json()["error"] == "invalid_grant"
    other = query(browser.sign_in())["code"]
    assert browser.redeem(other, redirect_uri=CALLBACK + "x").json()["error"] == "invalid_grant"


@pytest.mark.parametrize("path", FRAMES)
def test_no_page_can_be_framed_sniffed_or_kept(browser: Browser, path: str) -> None:
    headers = browser.http.get(path).headers
    assert headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "script" not in headers["content-security-policy"]
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"


def test_a_refusal_has_the_same_headers(browser: Browser) -> None:
    refused = browser.post({"SAMLResponse": "!!!", "RelayState": ""}, "portal")
    assert refused.headers["x-frame-options"] == "DENY"
    assert "<script" not in refused.text


def test_the_consumer_takes_a_form_alone(browser: Browser) -> None:
    form = browser.answer(browser.authorize().headers["location"])
    for content_type in ("multipart/form-data; boundary=x", "text/plain", "application/json"):
        refused = browser.http.post("/saml/okta/acs", content=b"x", headers={"Content-Type": content_type})
        assert codes(browser, refused) == ["request-malformed"]
    assert browser.http.get("/saml/okta/acs", params=form).status_code == 405
    assert browser.http.post("/saml/okta/acs?SAMLResponse=x", data={}).status_code == 400
    twice = "&".join(["SAMLResponse=AAAA"] * 2)
    refused = browser.http.post(
        "/saml/okta/acs", content=twice, headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert codes(browser, refused) == ["request-malformed"]


def test_a_compressed_body_is_not_unpacked(browser: Browser) -> None:

    packed = gzip.compress(b"SAMLResponse=" + b"A" * 5_000_000)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Content-Encoding": "gzip"}
    refused = browser.http.post("/saml/okta/acs", content=packed, headers=headers)
    assert codes(browser, refused) == ["request-malformed"]
