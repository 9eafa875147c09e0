"""What a person does at a browser and at a terminal."""

from selenium.common.exceptions import TimeoutException
from selenium.webdriver.common.by import By
from selenium.webdriver.support import expected_conditions as wait_for
from selenium.webdriver.support.wait import WebDriverWait


def wait(driver):
    return WebDriverWait(driver, 30)


def text(driver):
    return driver.find_element(By.TAG_NAME, "body").text


def await_page(driver, title):
    """The text of the broker's page of that title."""
    try:
        wait(driver).until(wait_for.title_contains(title))
    except TimeoutException:
        raise AssertionError(f"not {title!r} but {driver.title!r} at {driver.current_url}: {text(driver)}") from None
    return text(driver)


def begin_login(workstation, driver, *options):
    """Start `broker login`, and show the browser the address that it opens."""
    login = workstation.start("broker", "login", *options)
    wait(driver).until(lambda _: workstation.opened.exists() or login.poll() is not None)
    assert workstation.opened.exists(), login.communicate()
    driver.get(workstation.opened.read_text())
    workstation.opened.unlink()
    return login


def session_ended(workstation):
    """Whether the broker tells this machine that its session was ended."""
    asked = workstation.run("broker", "whoami")
    return asked.returncode != 0 and "The session was ended." in asked.stderr
