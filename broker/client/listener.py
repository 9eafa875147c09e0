"""The loopback listener that a sign-in ends at (RFC 8252 7.3): 127.0.0.1, a port of the moment, one answer.

Browsers open connections that they never use, ask for icons, and send a request in pieces; other programs on the
machine, and any web page, can send requests here too. So every connection has a thread and a time limit of its own,
and only a request that knows `state` counts: all others get a page, and the wait goes on.

The answer's address holds the one-time code, so it is replaced at once by `/done` (a redirect leaves no trace in the
history), which tells how the sign-in really ended.
"""

import sys
import threading
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Final
from urllib.parse import parse_qs, urlsplit

from broker.client import pages
from broker.client.errors import ListenPortTaken
from broker.client.pages import Page
from broker.secrets import Secret, same

_REQUEST_SECONDS: Final = 15
"""How long one connection may take to send its request."""

_OUTCOME_SECONDS: Final = 45.0
"""How long `/done` waits to learn how the sign-in ended; a little longer than a call to the broker may take."""

_LAST_PAGE_SECONDS: Final = 2.0
"""How long a finished sign-in waits for the browser to fetch its last page."""


_LOOK_SECONDS: Final = 1.0
_PAGE_BYTES: Final = 65536
"""How long, and how far, a stranger at our port is looked at."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the broker sent through the browser (RFC 6749 4.1.2); its `state` was ours.

    Attributes:
        code: the one-time code, or None for a refusal.
        issuer: who says so (RFC 9207), or "".
        error: the specification's word for the refusal, with `description` and the audit's `reference`.
    """

    code: Secret | None
    issuer: str = ""
    error: str = ""
    description: str = ""
    reference: str = ""


def read_answer(query: str, state: str) -> Answer | None:
    """Parse the query of a callback; None unless it is the answer to `state`.

    A parameter sent twice makes the answer ambiguous and so no answer (RFC 6749 3.1).
    """
    try:
        parameters = parse_qs(query, keep_blank_values=True, strict_parsing=True, max_num_fields=20)
    except ValueError:
        return None
    if any(len(values) > 1 for values in parameters.values()):
        return None
    given = {name: values[0] for name, values in parameters.items()}
    if not same(given.get("state", ""), state):
        return None
    issuer = given.get("iss", "")
    if given.get("error"):
        return Answer(None, issuer, given["error"], given.get("error_description", ""), given.get("reference", ""))
    return Answer(Secret(given["code"]), issuer) if given.get("code") else None


class LoopbackListener:
    """Waits for the answer to one sign-in; a context manager."""

    def __init__(self, state: str, port: int = 0) -> None:
        self.answer: Answer | None = None
        self._state = state
        self._answered = threading.Event()
        self._taking = threading.Lock()
        self._outcome: Page | None = None
        self._concluded = threading.Event()
        self._shown = threading.Event()
        self._server = _listen(port)
        self._server.listener = self

    @property
    def redirect_uri(self) -> str:
        """Where the broker must send the browser."""
        return f"http://127.0.0.1:{self._server.server_port}/callback"

    def __enter__(self) -> "LoopbackListener":
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait(self, seconds: float) -> bool:
        """Wait at most `seconds`; whether `answer` is there."""
        return self._answered.wait(seconds)

    def conclude(self, page: Page) -> None:
        """Say in the browser how the sign-in ended, and give it a moment to fetch that."""
        self._outcome = page
        self._concluded.set()
        self._shown.wait(_LAST_PAGE_SECONDS)

    def take(self, query: str) -> bool:
        """Take the callback's query; whether it belongs to this sign-in. Only the first answer counts."""
        answer = read_answer(query, self._state)
        if answer is None:
            return False
        with self._taking:
            if self.answer is None:
                self.answer = answer
                self._answered.set()
        return True

    def outcome(self) -> Page:
        """How the sign-in ended, once that is known."""
        if not self._answered.is_set():
            return pages.NOT_FOUND
        self._concluded.wait(_OUTCOME_SECONDS)
        return self._outcome or pages.UNFINISHED

    def shown(self) -> None:
        """The browser has the last page."""
        self._shown.set()


class _Server(ThreadingHTTPServer):
    """Threads that nobody waits for; no word on stderr about peers that went away."""

    daemon_threads = True
    request_queue_size = 32
    allow_reuse_address = sys.platform != "win32"  # there it would let two programs share the port
    listener: LoopbackListener

    def handle_error(self, request: object, client_address: object) -> None:
        pass


def _listen(port: int) -> _Server:
    """Listen at `port`; where somebody else does, say whether that is a sign-in that still waits.

    Raises:
        ListenPortTaken: somebody else does.
    """
    try:
        return _Server(("127.0.0.1", port), _Handler, bind_and_activate=True)
    except OSError as error:
        if _is_sign_in(port):
            raise ListenPortTaken(
                f"Another program's sign-in still waits at port {port}.",
                remedy="Finish it in the browser, or end that program; or leave `listen_port` out.",
            ) from None
        raise ListenPortTaken(f"Port {port} of 127.0.0.1 cannot be used: {error.strerror}.") from None


def _is_sign_in(port: int) -> bool:
    """Whether what listens at `port` answers with one of our pages."""
    connection = HTTPConnection("127.0.0.1", port, timeout=_LOOK_SECONDS)
    try:
        connection.request("GET", "/")
        return connection.getresponse().read(_PAGE_BYTES) == pages.NOT_FOUND.html()
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


class _Handler(BaseHTTPRequestHandler):
    """GET alone: what a mail or chat program sends to preview a link (HEAD) must not use up the answer."""

    timeout = _REQUEST_SECONDS
    server: _Server

    def do_GET(self) -> None:
        listener = self.server.listener
        target = urlsplit(self.path)
        if target.path == "/callback":
            if listener.take(target.query):
                self._send(
                    303, b"", {"Location": "/done", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
                )
            else:
                self._send(400, pages.FOREIGN.html(), pages.HEADERS)
        elif target.path == "/done":
            self._send(200, listener.outcome().html(), pages.HEADERS)
            listener.shown()
        else:
            self._send(404, pages.NOT_FOUND.html(), pages.HEADERS)

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Stay silent: a request's line holds the code."""
