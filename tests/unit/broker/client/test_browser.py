import os
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from broker.client.browser import accept, authorization_url, challenge, find_browser, show
from broker.client.errors import BrokerNamedOtherwise, SignInRefused
from broker.client.listener import Answer, read_answer
from broker.client.settings import ClientSettings, SignInMethod
from broker.secrets import Secret
from tests.integration.client.helpers import RecordingPerson, until

URL = "https://broker.example/base"


def test_challenge_is_that_of_the_specification() -> None:
    # RFC 7636 Appendix B
    verifier = Secret("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    assert challenge(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_authorization_url_holds_all_but_the_verifier() -> None:
    settings = ClientSettings(URL, Path("/s"), identity_provider="a&b")
    address = authorization_url(settings, "http://127.0.0.1:5/callback", "st", Secret("the-verifier"))
    assert address.startswith("https://broker.example/base/oauth/authorize?")
    assert "the-verifier" not in address
    assert parse_qs(urlsplit(address).query) == {
        "response_type": ["code"],
        "client_id": ["broker-cli"],
        "redirect_uri": ["http://127.0.0.1:5/callback"],
        "state": ["st"],
        "code_challenge": [challenge(Secret("the-verifier"))],
        "code_challenge_method": ["S256"],
        "identity_provider": ["a&b"],
    }


def test_accepts_the_code_of_our_broker() -> None:
    assert accept(Answer(Secret("c"), URL), URL).reveal() == "c"
    assert accept(Answer(Secret("c"), URL + "/"), URL).reveal() == "c"


@pytest.mark.parametrize("issuer", ["", "https://broker.example", "https://evil.example", URL + "x"])
def test_code_of_another_issuer_is_refused(issuer: str) -> None:
    with pytest.raises(BrokerNamedOtherwise):
        accept(Answer(Secret("c"), issuer), URL)


@pytest.mark.parametrize(("description", "what"), [("No role.", "No role."), ("", "The sign-in was refused: e.")])
def test_refusal_is_told_with_its_reference(description: str, what: str) -> None:
    with pytest.raises(SignInRefused) as refused:
        accept(Answer(None, "", "e", description, "r-1"), URL)
    assert (refused.value.what, refused.value.reference) == (what, "r-1")


def test_answer_needs_the_state_and_a_code_or_an_error() -> None:
    assert read_answer("code=c&state=s", "s") == Answer(Secret("c"))
    for query in ("", "code=c", "state=s", "code=&state=s", "code=c&state=t", "code=c&code=d&state=s", "%", "a;b"):
        assert read_answer(query, "s") is None


def test_under_wsl_the_browser_of_windows_opens(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without a display, and with `wslview`; the address arrives in one piece."""
    import webbrowser

    def none() -> None:
        raise webbrowser.Error

    opener, log = tmp_path / "wslview", tmp_path / "opened"
    opener.write_text(f'#!/bin/sh\nprintf %s "$*" > {log}.draft && mv {log}.draft {log}\n')
    opener.chmod(0o700)
    monkeypatch.setattr(webbrowser, "get", none)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    show("https://broker.example/a?b=c&d=e%20f", RecordingPerson(), SignInMethod.BROWSER)
    until(log.exists)
    assert log.read_text() == "https://broker.example/a?b=c&d=e%20f"


@pytest.mark.parametrize("name", ["w3m", "/usr/bin/lynx", "www-browser"])
def test_text_browser_is_none(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    import webbrowser

    monkeypatch.setattr(webbrowser, "get", lambda: webbrowser.GenericBrowser(name))
    assert find_browser() is None


def test_no_browser_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    import webbrowser

    def none() -> None:
        raise webbrowser.Error

    monkeypatch.setattr(webbrowser, "get", none)
    assert find_browser() is None
