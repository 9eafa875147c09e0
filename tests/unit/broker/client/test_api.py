import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.client.api import BrokerApi, refusal
from broker.client.errors import (
    BrokerAnswerInvalid,
    BrokerRefused,
    BrokerUnreachable,
    OAuthRefused,
    SessionRefused,
    SettingsInvalid,
)
from broker.client.settings import ClientSettings
from broker.secrets import Secret

URL = "https://broker.example"


def read(status: int, content: object, **headers: str) -> BrokerRefused | BrokerAnswerInvalid:
    return refusal(status, headers, json.dumps(content).encode(), URL)


def test_problem_document_keeps_code_what_remedy_and_reference() -> None:
    error = read(
        403, {"code": "no-database-role", "detail": "No role.", "remedy": "Ask.", "request_id": "r", "retry_after": 3}
    )
    assert (error.code, error.what, error.remedy, error.reference, error.retry_after) == (
        "no-database-role",
        "No role.",
        "Ask.",
        "r",
        3,
    )
    assert error.exit_code == 1


@pytest.mark.parametrize("code", ["session-invalid", "session-expired", "session-revoked"])
def test_ended_session_means_not_signed_in(code: str) -> None:
    error = read(401, {"code": code, "detail": "It ended."})
    assert isinstance(error, SessionRefused)
    assert (error.code, error.exit_code) == (code, 3)


def test_oauth_error_keeps_the_specifications_word() -> None:
    error = read(
        400,
        {
            "error": "slow_down",
            "error_description": "Slower.",
            "remedy": "Wait.",
            "code": "oauth-slow-down",
            "request_id": "r",
        },
    )
    assert isinstance(error, OAuthRefused)
    assert (error.oauth_error, error.code, error.what) == ("slow_down", "oauth-slow-down", "Slower.")
    assert (error.remedy, error.reference) == ("Wait.", "r")


def test_reference_of_the_header_where_the_document_has_none() -> None:
    headers = {"x-request-id": "from-header"}
    content = json.dumps({"error": "invalid_grant"}).encode()
    assert refusal(400, headers, content, URL).reference == "from-header"


@pytest.mark.parametrize("content", [b"<html>502 Bad Gateway</html>", b"", b"[]", b"{}", b'{"code":1,"detail":2}'])
def test_foreign_answer_is_called_so(content: bytes) -> None:
    error = refusal(502, {}, content, URL)
    assert isinstance(error, BrokerAnswerInvalid)
    assert "502" in error.what


@given(st.binary())
def test_any_bytes_are_some_refusal(content: bytes) -> None:
    assert refusal(500, {}, content, URL).what


def test_ca_file_without_certificates_is_named(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("nothing")
    with pytest.raises(SettingsInvalid) as refused:
        BrokerApi(ClientSettings(URL, tmp_path, ca_file=file)).issuer()
    assert str(file) in refused.value.what


def test_token_is_not_in_the_error_of_a_broken_call(tmp_path: Path) -> None:
    with pytest.raises(BrokerUnreachable) as refused:
        BrokerApi(ClientSettings("http://127.0.0.1:1", tmp_path)).whoami(Secret("the-token"))
    assert "the-token" not in repr(refused.value)
    assert refused.value.__suppress_context__
