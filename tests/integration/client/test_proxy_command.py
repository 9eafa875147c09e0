"""`broker proxy` as a process: what it prints works, and it ends as it should."""

import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.integration.client.conftest import ScriptedBrowser, Warehouse
from tests.integration.client.helpers import TinyBroker
from tests.integration.client.test_processes import BROKER, run

pytestmark = pytest.mark.integration


class Listening:
    """A `broker proxy`, and what it told to type."""

    def __init__(self, environment: dict[str, str], *arguments: str) -> None:
        self.process = subprocess.Popen(
            [*BROKER, "proxy", *arguments], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.said = ""
        for line in self.process.stdout:
            self.said += line
            if "Ctrl-C ends it" in line:
                break

    @property
    def conninfo(self) -> str:
        found = re.search(r'psql "(.*)"', self.said)
        assert found is not None, self.said
        return found[1]

    def end(self, number: signal.Signals | None = None) -> tuple[int, str]:
        if number is not None:
            self.process.send_signal(number)
        assert self.process.stderr is not None
        told = self.process.stderr.read()
        return self.process.wait(20), told


@contextmanager
def listening(environment: dict[str, str], *arguments: str) -> Iterator[Listening]:
    started = Listening(environment, *arguments)
    try:
        yield started
    finally:
        if started.process.poll() is None:
            started.process.kill()
            started.process.wait(10)


def who(conninfo: str) -> tuple[object, ...] | None:
    with psycopg.connect(conninfo, connect_timeout=10) as connection:
        return connection.execute("SELECT session_user, current_database()").fetchone()


def test_what_it_prints_works(warehouse: Warehouse, environment: dict[str, str]) -> None:
    with listening(environment, "-w", "analytics") as proxy:
        assert who(proxy.conninfo) == (warehouse.roles[0], warehouse.database)
        found = re.search(r"URI +(\S+)", proxy.said)
        assert found is not None
        assert who(found[1]) == (warehouse.roles[0], warehouse.database)


def test_a_socket_serves(warehouse: Warehouse, environment: dict[str, str], tmp_path: Path) -> None:
    with listening(environment, "--socket", str(tmp_path / "s")) as proxy:
        assert who(proxy.conninfo) == (warehouse.roles[0], warehouse.database)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_and_its_sessions(
    warehouse: Warehouse, environment: dict[str, str], number: signal.Signals
) -> None:
    with listening(environment) as proxy, psycopg.connect(proxy.conninfo) as connection:
        status, told = proxy.end(number)
        assert status == 0
        assert "The proxy has ended." in told
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")


def test_signing_out_ends_it_and_its_sessions(
    warehouse: Warehouse, environment: dict[str, str], browser: ScriptedBrowser
) -> None:
    with listening(environment) as proxy, psycopg.connect(proxy.conninfo) as connection:
        assert run(environment, "logout")[0] == 0
        status, told = proxy.end()
        assert status == 0
        assert "You have signed out" in told
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    assert len(browser.opened()) == 1


def test_each_login_is_renewed_before_it_ends(
    tiny: TinyBroker, warehouse: Warehouse, environment: dict[str, str]
) -> None:
    tiny.login_seconds = 0  # every login has ended when it comes, and is fetched anew
    with listening(environment) as proxy:
        assert who(proxy.conninfo) != who(proxy.conninfo)


def test_a_session_that_has_ended_signs_in_again_on_the_next_connection(
    tiny: TinyBroker, warehouse: Warehouse, environment: dict[str, str]
) -> None:
    tiny.login_seconds = 0
    with listening(environment) as proxy:
        tiny.live_tokens.clear()
        assert who(proxy.conninfo) is not None
    assert tiny.authorizations == 2


def test_a_port_that_is_taken_is_said_so(warehouse: Warehouse, environment: dict[str, str]) -> None:
    with listening(environment) as proxy:
        port = re.search(r"port=(\d+)", proxy.conninfo)
        assert port is not None
        status, output, told = run(environment, "proxy", "--port", port[1])
    assert (status, output) == (1, "")
    assert "[proxy-address-unusable]" in told
    assert "Name another port" in told


def test_ctrl_c_cancels_a_sign_in_that_a_connection_began(
    tiny: TinyBroker, warehouse: Warehouse, environment: dict[str, str]
) -> None:
    """The sign-in waits in a thread; the process must not wait ten minutes for it."""
    tiny.login_seconds = 0
    with listening(environment) as proxy:
        tiny.live_tokens.clear()
        tiny.gate.clear()
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(proxy.conninfo, connect_timeout=2)
        status, _ = proxy.end(signal.SIGINT)
        assert status == 0
