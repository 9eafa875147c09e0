"""Real `broker` processes: one browser tab however many ask, Ctrl-C, exit codes."""

import json
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.integration.client.conftest import ScriptedBrowser
from tests.integration.client.helpers import TinyBroker, problem, until

BROKER = [sys.executable, "-c", "from broker.cli.main import main; main()"]


class Running:
    """A `broker` process whose stderr is read as it comes."""

    def __init__(self, environment: dict[str, str], *arguments: str) -> None:
        self._process = subprocess.Popen(
            [*BROKER, *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.told = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.told += line

    def interrupt(self) -> None:
        self._process.send_signal(signal.SIGINT)

    def end(self) -> tuple[int, str]:
        assert self._process.stdout is not None
        output = self._process.stdout.read()
        status = self._process.wait(60)
        self._reader.join(10)
        return status, output


def run(environment: dict[str, str], *arguments: str) -> tuple[int, str, str]:
    running = Running(environment, *arguments)
    status, output = running.end()
    return status, output, running.told


WAITS = "Another process is signing in"


def test_one_tab_for_all_that_ask_at_once(
    tiny: TinyBroker, environment: dict[str, str], browser: ScriptedBrowser
) -> None:
    tiny.gate.clear()
    running = [Running(environment, "credentials", "-w", "analytics", "--format", "json") for _ in range(3)]
    until(lambda: sum(WAITS in process.told for process in running) == 2, 60)
    tiny.gate.set()
    ended = [process.end() for process in running]
    assert [status for status, _ in ended] == [0, 0, 0]
    assert len(browser.opened()) == 1
    assert tiny.authorizations == 1
    assert tiny.logins == 1
    assert len({json.loads(output)["password"] for _, output in ended}) == 1


def test_one_login_for_all_that_ask_at_once(
    tiny: TinyBroker, environment: dict[str, str], browser: ScriptedBrowser
) -> None:
    assert run(environment, "login")[0] == 0
    tiny.gate.clear()
    running = [Running(environment, "credentials", "-w", "analytics", "--format", "uri") for _ in range(2)]
    until(lambda: any("Another process asks for a login" in process.told for process in running), 60)
    tiny.gate.set()
    ended = [process.end() for process in running]
    assert ended[0] == ended[1]
    assert (ended[0][0], tiny.logins) == (0, 1)


def test_those_that_wait_share_the_refusal(
    tiny: TinyBroker, environment: dict[str, str], browser: ScriptedBrowser
) -> None:
    tiny.sign_in_error = "No access role was asserted."
    tiny.gate.clear()
    running = [Running(environment, "login") for _ in range(2)]
    until(lambda: any(WAITS in process.told for process in running), 60)
    tiny.gate.set()
    assert [process.end()[0] for process in running] == [1, 1]
    assert len(browser.opened()) == 1
    assert all("No access role was asserted." in process.told for process in running)
    assert all("ref-7" in process.told for process in running)


def test_control_c_cancels(tiny: TinyBroker, environment: dict[str, str], browser: ScriptedBrowser) -> None:
    tiny.gate.clear()
    process = Running(environment, "login")
    until(lambda: tiny.authorizations == 1, 60)
    process.interrupt()
    status, _ = process.end()
    assert status == 130
    assert "Traceback" not in process.told
    assert "Cancelled." in process.told


def test_the_story_of_a_script(tiny: TinyBroker, environment: dict[str, str], browser: ScriptedBrowser) -> None:
    status, _, told = run(environment, "whoami")
    assert (status, "not-signed-in" in told) == (3, True)
    status, output, _ = run(environment, "login")
    assert (status, output.startswith("Signed in as ethan@example.com.")) == (0, True)
    status, output, _ = run(environment, "whoami", "--format", "json")
    assert (status, json.loads(output)["database_user"]) == (0, "ethan")
    status, output, told = run(environment, "credentials", "-w", "analytics", "--format", "env")
    assert (status, "PGPASSWORD=secret-1" in output) == (0, True)
    assert "no database role marketing" in told
    assert "admin was not granted: The workgroup does not allow it." in told
    tiny.problem = (404, problem("workgroup-unknown", "There is no workgroup nowhere."))
    status, output, told = run(environment, "credentials", "-w", "nowhere")
    assert (status, output) == (1, "")
    assert told.splitlines() == [
        "broker: There is no workgroup nowhere. [workgroup-unknown]",
        "  Do this.",
        "  Reference: ref-1",
    ]
    assert run(environment, "logout")[:2] == (0, "Signed out.\n")
    assert run(environment, "logout")[:2] == (0, "Nobody was signed in.\n")


def test_unreachable_broker(environment: dict[str, str], browser: ScriptedBrowser) -> None:
    status, _, told = run(environment, "login", "--url", "http://127.0.0.1:1")
    assert (status, "broker-unreachable" in told) == (4, True)


def test_machine_without_a_keyring_says_so_once(
    tiny: TinyBroker, environment: dict[str, str], browser: ScriptedBrowser
) -> None:
    environment |= {"BROKER_CREDENTIAL_STORE": "auto", "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    status, _, told = run(environment, "login")
    assert (status, told.count("no keyring")) == (0, 1)
    status, _, told = run(environment, "whoami")
    assert (status, told) == (0, "")


def test_nobody_to_ask_for_a_passphrase_is_said_before_the_browser_opens(
    environment: dict[str, str], browser: ScriptedBrowser
) -> None:
    del environment["BROKER_PASSPHRASE_FILE"]
    status, _, told = run(environment, "login")
    assert (status, "credential-store-unusable" in told) == (1, True)
    assert browser.opened() == []


def test_url_is_remembered_where_none_is_named(
    tiny: TinyBroker, environment: dict[str, str], browser: ScriptedBrowser, tmp_path: Path
) -> None:
    del environment["BROKER_URL"]
    assert run(environment, "login", "--url", tiny.url)[0] == 0
    assert run(environment, "whoami")[0] == 0


@pytest.mark.parametrize("form", ["table", "uri", "pgpass"])
def test_forms(environment: dict[str, str], browser: ScriptedBrowser, form: str) -> None:
    status, output, _ = run(environment, "credentials", "-w", "analytics", "--format", form)
    assert (status, "secret-1" in output) == (0, True)
