"""Signing in against a broker that keeps the contract, with a browser that is a script."""

import threading
from dataclasses import replace

import pytest

from broker.client.api import BrokerApi
from broker.client.browser import sign_in_with_browser
from broker.client.device import sign_in_with_device
from broker.client.errors import (
    BrokerNamedOtherwise,
    BrokerUnreachable,
    OAuthRefused,
    SignInCancelled,
    SignInRefused,
)
from broker.client.model import SignedIn
from broker.client.settings import ClientSettings, SignInMethod
from broker.clock import utc_now
from tests.integration.client.conftest import ScriptedBrowser
from tests.integration.client.helpers import RecordingPerson, TinyBroker, until


def sign_in(settings: ClientSettings, person: RecordingPerson | None = None) -> SignedIn:
    return sign_in_with_browser(settings, BrokerApi(settings), person or RecordingPerson(), utc_now)


def test_browser_ends_on_a_page_without_a_secret(
    tiny: TinyBroker, settings: ClientSettings, browser: ScriptedBrowser
) -> None:
    signed_in = sign_in(settings)
    assert signed_in.subject == "ethan@example.com"
    assert signed_in.token.reveal() in tiny.live_tokens
    until(lambda: "</html>" in browser.pages())
    address, page = browser.pages().split("\n", 1)
    assert address.endswith("/done")
    assert "Signed in as ethan@example.com." in page
    assert signed_in.token.reveal() not in page


def test_verifier_is_in_no_address(settings: ClientSettings, browser: ScriptedBrowser) -> None:
    person = RecordingPerson()
    sign_in(settings, person)
    assert len(browser.opened()) == 1
    assert "code_verifier" not in "".join(browser.opened() + person.told)


def test_refusal_is_told_in_both_places(tiny: TinyBroker, settings: ClientSettings, browser: ScriptedBrowser) -> None:
    tiny.sign_in_error = "No access role was asserted."
    with pytest.raises(SignInRefused) as refused:
        sign_in(settings)
    assert refused.value.what == "No access role was asserted."
    assert refused.value.reference == "ref-7"
    until(lambda: "</html>" in browser.pages())
    assert "You are not signed in" in browser.pages()


def test_answer_of_another_issuer_is_refused(
    tiny: TinyBroker, settings: ClientSettings, browser: ScriptedBrowser
) -> None:
    tiny.answered_issuer = "https://elsewhere.example"
    with pytest.raises(BrokerNamedOtherwise):
        sign_in(settings)
    assert tiny.live_tokens == set()


def test_broker_of_another_name_is_noticed_before_the_browser_opens(
    tiny: TinyBroker, settings: ClientSettings, browser: ScriptedBrowser
) -> None:
    tiny.issuer = "https://elsewhere.example"
    with pytest.raises(BrokerNamedOtherwise):
        sign_in(settings)
    assert browser.opened() == []


def test_unreachable_broker_opens_no_browser(settings: ClientSettings, browser: ScriptedBrowser) -> None:
    with pytest.raises(BrokerUnreachable):
        sign_in(replace(settings, broker_url="http://127.0.0.1:1"))
    assert browser.opened() == []


def test_cancel_ends_the_wait(tiny: TinyBroker, settings: ClientSettings, browser: ScriptedBrowser) -> None:
    tiny.gate.clear()
    person = RecordingPerson()

    def cancel_when_the_browser_is_there() -> None:
        until(lambda: tiny.authorizations == 1)
        person.cancel.set()

    threading.Thread(target=cancel_when_the_browser_is_there, daemon=True).start()
    with pytest.raises(SignInCancelled):
        sign_in(settings, person)


def test_without_a_browser_the_address_is_printed(
    tiny: TinyBroker, settings: ClientSettings, browser: ScriptedBrowser
) -> None:
    person = RecordingPerson()
    threading.Thread(target=lambda: _open_what_is_printed(person, browser), daemon=True).start()
    assert sign_in(replace(settings, sign_in=SignInMethod.PRINT), person).subject == "ethan@example.com"


def _open_what_is_printed(person: RecordingPerson, browser: ScriptedBrowser) -> None:
    import subprocess

    until(lambda: bool(person.told))
    address = next(line.strip() for line in person.told[0].splitlines() if "://" in line)
    subprocess.run([str(browser.command), address], check=True)


def test_code_of_another_sign_in_is_refused(tiny: TinyBroker, settings: ClientSettings) -> None:
    from broker.secrets import Secret

    with pytest.raises(OAuthRefused) as refused:
        BrokerApi(settings).redeem_code(Secret("stolen"), "http://127.0.0.1:9/callback", Secret("v"), utc_now())
    assert (refused.value.oauth_error, refused.value.code) == ("invalid_grant", "oauth-invalid-grant")


def test_device_waits_as_it_is_told(tiny: TinyBroker, settings: ClientSettings) -> None:
    tiny.device_errors = ["authorization_pending", "slow_down", "authorization_pending"]
    person, pauses = RecordingPerson(), list[float]()
    signed_in = sign_in_with_device(BrokerApi(settings), person, utc_now, pauses.append)
    assert signed_in.token.reveal() in tiny.live_tokens
    assert "ABCD-EFGH" in person.told[0]
    assert sum(pauses) == pytest.approx(1 + 1 + 6 + 6)


def test_device_that_is_denied(tiny: TinyBroker, settings: ClientSettings) -> None:
    tiny.device_errors = ["access_denied"]
    with pytest.raises(SignInRefused):
        sign_in_with_device(BrokerApi(settings), RecordingPerson(), utc_now, lambda _: None)
