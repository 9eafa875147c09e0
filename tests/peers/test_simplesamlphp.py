"""People sign in at a real SimpleSAMLphp, and out of it again."""

import tempfile
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support import expected_conditions as wait_for

from tests.e2e.conftest import open_chromium
from tests.peers.broker_process import served
from tests.peers.person import await_page, begin_login, session_ended, wait
from tests.peers.simplesamlphp import PASSWORD, running
from tests.simulators.saml_keys import key_pair

pytestmark = [pytest.mark.peer, pytest.mark.browser]

NAMES = ("clear", "encrypted")


@pytest.fixture(scope="module")
def stage(free_ports):
    keys = key_pair("peers' broker")
    with tempfile.TemporaryDirectory(prefix="wab-simplesamlphp-") as name:
        folder = Path(name)
        (folder / "broker.pem").write_text(keys.certificate)
        (folder / "broker-key.pem").write_text(keys.private_key)
        (folder / "php").mkdir()
        (folder / "secure").mkdir()
        for file in ("broker.pem", "broker-key.pem"):
            (folder / "secure" / file).write_bytes((folder / file).read_bytes())
        port, plain_port, secure_port = free_ports(3)
        bases = {f"http://127.0.0.1:{plain_port}/saml/{name}": name == "encrypted" for name in NAMES}
        bases[f"https://127.0.0.1:{secure_port}/saml/clear"] = False
        with (
            running(folder / "php", port, bases, keys.certificate) as provider,
            served(folder, plain_port, dict.fromkeys(NAMES, provider.metadata()), {}) as broker,
            served(folder / "secure", secure_port, {"clear": provider.metadata()}, {}, tls=True) as secure,
        ):
            yield provider, broker, secure


@pytest.fixture
def provider(stage):
    return stage[0]


@pytest.fixture
def broker(stage):
    return stage[1]


@pytest.fixture
def secure_broker(stage):
    return stage[2]


def type_in(driver, name, password=PASSWORD):
    wait(driver).until(wait_for.element_to_be_clickable((By.ID, "username"))).clear()
    driver.find_element(By.ID, "username").send_keys(name)
    driver.find_element(By.ID, "password").send_keys(password + "\n")


@pytest.mark.parametrize("name", NAMES)
def test_a_person_signs_in(broker, chromium, name):
    chromium.get(f"{broker.url}/sign-in/{name}")
    type_in(chromium, "ethan", "wrong")
    wait(chromium).until(lambda driver: "ncorrect username or password" in driver.page_source)
    type_in(chromium, "ethan")
    page = await_page(chromium, "You are signed in")
    assert "ethan@example.com" in page
    assert "sales" in page


def test_by_https_the_cookie_survives_the_post_from_another_site(secure_broker, tmp_path):
    """SameSite=None, as the answer is posted from the provider's site; Secure, HttpOnly and bound to the host."""
    with open_chromium(tmp_path / "profile", "--ignore-certificate-errors") as driver:
        driver.get(f"{secure_broker.url}/sign-in/clear")
        wait(driver).until(wait_for.element_to_be_clickable((By.ID, "username")))
        (cookie,) = login_cookies(driver)
        assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (True, True, "None")
        assert (cookie["path"], cookie["domain"]) == ("/", "127.0.0.1")
        type_in(driver, "ethan")
        assert "ethan@example.com" in await_page(driver, "You are signed in")
        assert login_cookies(driver) == []


def login_cookies(driver):
    found = driver.execute_cdp_cmd("Storage.getCookies", {})["cookies"]
    return [each for each in found if each["name"].startswith("__Host-broker-login-")]


def test_the_provider_may_begin(provider, broker, chromium):
    chromium.get(provider.begin_at(f"{broker.url}/saml/clear/metadata"))
    type_in(chromium, "fiona")
    page = await_page(chromium, "You are signed in")
    assert "fiona@example.com" in page
    assert "finance" in page


def test_a_change_of_groups_shows_at_the_next_sign_in(provider, broker, chromium):
    provider.set_people({"ethan": ["sales", "finance"]})
    try:
        chromium.get(f"{broker.url}/sign-in/clear")
        type_in(chromium, "ethan")
        assert "finance" in await_page(chromium, "You are signed in")
    finally:
        provider.set_people({"ethan": ["sales"], "fiona": ["finance"]})


def test_a_logout_anywhere_is_a_logout_everywhere(broker, workstations, chromium):
    one, two = workstations(broker.url)
    first = begin_login(one, chromium, "--identity-provider", "clear")
    type_in(chromium, "ethan")
    assert first.wait(30) == 0, first.communicate()
    second = begin_login(two, chromium, "--identity-provider", "encrypted")  # the same session at the provider
    assert second.wait(30) == 0, second.communicate()
    assert two.run("broker", "whoami").returncode == 0
    assert one.run("broker", "logout", "--everywhere").returncode == 0
    wait(chromium).until(lambda _: one.opened.exists())
    chromium.get(one.opened.read_text())
    await_page(chromium, "You are signed out")
    assert session_ended(two)
