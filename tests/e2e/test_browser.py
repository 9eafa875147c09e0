"""A person signs in with a real browser: the form, the password, the page that ends it, and then a query."""

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support import expected_conditions as wait_for
from selenium.webdriver.support.wait import WebDriverWait

pytestmark = [pytest.mark.browser, pytest.mark.integration]


def wait(driver):
    return WebDriverWait(driver, 30)


def sign_in_at_provider(driver, stage, name, password=None):
    wait(driver).until(wait_for.presence_of_element_located((By.ID, "password")))
    assert driver.current_url.startswith(stage.provider_url)
    user = driver.find_element(By.ID, "user")
    user.clear()
    user.send_keys(name)
    driver.find_element(By.ID, "password").send_keys(password or stage.passwords[name].reveal())
    driver.find_element(By.XPATH, "//button[normalize-space()='Sign in']").click()


def press_continue(driver):
    button = (By.XPATH, "//button[normalize-space()='Continue']")
    wait(driver).until(wait_for.element_to_be_clickable(button)).click()


def text(driver):
    return driver.find_element(By.TAG_NAME, "body").text


def begin_login(workstation, driver):
    login = workstation.start("broker", "login")
    wait(driver).until(lambda _: workstation.opened.exists() or login.poll() is not None)
    assert workstation.opened.exists(), login.communicate()
    driver.get(workstation.opened.read_text())
    return login


def test_sign_in_and_query(stage, workstation, chromium):
    login = begin_login(workstation, chromium)
    sign_in_at_provider(chromium, stage, "ethan", "a wrong password")
    alert = wait(chromium).until(wait_for.presence_of_element_located((By.CSS_SELECTOR, "[role=alert]")))
    assert "wrong" in alert.text
    sign_in_at_provider(chromium, stage, "ethan")
    press_continue(chromium)
    wait(chromium).until(wait_for.url_matches(r"^http://127\.0\.0\.1:\d+/done"))
    wait(chromium).until(lambda driver: "ethan@example.com" in text(driver))
    assert "code=" not in chromium.current_url
    stdout, stderr = login.communicate(timeout=30)
    assert (login.returncode, "ethan@example.com" in stdout) == (0, True), stderr

    rows = workstation.run("wsql", "--format", "csv", "-c", "select * from sales_schema.store_sales order by id")
    assert (rows.returncode, rows.stderr) == (0, "")
    assert [line.split(",")[1:] for line in rows.stdout.splitlines()[1:]] == [
        [f"product{number}", str(1000 * number)] for number in range(1, 5)
    ]
    refused = workstation.run("wsql", "-c", "select * from finance_schema.revenue")
    assert refused.returncode != 0
    assert "permission denied" in refused.stderr


def test_a_sign_in_in_another_browser_is_refused(stage, workstation, chromium):
    """Login CSRF: who is lured into finishing a stranger's sign-in must not end up in it."""
    login = begin_login(workstation, chromium)
    wait(chromium).until(wait_for.presence_of_element_located((By.ID, "password")))
    # As a browser that never saw the broker: it has the provider's page, and none of the broker's cookies.
    chromium.execute_cdp_cmd("Network.clearBrowserCookies", {})
    sign_in_at_provider(chromium, stage, "ethan")
    press_continue(chromium)
    wait(chromium).until(lambda driver: driver.current_url.startswith(stage.broker_url))
    assert "/done" not in chromium.current_url
    login.terminate()
    login.communicate(timeout=30)


def test_the_provider_can_begin(stage, chromium):
    chromium.get(stage.provider_url)
    chromium.find_element(By.PARTIAL_LINK_TEXT, "Warehouse access broker").click()
    sign_in_at_provider(chromium, stage, "fiona")
    press_continue(chromium)
    wait(chromium).until(lambda driver: driver.current_url.startswith(stage.broker_url))
    assert "fiona@example.com" in text(chromium)
