"""The loopback listener over real sockets: what browsers and strangers do to it."""

import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from broker.client import pages
from broker.client.errors import ListenPortTaken
from broker.client.listener import LoopbackListener
from tests.integration.client.helpers import until

STATE = "the-state"


@pytest.fixture
def listener() -> Iterator[LoopbackListener]:
    with LoopbackListener(STATE) as listening:
        yield listening


def connect(listener: LoopbackListener) -> socket.socket:
    parts = urlsplit(listener.redirect_uri)
    assert parts.hostname == "127.0.0.1"
    return socket.create_connection((parts.hostname, parts.port or 0), timeout=10)


def request(listener: LoopbackListener, target: str, method: str = "GET") -> str:
    with connect(listener) as connection:
        connection.sendall(f"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        return received(connection)


def received(connection: socket.socket) -> str:
    chunks = []
    while chunk := connection.recv(65536):
        chunks.append(chunk)
    return b"".join(chunks).decode()


def test_takes_the_answer_and_hides_its_address(listener: LoopbackListener) -> None:
    response = request(listener, f"/callback?code=the-code&state={STATE}&iss=https%3A%2F%2Fb")
    assert response.startswith("HTTP/1.0 303 ")
    assert "\r\nLocation: /done\r\n" in response
    assert "the-code" not in response
    assert listener.wait(0)
    assert listener.answer is not None
    assert listener.answer.code is not None
    assert listener.answer.code.reveal() == "the-code"
    assert listener.answer.issuer == "https://b"


def test_done_page_tells_how_it_really_ended(listener: LoopbackListener) -> None:
    request(listener, f"/callback?code=the-code&state={STATE}")
    seen: list[str] = []
    browser = threading.Thread(target=lambda: seen.append(request(listener, "/done")))
    browser.start()
    listener.conclude(pages.signed_in("ethan@example.com"))
    browser.join(10)
    assert "Signed in as ethan@example.com." in seen[0]
    assert "the-code" not in seen[0]
    assert "Cache-Control: no-store" in seen[0]


def test_survives_speculative_connections_and_icons(listener: LoopbackListener) -> None:
    idle = [connect(listener) for _ in range(8)]
    assert request(listener, "/favicon.ico").startswith("HTTP/1.0 404 ")
    assert request(listener, f"/callback?code=c&state={STATE}").startswith("HTTP/1.0 303 ")
    for connection in idle:
        connection.close()


def test_takes_a_request_that_comes_byte_by_byte(listener: LoopbackListener) -> None:
    with connect(listener) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in f"GET /callback?code=c&state={STATE} HTTP/1.1\r\nHost: x\r\n\r\n".encode():
            connection.send(bytes([byte]))
        assert received(connection).startswith("HTTP/1.0 303 ")
    assert listener.wait(0)


def test_survives_a_peer_that_goes_away(listener: LoopbackListener) -> None:
    with connect(listener) as connection:
        connection.sendall(b"GET /call")
    assert request(listener, f"/callback?code=c&state={STATE}").startswith("HTTP/1.0 303 ")


@pytest.mark.parametrize(
    "target",
    [
        "/callback?code=evil&state=another",
        "/callback?code=evil",
        "/callback",
        f"/callback?state={STATE}",
        f"/callback?code=evil&code=more&state={STATE}",
        f"/callback?code=evil&state=x&state={STATE}",
        "/callback?error=access_denied&state=another",
    ],
)
def test_a_strangers_answer_is_told_so_and_the_wait_goes_on(listener: LoopbackListener, target: str) -> None:
    assert request(listener, target).startswith("HTTP/1.0 400 ")
    assert not listener.wait(0)


def test_only_the_first_answer_counts(listener: LoopbackListener) -> None:
    request(listener, f"/callback?code=first&state={STATE}")
    request(listener, f"/callback?code=second&state={STATE}")
    assert listener.answer is not None
    assert listener.answer.code is not None
    assert listener.answer.code.reveal() == "first"


def test_a_preview_does_not_use_up_the_answer(listener: LoopbackListener) -> None:
    assert request(listener, f"/callback?code=c&state={STATE}", "HEAD").startswith("HTTP/1.0 501 ")
    assert not listener.wait(0)


def test_takes_a_refusal(listener: LoopbackListener) -> None:
    request(listener, f"/callback?error=access_denied&error_description=No+role.&state={STATE}&reference=r-1")
    assert listener.answer is not None
    assert (listener.answer.code, listener.answer.description, listener.answer.reference) == (None, "No role.", "r-1")


def test_done_without_an_answer_is_nothing(listener: LoopbackListener) -> None:
    assert request(listener, "/done").startswith("HTTP/1.0 200 ")
    assert not listener.wait(0)


def test_says_nothing_on_stderr(listener: LoopbackListener, capfd: pytest.CaptureFixture[str]) -> None:
    request(listener, f"/callback?code=the-code&state={STATE}")
    until(listener._answered.is_set)
    assert capfd.readouterr().err == ""


def test_port_is_free_afterwards() -> None:
    with LoopbackListener(STATE) as listening:
        parts = urlsplit(listening.redirect_uri)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", parts.port or 0), timeout=2)


def test_a_named_port_is_taken_and_given_back() -> None:
    with LoopbackListener(STATE) as any_port:
        port = urlsplit(any_port.redirect_uri).port or 0
    for _ in range(2):
        with LoopbackListener(STATE, port) as listening:
            assert urlsplit(listening.redirect_uri).port == port
            assert request(listening, "/").startswith("HTTP/1.0 404 ")


@pytest.mark.parametrize("says", [b"", b"SSH-2.0-x\r\n", b"HTTP/1.1 200 OK\r\n\r\n<html>"])
def test_a_port_of_another_program_is_said_so_at_once(says: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:

        def answer() -> None:
            connection, _ = other.accept()
            connection.sendall(says)
            connection.close()

        threading.Thread(target=answer, daemon=True).start()
        with pytest.raises(ListenPortTaken, match="Address already in use"):
            LoopbackListener(STATE, other.getsockname()[1])


def test_a_silent_program_at_the_port_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(ListenPortTaken, match="cannot be used"):
        LoopbackListener(STATE, other.getsockname()[1])


def test_a_sign_in_that_still_waits_at_the_port_is_diagnosed() -> None:
    with LoopbackListener("stale") as stale, pytest.raises(ListenPortTaken, match="sign-in still waits") as taken:
        LoopbackListener(STATE, urlsplit(stale.redirect_uri).port or 0)
    assert "`listen_port`" in taken.value.remedy
