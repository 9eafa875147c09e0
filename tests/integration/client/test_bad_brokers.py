"""What answers at the broker's address, and is not as it should be: one clear message, in time, with the next step."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from broker.cli.main import run
from broker.client import api
from broker.client.errors import ExitCode
from tests.integration.client.test_tls import Certificate, self_signed

HTML = b"HTTP/1.1 %s\r\nContent-Type: text/html\r\nContent-Length: 29\r\n\r\n<html>Log in to WiFi</html>\r\n"
OK = HTML % b"200 OK"
BAD_GATEWAY = HTML % b"502 Bad Gateway"
ELSEWHERE = b"HTTP/1.1 302 Found\r\nLocation: https://portal.example/\r\nContent-Length: 0\r\n\r\n"
HUGE = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"


class Listener:
    """Does to every connection what the test says."""

    def __init__(self, act: Callable[[socket.socket], None], context: ssl.SSLContext | None = None) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._act = act
        self._context = context
        self.over = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._handle, args=(connection,), daemon=True).start()

    def _handle(self, connection: socket.socket) -> None:
        with connection:
            try:
                if self._context:
                    connection = self._context.wrap_socket(connection, server_side=True)
                self._act(connection)
            except OSError:
                pass  # the client went away

    def close(self) -> None:
        self.over.set()
        self._socket.close()


@pytest.fixture
def listening() -> Iterator[Callable[..., Listener]]:
    made: list[Listener] = []

    def listen(act: Callable[[socket.socket], None], context: ssl.SSLContext | None = None) -> Listener:
        made.append(Listener(act, context))
        return made[-1]

    yield listen
    for each in made:
        each.close()


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """What `broker login` says of that address, after it ended as it should."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setattr(api, "_ANSWER_SECONDS", 1.0)
    for name in ("BROKER_URL", "BROKER_CA_FILE", "BROKER_SIGN_IN", "BROKER_TOKEN", "BROKER_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)

    def say(url: str, code: ExitCode) -> str:
        began = time.monotonic()
        ended = run(["login", "--url", url, "--no-browser", "--no-store"])
        told = capsys.readouterr()
        assert (ended, told.out) == (code, ""), told.err
        assert time.monotonic() - began < 10
        lines = told.err.splitlines()
        assert len(lines) == 2, told.err  # what happened, and what to do
        return told.err

    return say


def answering(content: bytes) -> Callable[[socket.socket], None]:
    def act(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(content)

    return act


@pytest.mark.parametrize(
    "content",
    [OK, BAD_GATEWAY, ELSEWHERE, b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n[1,2]", b""],
    ids=["a captive portal", "a gateway", "a redirect", "another service", "another JSON", "nothing"],
)
def test_something_else_answers(listening: Callable[..., Listener], said: Callable[..., str], content: bytes) -> None:
    port = listening(answering(content)).port
    foreign = content.startswith(b"HTTP")
    told = said(f"http://127.0.0.1:{port}", ExitCode.REFUSED if foreign else ExitCode.UNREACHABLE)
    assert f"http://127.0.0.1:{port}" in told
    assert ("[broker-answer-invalid]" if foreign else "[broker-unreachable]") in told
    assert "Check the broker's address" in told


def test_nobody_listens(listening: Callable[..., Listener], said: Callable[..., str]) -> None:
    listener = listening(answering(b""))
    port = listener.port
    listener.close()
    told = said(f"http://127.0.0.1:{port}", ExitCode.UNREACHABLE)
    assert "cannot be reached" in told
    assert "(VPN)" in told


def test_a_broker_that_never_answers_is_given_up(listening: Callable[..., Listener], said: Callable[..., str]) -> None:
    over = threading.Event()
    port = listening(lambda _: over.wait(20) and None).port
    told = said(f"http://127.0.0.1:{port}", ExitCode.UNREACHABLE)
    over.set()
    assert "did not answer in time" in told


def test_a_broker_that_drips_is_given_up(listening: Callable[..., Listener], said: Callable[..., str]) -> None:
    """Each byte comes in time; the answer as a whole never does."""

    def drip(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(HUGE)
        for _ in range(200):
            connection.sendall(b" ")
            time.sleep(0.1)

    told = said(f"http://127.0.0.1:{listening(drip).port}", ExitCode.UNREACHABLE)
    assert "did not answer in time" in told


def test_a_broker_that_never_stops_is_given_up(listening: Callable[..., Listener], said: Callable[..., str]) -> None:
    def flood(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(HUGE)
        while True:
            connection.sendall(b" " * 65536)

    told = said(f"http://127.0.0.1:{listening(flood).port}", ExitCode.REFUSED)
    assert "[broker-answer-invalid]" in told


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    return self_signed(tmp_path / "tls", "127.0.0.1")


def test_an_unknown_certificate(
    listening: Callable[..., Listener], said: Callable[..., str], certificate: Certificate
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate, certificate.key)
    told = said(f"https://127.0.0.1:{listening(answering(OK), context).port}", ExitCode.UNREACHABLE)
    assert "[broker-certificate-untrusted]" in told
    assert "BROKER_CA_FILE" in told


def test_https_where_http_is_spoken(listening: Callable[..., Listener], said: Callable[..., str]) -> None:
    told = said(f"https://127.0.0.1:{listening(answering(OK)).port}", ExitCode.UNREACHABLE)
    assert "[broker-unreachable]" in told
