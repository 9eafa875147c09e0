from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.errors import OAuthError, OAuthInvalidClient, OAuthInvalidGrant, OAuthRedirectRefused
from broker.login.model import ApprovedLogin, LoopbackRequest
from broker.login.oauth import (
    AuthorizationCodeGrant,
    ReturnAddress,
    challenge_of,
    parse_authorization_request,
    parse_return_address,
)
from broker.store.memory import MemoryAuthorizationCodes
from roles.principal import Principal
from tests.simulators.sign_in import NOW

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
REQUEST = {
    "response_type": "code",
    "client_id": "broker-cli",
    "redirect_uri": "http://127.0.0.1:50000/callback",
    "state": "xyz",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}
CLIENT = LoopbackRequest("broker-cli", REQUEST["redirect_uri"], "xyz", CHALLENGE)
APPROVED = ApprovedLogin(Principal("okta", "ethan", "ethan", "analyst", "ethan", ("sales",)), 3600, NOW)


def test_the_challenge_is_that_of_rfc_7636_appendix_b() -> None:
    assert challenge_of(VERIFIER) == CHALLENGE


def test_a_good_request_is_read() -> None:
    address = parse_return_address(REQUEST)
    assert parse_authorization_request(address, REQUEST) == CLIENT


@pytest.mark.parametrize("uri", ["http://127.0.0.1:1", "http://[::1]:65535/", "http://127.0.0.1:7890/redshift/"])
def test_loopback_redirects_are_taken(uri: str) -> None:
    assert parse_return_address(REQUEST | {"redirect_uri": uri}).redirect_uri == uri


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "http://localhost:50000/callback",
        "https://127.0.0.1:50000/callback",
        "http://127.0.0.1/callback",
        "http://127.0.0.1:0/callback",
        "http://127.0.0.1:65536/callback",
        "http://127.0.0.1:50000@evil.example/",
        "http://127.0.0.1:50000.evil.example/",
        "http://evil.example:50000/callback",
        "http://127.0.0.2:50000/",
        "http://127.0.0.1:50000/?next=http://evil.example",
        "http://127.0.0.1:50000/#x",
        "http://127.0.0.1:50000/\r\nSet-Cookie: a=b",
        "http://127.0.0.1:50000/callback\n",
        "http://127.0.0.1:\u0665\u0660/",
        " http://127.0.0.1:50000/",
    ],
)
def test_any_other_redirect_is_refused_before_anybody_is_sent_there(uri: str) -> None:
    with pytest.raises(OAuthRedirectRefused):
        parse_return_address(REQUEST | {"redirect_uri": uri})


@pytest.mark.parametrize("change", [{"client_id": "evil"}, {"client_id": ""}, {"state": "s" * 513}, {"state": "a\nb"}])
def test_a_client_or_state_that_is_not_ours_is_refused(change: dict[str, str]) -> None:
    with pytest.raises(OAuthRedirectRefused):
        parse_return_address(REQUEST | change)


@pytest.mark.parametrize(
    "change",
    [
        {"response_type": "token"},
        {"response_type": ""},
        {"code_challenge_method": "plain"},
        {"code_challenge_method": ""},
        {"code_challenge": ""},
        {"code_challenge": CHALLENGE + "="},
        {"code_challenge": CHALLENGE[:-1]},
    ],
)
def test_a_request_without_s256_or_for_anything_but_a_code_is_refused(change: dict[str, str]) -> None:
    parameters = REQUEST | change
    with pytest.raises(OAuthError):
        parse_authorization_request(parse_return_address(parameters), parameters)


@pytest.fixture
def grant() -> AuthorizationCodeGrant:
    return AuthorizationCodeGrant(MemoryAuthorizationCodes(), "https://broker.example.com")


def code_of(url: str) -> str:
    return parse_qs(urlsplit(url).query)["code"][0]


def redeem(grant: AuthorizationCodeGrant, code: str, **changes: Any) -> ApprovedLogin:
    fields = {
        "client_id": "broker-cli",
        "code": code,
        "redirect_uri": CLIENT.redirect_uri,
        "verifier": VERIFIER,
        "now": NOW + timedelta(seconds=59),
    }
    return grant.redeem(**(fields | changes))  # type: ignore[arg-type]


def test_a_code_is_good_once(grant: AuthorizationCodeGrant) -> None:
    url = grant.grant(CLIENT, APPROVED, NOW)
    assert url.startswith("http://127.0.0.1:50000/callback?")
    answer = parse_qs(urlsplit(url).query)
    assert answer["state"] == ["xyz"]
    assert answer["iss"] == ["https://broker.example.com"]
    assert redeem(grant, code_of(url)) == APPROVED
    with pytest.raises(OAuthInvalidGrant):
        redeem(grant, code_of(url))


@pytest.mark.parametrize(
    "lie",
    [
        {"verifier": VERIFIER[:-1] + "l"},
        {"verifier": ""},
        {"verifier": "é" * 43},
        {"redirect_uri": "http://127.0.0.1:50001/callback"},
        {"client_id": "wsql"},
        {"now": NOW + timedelta(seconds=60)},
    ],
)
def test_a_code_is_bound_to_what_it_was_made_for_and_a_wrong_try_uses_it_up(
    grant: AuthorizationCodeGrant, lie: dict[str, Any]
) -> None:
    code = code_of(grant.grant(CLIENT, APPROVED, NOW))
    with pytest.raises(OAuthInvalidGrant):
        redeem(grant, code, **lie)
    with pytest.raises(OAuthInvalidGrant):
        redeem(grant, code)


def test_a_stranger_gets_nothing_and_does_not_use_the_code_up(grant: AuthorizationCodeGrant) -> None:
    code = code_of(grant.grant(CLIENT, APPROVED, NOW))
    with pytest.raises(OAuthInvalidClient):
        redeem(grant, code, client_id="evil")
    assert redeem(grant, code) == APPROVED


def test_no_state_is_no_state(grant: AuthorizationCodeGrant) -> None:
    assert "state" not in parse_qs(urlsplit(grant.grant(replace(CLIENT, state=""), APPROVED, NOW)).query)


@given(st.text(max_size=60))
def test_a_refusal_is_told_in_the_characters_of_rfc_6749(description: str) -> None:
    grant = AuthorizationCodeGrant(MemoryAuthorizationCodes(), "https://broker.example.com")
    address = ReturnAddress("broker-cli", CLIENT.redirect_uri, "a&b=c")
    answer = parse_qs(
        urlsplit(grant.refuse(address, "access_denied", description, "ref")).query, keep_blank_values=True
    )
    assert answer["state"] == ["a&b=c"]
    assert answer["error"] == ["access_denied"]
    assert all(0x20 <= ord(c) <= 0x7E and c not in '"\\' for c in answer["error_description"][0])
