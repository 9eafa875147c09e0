"""`broker login --saml-response`: a response that a program got without a browser."""

import base64
from pathlib import Path

import pytest

from tests.integration.client.conftest import ScriptedBrowser
from tests.integration.client.helpers import ASSERTION, TinyBroker
from tests.integration.client.test_processes import run

XML = ASSERTION
ENCODED = base64.b64encode(XML).decode()


@pytest.mark.parametrize("content", [XML + b"\n", f"{ENCODED[:10]}\n{ENCODED[10:]}\n".encode()], ids=["XML", "base64"])
def test_a_response_signs_in_without_a_browser(
    tiny: TinyBroker, environment: dict[str, str], browser: ScriptedBrowser, tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "response"
    file.write_bytes(content)
    status, output, told = run(environment, "login", "--saml-response", str(file))
    assert (status, output.startswith("Signed in as ethan@example.com."), browser.opened()) == (0, True, []), told
    assert run(environment | {"BROKER_SIGN_IN": "never"}, "whoami")[0] == 0


def test_one_way_of_signing_in_at_a_time(environment: dict[str, str]) -> None:
    status, _, told = run(environment, "login", "--device", "--saml-response", "/dev/null")
    assert (status, "exclude each other" in told) == (2, True)
