"""What goes wrong when a program connects: one clear message each, and nothing hangs past its time."""

import contextlib
import socket
import threading
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from broker.client.errors import (
    BrokerAnswerInvalid,
    BrokerUnreachable,
    BrokerUntrusted,
    ClientError,
    ListenPortTaken,
    NotSignedIn,
    SettingsInvalid,
    SignInCancelled,
    SignInRefused,
    SignInTimedOut,
    WarehouseUnreachable,
)
from broker.client.listener import LoopbackListener
from broker.client.plugin import Connector, connect, gather
from broker.clock import utc_now
from tests.integration.client.conftest import ScriptedBrowser, Warehouse, who
from tests.integration.client.helpers import RecordingPerson, TinyBroker, until
from tests.integration.client.test_tls import self_signed, served

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("workstation")]


@pytest.mark.parametrize(
    ("properties", "complaint"),
    [
        ({"plugin_name": "Octa"}, "no plug-in 'Octa'"),
        ({"login_url": "https://idp.example/app/sso"}, "not a sign-in page of the broker"),
        ({"broker_url": "http://broker.example"}, "in the clear"),
        ({"workgroup_nam": "x"}, "Did you mean `workgroup`"),
    ],
)
def test_wrong_properties_are_named(properties: dict[str, object], complaint: str) -> None:
    with pytest.raises(SettingsInvalid, match=complaint):
        connect(**properties)


def test_a_warehouse_that_takes_no_login_is_said_so(url: str, tiny: TinyBroker, warehouse: Warehouse) -> None:
    tiny.warehouse = lambda: {**warehouse.lease(), "password": "wrong"}
    with pytest.raises(WarehouseUnreachable, match="password authentication failed") as failed:
        connect(url)
    assert tiny.logins == 2
    assert failed.value.__cause__ is None


def test_a_warehouse_that_is_down_is_said_so_without_a_second_login(
    url: str, tiny: TinyBroker, warehouse: Warehouse
) -> None:
    tiny.warehouse = lambda: {**warehouse.lease(), "port": 1}
    with pytest.raises(WarehouseUnreachable, match="refused"):
        connect(url)
    assert tiny.logins == 1


def test_a_taken_port_is_said_so(url: str, warehouse: Warehouse) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        begun = time.monotonic()
        with pytest.raises(ListenPortTaken, match="Address already in use"):
            connect(url, listen_port=other.getsockname()[1])
    assert time.monotonic() - begun < 10


def test_a_sign_in_that_still_waits_at_the_port_is_diagnosed(url: str, warehouse: Warehouse) -> None:
    with LoopbackListener("state") as stale:
        port = int(stale.redirect_uri.split(":")[2].partition("/")[0])
        with pytest.raises(ListenPortTaken, match="sign-in still waits"):
            connect(url, listen_port=port)


def test_a_sign_in_that_nobody_finishes_ends(url: str, tiny: TinyBroker, warehouse: Warehouse) -> None:
    tiny.gate.clear()
    begun = time.monotonic()
    with pytest.raises(SignInTimedOut, match="within 1 seconds"):
        Connector(replace(gather(url), idp_response_timeout=1)).connect()
    assert time.monotonic() - begun < 5


class Stranger:
    """Something at a port that is no broker: it says what it is told to, a piece at a time, or nothing at all."""

    def __init__(self, *says: bytes, for_ever: bool = False) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self._says = says
        self._for_ever = for_ever
        self._end = threading.Event()
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"

    def __enter__(self) -> "Stranger":
        threading.Thread(target=self._answer, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._server.close()

    def _answer(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._server.accept()
                with connection:
                    connection.recv(65536)
                    for piece in self._says:
                        connection.sendall(piece)
                    while self._for_ever and not self._end.wait(0.1):
                        connection.sendall(self._says[-1] if self._says else b"")


PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 15\r\n\r\n<html>Hi</html>"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"


@pytest.mark.parametrize(
    ("says", "error", "what"),
    [
        (PAGE, BrokerAnswerInvalid, "not JSON|as a broker does|JSON"),
        (PAGE.replace(b"200 OK", b"502 Bad Gateway"), BrokerAnswerInvalid, "status 502"),
        (b"SSH-2.0-x\r\n", BrokerUnreachable, "cannot be reached"),
        (b"", BrokerUnreachable, "cannot be reached"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n" + b" " * 5_000_000, BrokerAnswerInvalid, "more than"),
    ],
)
def test_what_is_no_broker_is_said_so(
    browser: ScriptedBrowser, says: bytes, error: type[ClientError], what: str
) -> None:
    with Stranger(says) as stranger, pytest.raises(error, match=what) as failed:
        connect(broker_url=stranger.url, workgroup="w")
    assert stranger.url in failed.value.what
    assert failed.value.remedy
    assert browser.opened() == []


@pytest.mark.parametrize("says", [(), (HEAD, b" ")], ids=["never", "drop by drop"])
def test_a_broker_that_is_slow_is_given_up(
    browser: ScriptedBrowser, monkeypatch: pytest.MonkeyPatch, says: tuple[bytes, ...]
) -> None:
    monkeypatch.setattr("broker.client.api._ANSWER_SECONDS", 1.0)
    begun = time.monotonic()
    with Stranger(*says, for_ever=True) as stranger, pytest.raises(BrokerUnreachable, match="did not answer in time"):
        connect(broker_url=stranger.url, workgroup="w")
    assert time.monotonic() - begun < 5


def test_a_broker_that_speaks_no_tls_is_said_so(browser: ScriptedBrowser, tiny: TinyBroker) -> None:
    with pytest.raises(BrokerUnreachable, match="does not speak TLS") as failed:
        connect(f"{tiny.url.replace('http:', 'broker:')}/w")
    assert "http://127.0.0.1" in failed.value.remedy


def test_a_broker_that_is_down_is_said_so(browser: ScriptedBrowser) -> None:
    with pytest.raises(BrokerUnreachable, match="cannot be reached"):
        connect(broker_url="http://127.0.0.1:1", workgroup="w")


@pytest.mark.parametrize(("days", "what"), [(0, "self.signed certificate"), (-9, "clock right"), (9, "clock right")])
def test_a_broker_with_an_unknown_or_untimely_certificate(
    browser: ScriptedBrowser, tmp_path: Path, days: int, what: str
) -> None:
    made = self_signed(tmp_path / "broker", "127.0.0.1", utc_now() + timedelta(days=days))
    trust = {} if days == 0 else {"ca_file": made.certificate}
    with served(made) as broker, pytest.raises(BrokerUntrusted, match=what) as failed:
        connect(broker_url=broker.url, workgroup="w", **trust)
    assert "ca_file" in failed.value.remedy
    assert browser.opened() == []


def test_a_login_that_the_person_closes_is_cancelled(url: str, tiny: TinyBroker, warehouse: Warehouse) -> None:
    tiny.gate.clear()
    person = RecordingPerson()
    failed: list[ClientError] = []

    def sign_in() -> None:
        try:
            Connector(gather(url), person).connect()
        except ClientError as error:
            failed.append(error)

    waiting = threading.Thread(target=sign_in)
    waiting.start()
    until(lambda: tiny.authorizations == 1)
    person.cancel.set()
    waiting.join(10)
    assert [type(error) for error in failed] == [SignInCancelled]


def test_a_login_that_is_refused_at_the_provider_says_why(url: str, tiny: TinyBroker, warehouse: Warehouse) -> None:
    tiny.sign_in_error = "You may not use this."
    with pytest.raises(SignInRefused, match="You may not use this") as refused:
        connect(url)
    assert refused.value.reference == "ref-7"


def test_a_session_that_expired_signs_in_again(
    url: str, tiny: TinyBroker, warehouse: Warehouse, browser: ScriptedBrowser
) -> None:
    first = who(connect(url))
    warehouse.end(first)
    tiny.live_tokens.clear()  # it was ended at the broker, too
    assert who(connect(url)) != first
    assert len(browser.opened()) == 2


def test_a_script_is_told_that_its_session_expired(
    url: str, tiny: TinyBroker, warehouse: Warehouse, browser: ScriptedBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROKER_SIGN_IN", "never")
    with pytest.raises(NotSignedIn, match="not signed in"):
        connect(url)
    assert browser.opened() == []


def test_a_login_that_ends_at_once_for_the_warehouse_is_a_matter_of_clocks(
    url: str, tiny: TinyBroker, warehouse: Warehouse
) -> None:
    tiny.clock_ahead = timedelta(hours=-1)
    tiny.warehouse = lambda: warehouse.lease(valid_until="2020-01-01")
    with pytest.raises(WarehouseUnreachable, match="password authentication failed") as failed:
        connect(url)
    assert "1:00:00 behind this machine's" in failed.value.remedy
