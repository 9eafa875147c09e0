"""The device grant: a machine without a browser, and a person who has one."""

import re
from html import unescape
from typing import Any

import pytest

from tests.integration.http.conftest import Browser

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


@pytest.fixture
def device(browser: Browser) -> dict[str, Any]:
    begun: dict[str, Any] = browser.http.post("/oauth/device_authorization", data={"client_id": "broker-cli"}).json()
    return begun


def poll(browser: Browser, device: dict[str, Any]) -> Any:
    browser.world.clock.advance(seconds=device["interval"])
    form = {"grant_type": DEVICE_GRANT, "client_id": "broker-cli", "device_code": device["device_code"]}
    return browser.http.post("/oauth/token", data=form)


def hidden(page: Any, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page.text)
    assert found
    return unescape(found[1])


def confirm(browser: Browser, page: Any, **changes: str) -> Any:
    form = {"user_code": hidden(page, "user_code"), "confirmation": hidden(page, "confirmation")}
    return browser.http.post("/device/confirm", data=form | {"identity_provider": "okta"} | changes)


def test_a_machine_is_signed_in_by_a_person_elsewhere(browser: Browser, device: dict[str, Any]) -> None:
    assert re.fullmatch(r"[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}", device["user_code"])
    assert device["verification_uri"] == "https://broker.example.com/device"
    assert poll(browser, device).json()["error"] == "authorization_pending"

    filled = browser.http.get(device["verification_uri_complete"])
    assert device["user_code"] in filled.text
    page = browser.http.post("/device", data={"user_code": device["user_code"].lower()})
    assert device["user_code"] in page.text
    assert "broker-cli" in page.text

    onward = confirm(browser, page)
    assert onward.status_code == 200  # no redirect: Chrome holds redirects of a form to form-action
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', onward.text)
    assert found
    done = browser.post(browser.answer(unescape(found[1])))
    assert "Your machine is signed in" in done.text

    assert poll(browser, device).json()["subject"] == "ethan@example.com"
    assert poll(browser, device).json()["error"] == "invalid_grant"


def test_a_link_alone_begins_nothing(browser: Browser, device: dict[str, Any]) -> None:
    form = {"user_code": device["user_code"], "identity_provider": "okta", "confirmation": "x"}
    assert browser.http.get(f"/device/confirm?user_code={device['user_code']}").status_code == 405
    assert browser.http.post("/device/confirm", data=form).status_code == 403
    page = browser.http.post("/device", data={"user_code": device["user_code"]})
    assert confirm(browser, page, confirmation="").status_code == 403
    browser.http.cookies.clear()
    assert confirm(browser, page).status_code == 403


def test_a_code_that_is_not_the_person_s_can_be_refused(browser: Browser, device: dict[str, Any]) -> None:
    page = browser.http.post("/device", data={"user_code": device["user_code"]})
    assert "was refused" in confirm(browser, page, decision="deny").text
    assert poll(browser, device).json()["error"] == "access_denied"


def test_a_code_that_nobody_waits_with_is_asked_for_again(browser: Browser) -> None:
    page = browser.http.post("/device", data={"user_code": '"><b>BCDF'})
    assert page.status_code == 400
    assert "No machine waits" in page.text
    assert "<b>" not in page.text


def test_a_code_ends(browser: Browser, device: dict[str, Any]) -> None:
    browser.world.clock.advance(minutes=10)
    assert poll(browser, device).json()["error"] == "expired_token"
    page = browser.http.post("/device", data={"user_code": device["user_code"]})
    assert page.status_code == 400


def test_a_machine_that_asks_too_often_is_slowed_down(browser: Browser, device: dict[str, Any]) -> None:
    poll(browser, device)
    browser.world.clock.advance(seconds=-1)
    assert poll(browser, device).json()["error"] == "slow_down"


def test_a_strange_client_is_refused(browser: Browser) -> None:
    refused = browser.http.post("/oauth/device_authorization", data={"client_id": "evil"})
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
