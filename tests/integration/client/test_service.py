"""Programs without a person: real `broker` processes that sign in with a service token."""

import json
from pathlib import Path

import pytest

from broker.sts.service_token import new_service_token_text
from tests.integration.client.conftest import ScriptedBrowser
from tests.integration.client.helpers import TinyBroker
from tests.integration.client.test_processes import run

TOKEN_ID, TEXT = new_service_token_text()
CREDENTIALS = ("credentials", "-w", "analytics", "--format", "json")


@pytest.fixture
def service(tiny: TinyBroker, environment: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """The environment of a program in CI: a file with the token, and no keyring nor passphrase."""
    tiny.service_tokens[TOKEN_ID] = TEXT.reveal()
    file = tmp_path / "service-token"
    file.write_text(TEXT.reveal() + "\n")
    file.chmod(0o600)
    person = ("BROKER_CREDENTIAL_STORE", "BROKER_PASSPHRASE_FILE")
    return {name: value for name, value in environment.items() if name not in person} | {"BROKER_TOKEN_FILE": str(file)}


def test_a_service_needs_no_browser_and_leaves_nothing(
    tiny: TinyBroker, service: dict[str, str], browser: ScriptedBrowser, tmp_path: Path
) -> None:
    status, output, told = run(service, *CREDENTIALS)
    assert (status, json.loads(output)["user"]) == (0, "bk_1")
    assert "Sign" not in told
    assert browser.opened() == []
    kept = [path.read_text() for path in (tmp_path / "state").rglob("*") if path.is_file()]
    assert not any("wab" in text or "secret-1" in text for text in kept)


def test_a_service_does_not_take_the_session_of_a_person(
    tiny: TinyBroker, environment: dict[str, str], service: dict[str, str], browser: ScriptedBrowser
) -> None:
    assert run(environment, "login")[0] == 0
    assert run(service | environment, *CREDENTIALS)[0] == 0
    assert tiny.exchanges == 1


def test_a_revoked_token_says_what_to_do(tiny: TinyBroker, service: dict[str, str], browser: ScriptedBrowser) -> None:
    tiny.service_tokens.clear()
    status, output, told = run(service, *CREDENTIALS)
    assert (status, output, browser.opened()) == (1, "", [])
    assert "The service token was revoked. [service-token-refused]" in told
    assert "Ask for a new one." in told
    assert TEXT.reveal() not in told


def test_a_script_that_never_asks_may_be_a_service(tiny: TinyBroker, service: dict[str, str]) -> None:
    status, output, _ = run(service | {"BROKER_SIGN_IN": "never"}, "login")
    assert (status, output.startswith("Signed in as")) == (0, True)
