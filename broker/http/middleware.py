"""What holds for every request: a reference number, a bounded body, safe headers, one line in the log."""

import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from broker.secrets import random_name

_ACCESS_LOG: Final = logging.getLogger("broker.access")

_CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        # Chrome holds a form's redirects to this list too, so a form of ours is always answered with a page, and a
        # link or a refresh in it leads to the identity provider.
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)

SAFE_HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Content-Security-Policy": _CONTENT_SECURITY_POLICY,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        "Cache-Control": "no-store",
    }
)
"""Defaults; an answer that sets one itself (the stylesheet's Cache-Control) keeps its own."""

_STRICT_TRANSPORT: Final = "max-age=31536000"


def request_id_of(scope: Scope) -> str:
    """The reference number of the request."""
    return str(scope["state"]["request_id"])


def body_of(scope: Scope) -> bytes | None:
    """The request's body; None where it is over the limit, and then it was not read."""
    body: bytes | None = scope["state"]["body"]
    return body


@dataclass(frozen=True, slots=True)
class Edge:
    """Wraps the application.

    Attributes:
        maximum_request_bytes: a larger body is not read.
        secure: whether the world reaches us by https.
    """

    app: ASGIApp
    maximum_request_bytes: int
    secure: bool

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        # Never the client's own X-Request-Id: a reference number leads to one request in the audit.
        request_id, began, status = random_name(16), time.perf_counter(), 500
        state = scope.setdefault("state", {})
        state["request_id"] = request_id
        state["body"] = await _read(scope, receive, self.maximum_request_bytes)

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._add_headers(MutableHeaders(scope=message), request_id)
            await send(message)

        try:
            await self.app(scope, _already_read, answer)
        finally:
            _log(scope, request_id, status, time.perf_counter() - began)

    def _add_headers(self, headers: MutableHeaders, request_id: str) -> None:
        headers["X-Request-Id"] = request_id
        for name, value in SAFE_HEADERS.items():
            headers.setdefault(name, value)
        if self.secure:
            headers["Strict-Transport-Security"] = _STRICT_TRANSPORT


async def _already_read() -> Message:
    return {"type": "http.disconnect"}


async def _read(scope: Scope, receive: Receive, limit: int) -> bytes | None:
    declared = Headers(scope=scope).get("content-length", "0")
    if not declared.isdecimal() or int(declared[:20]) > limit:
        return None
    chunks, size, more = [], 0, True
    while more:
        message = await receive()
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            return None
        chunks.append(chunk)
        more = message.get("more_body", False)
    return b"".join(chunks)


def _log(scope: Scope, request_id: str, status: int, seconds: float) -> None:
    """One line; never the query, which may hold a state or a handle."""
    line = {
        "request_id": request_id,
        "method": scope["method"],
        "path": scope["path"],
        "status": status,
        "milliseconds": round(seconds * 1000, 1),
    }
    _ACCESS_LOG.info("%s", json.dumps(line))
