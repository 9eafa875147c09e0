"""Python programs connect through the whole product: a real broker, the demonstration's provider, a real warehouse."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest
from selenium.webdriver.support.wait import WebDriverWait

from broker.client.errors import ProviderRefused
from broker.client.plugin import connect, forget_connectors
from broker.demo.stage import DATABASE, WORKGROUP, Stage
from tests.e2e.test_browser import press_continue, sign_in_at_provider, wait
from tests.integration.client.helpers import until
from tests.integration.client.test_tls import self_signed
from tests.simulators.form_providers import FormProvider

pytestmark = pytest.mark.integration

SALES = "SELECT count(*) FROM sales_schema.store_sales"
PROGRAM = f"""
from broker.client.plugin import connect
with connect(credentials_provider="com.amazon.redshift.plugin.BrowserSamlCredentialsProvider") as connection:
    print(*connection.execute("SELECT current_user").fetchone(), *connection.execute("{SALES}").fetchone())
"""


@pytest.mark.browser
def test_two_programs_wait_for_one_sign_in_in_the_browser(stage, workstation, chromium):
    programs = [workstation.start("python", "-c", PROGRAM) for _ in range(2)]
    wait(chromium).until(lambda _: workstation.opened.exists() or programs[0].poll() is not None)
    chromium.get(workstation.opened.read_text())
    workstation.opened.unlink()
    sign_in_at_provider(chromium, stage, "ethan")
    press_continue(chromium)
    WebDriverWait(chromium, 30).until(lambda driver: "/done" in driver.current_url)
    ended = [program.communicate(timeout=60) for program in programs]
    assert [stdout for stdout, _ in ended] == ["ethan@example.com 4\n"] * 2, ended
    assert not workstation.opened.exists(), "no second tab"


class Fronted(FormProvider):
    """Okta's, ADFS's or Ping's pages in front of the demonstration's provider: what it signs is real."""

    def __init__(self, certificate: Path, key: Path, stage: Stage) -> None:
        super().__init__(certificate, key, b"")
        self._stage = stage

    def saml_page(self) -> str:
        """Without a SAMLRequest the provider itself begins the sign-in."""
        form = {"user": "ethan", "password": self._stage.passwords["ethan"].reveal()}
        page = httpx.post(f"{self._stage.provider_url}/sso", data=form, trust_env=False).text
        response = re.search(r'name="SAMLResponse" value="([^"]+)"', page)
        assert response is not None, page
        return f'<form method="POST" action="x"><input name="SAMLResponse" type="hidden" value="{response[1]}"/></form>'


@pytest.fixture
def properties(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, object]]:
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    made = self_signed(tmp_path / "provider", "127.0.0.1")
    with Fronted(made.certificate, made.key, stage) as provider:
        yield {
            "broker_url": stage.broker_url,
            "workgroup": WORKGROUP,
            "database": DATABASE,
            "idp_host": provider.host,
            "ca_file": made.certificate,
            "app_id": "app/7",
            "user": "ethan@example.com",
            "password": 'correct <horse> & "battery"',
            "credential_store": "none",
        }
    forget_connectors()


@pytest.mark.parametrize("plugin", ["Okta", "ADFS", "Ping"])
def test_a_password_at_a_provider_s_page_reads_what_its_groups_grant(
    properties: dict[str, object], plugin: str
) -> None:
    with connect(plugin_name=plugin, **properties) as connection:
        assert connection.execute(SALES).fetchone() == (4,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT * FROM finance_schema.revenue")


def test_a_wrong_password_gets_nothing(properties: dict[str, object]) -> None:
    with pytest.raises(ProviderRefused):
        connect(plugin_name="Okta", **properties | {"password": "wrong"})


def test_a_pool_outlives_several_leases(properties: dict[str, object]) -> None:
    """Each lease ends for good, and its sessions with it; nobody who asks the pool is lent one that is about to."""
    from sqlalchemy import create_engine, text

    arguments = properties | {"plugin_name": "Ping", "duration": 4}
    engine = create_engine("postgresql+broker://", connect_args=arguments, pool_size=1, max_overflow=0)
    leases: list[str] = []

    def saw_three() -> bool:
        with engine.connect() as connection:
            user, who = connection.execute(text("SELECT session_user::text, current_user::text")).one()
        assert who == "ethan@example.com"
        if leases[-1:] != [user]:
            leases.append(user)
        return len(leases) == 3

    until(saw_three)
    engine.dispose()
    assert len(set(leases)) == 3
