"""People sign in at a real Keycloak, out of it again, and with a second factor."""

import tempfile
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support import expected_conditions as wait_for

from tests.peers.broker_process import served
from tests.peers.keycloak import PASSWORD, Client, one_time_password, running
from tests.peers.person import await_page, begin_login, session_ended, wait
from tests.simulators.saml_keys import key_pair

pytestmark = [pytest.mark.peer, pytest.mark.browser, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def stage(free_ports):
    keys = key_pair("peers' broker")
    with tempfile.TemporaryDirectory(prefix="wab-keycloak-") as name:
        folder = Path(name)
        (folder / "broker.pem").write_text(keys.certificate)
        (folder / "broker-key.pem").write_text(keys.private_key)
        broker_port, port = free_ports(2)
        clients = [Client(each, keys.certificate, encrypted=each == "encrypted") for each in NAMES]
        with running(folder, port, f"http://127.0.0.1:{broker_port}", clients) as keycloak:
            metadata = keycloak.metadata()
            with served(folder, broker_port, dict.fromkeys(NAMES, metadata), {"guarded": "guarded"}) as broker:
                yield keycloak, broker


NAMES = ("clear", "encrypted", "guarded")


@pytest.fixture
def keycloak(stage):
    return stage[0]


@pytest.fixture
def broker(stage):
    return stage[1]


def type_in(driver, name, password=PASSWORD):
    wait(driver).until(wait_for.element_to_be_clickable((By.ID, "username"))).clear()
    driver.find_element(By.ID, "username").send_keys(name)
    driver.find_element(By.ID, "password").send_keys(password)
    driver.find_element(By.ID, "kc-login").click()


@pytest.mark.parametrize("name", ["clear", "encrypted"])
def test_a_person_signs_in(broker, chromium, name):
    chromium.get(f"{broker.url}/sign-in/{name}")
    type_in(chromium, "ethan", "wrong")
    wait(chromium).until(lambda driver: "Invalid username or password" in driver.page_source)
    type_in(chromium, "ethan")
    page = await_page(chromium, "You are signed in")
    assert "ethan@example.com" in page
    assert "sales" in page


def test_keycloak_may_begin(keycloak, broker, chromium):
    chromium.get(f"{keycloak.saml}/clients/clear")
    type_in(chromium, "fiona")
    page = await_page(chromium, "You are signed in")
    assert "fiona@example.com" in page
    assert "finance" in page


def test_a_change_of_groups_shows_at_the_next_sign_in(keycloak, broker, chromium):
    keycloak.set_groups("fiona", ["sales", "finance"])
    chromium.get(f"{broker.url}/sign-in/clear")
    type_in(chromium, "fiona")
    assert "sales" in await_page(chromium, "You are signed in")
    keycloak.set_groups("fiona", ["finance"])
    chromium.get(f"{broker.url}/sign-in/clear")  # Keycloak knows her: no password
    assert "sales" not in await_page(chromium, "You are signed in")


def test_without_a_group_no_database_role_is_asserted(keycloak, broker, chromium):
    keycloak.set_groups("ethan", [])
    try:
        chromium.get(f"{broker.url}/sign-in/clear")
        type_in(chromium, "ethan")
        page = await_page(chromium, "Warehouse access broker")
        assert "sales" not in page
    finally:
        keycloak.set_groups("ethan", ["sales"])


def test_a_second_factor_is_asked_for(broker, chromium):
    chromium.get(f"{broker.url}/sign-in/clear")
    type_in(chromium, "emma")
    field = wait(chromium).until(wait_for.element_to_be_clickable((By.ID, "otp")))
    field.send_keys("000000")
    chromium.find_element(By.ID, "kc-login").click()
    wait(chromium).until(lambda driver: "Invalid authenticator code" in driver.page_source)
    chromium.find_element(By.ID, "otp").send_keys(one_time_password())
    chromium.find_element(By.ID, "kc-login").click()
    assert "emma@example.com" in await_page(chromium, "You are signed in")


def test_an_access_role_that_requires_more_than_was_done_is_refused(broker, chromium):
    chromium.get(f"{broker.url}/sign-in/guarded")
    type_in(chromium, "ethan")
    page = await_page(chromium, "That did not work")
    assert "step-up-required" in page or "could not sign you in" in page


def test_a_logout_anywhere_is_a_logout_everywhere(broker, workstations, chromium):
    one, two = workstations(broker.url)
    first = begin_login(one, chromium, "--identity-provider", "clear")
    type_in(chromium, "ethan")
    assert first.wait(30) == 0, first.communicate()
    second = begin_login(two, chromium, "--identity-provider", "encrypted")  # the same session at Keycloak
    assert second.wait(30) == 0, second.communicate()
    assert two.run("broker", "whoami").returncode == 0

    assert one.run("broker", "logout", "--everywhere").returncode == 0
    wait(chromium).until(lambda _: one.opened.exists())
    chromium.get(one.opened.read_text())
    await_page(chromium, "You are signed out")
    # Keycloak sent the browser to the other service's logout on the way.
    assert session_ended(two)
