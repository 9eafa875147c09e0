"""One request as a handler sees it: its number, its one `now`, its parameters parsed and each given once."""

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from broker.clock import Clock
from broker.errors import RequestMalformed, RequestTooLarge, SessionError
from broker.http.middleware import body_of, request_id_of
from broker.secrets import Secret

MAXIMUM_FIELDS: Final = 32


@dataclass(frozen=True, slots=True)
class Call:
    """One request, and the moment at which it is decided."""

    request: Request
    now: datetime

    @property
    def request_id(self) -> str:
        """The reference number, as in the audit and in X-Request-Id."""
        return request_id_of(self.request.scope)

    def query(self) -> dict[str, str]:
        """The query's parameters, each at most once (RFC 6749 3.1).

        Raises:
            RequestMalformed: a parameter came twice, or is not UTF-8.
        """
        return _once(_decoded(self.request.scope["query_string"]))

    def form(self) -> dict[str, str]:
        """The fields of a URL-encoded form, each at most once (RFC 6749 3.2).

        Raises:
            RequestTooLarge: the body is over the server's limit.
            RequestMalformed: the body is no such form.
        """
        self._require("application/x-www-form-urlencoded")
        return _once(_decoded(self.body()))

    def json(self, media_type: str = "application/json") -> dict[str, Any]:
        """The body's JSON object; a name given twice is refused, since two readers would read two things.

        Raises:
            RequestTooLarge: the body is over the server's limit.
            RequestMalformed: the body is no JSON object.
        """
        self._require(media_type)
        try:
            value = json.loads(self.body(), object_pairs_hook=_once, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            raise RequestMalformed("The request body is not JSON.", remedy="Send one JSON object.") from None
        if not isinstance(value, dict):
            raise RequestMalformed("The request body is not a JSON object.", remedy="Send one JSON object.")
        return value

    def body(self) -> bytes:
        """The body as it came.

        Raises:
            RequestTooLarge: it is over the server's limit.
        """
        body = body_of(self.request.scope)
        if body is None:
            raise RequestTooLarge("The request is larger than this server takes.", remedy="Send less.")
        return body

    def _require(self, media_type: str) -> None:
        found = self.request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if found != media_type:
            raise RequestMalformed(f"The request body must be {media_type}.", remedy="Set the header Content-Type.")


Handler = Callable[[Call], Response]
Refuse = Callable[[Call, Exception], Response]


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Makes routes whose handlers get a `Call`, and whose refusals all look the same way: a page, or a document."""

    clock: Clock
    refuse: Refuse

    def get(self, path: str, handler: Handler) -> Route:
        """A route that only reads."""
        return Route(path, self._answering(handler), methods=["GET"])

    def post(self, path: str, handler: Handler) -> Route:
        """A route that does something."""
        return Route(path, self._answering(handler), methods=["POST"])

    def _answering(self, handler: Handler) -> Callable[[Request], Response | Awaitable[Response]]:
        return lambda request: self.answered(handler, Call(request, self.clock()))

    def answered(self, handler: Handler, call: Call) -> Response:
        """What the handler says, or how its refusal looks."""
        try:
            return handler(call)
        except Exception as error:  # the edge: every error becomes an answer; `problems` tells ours from defects
            return self.refuse(call, error)


def _decoded(encoded: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            encoded.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MAXIMUM_FIELDS,
        )
    except ValueError:  # not ASCII, not UTF-8 below the percent signs, or too many fields
        raise RequestMalformed("The request's parameters are not URL-encoded UTF-8, or too many.") from None


def _once(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise RequestMalformed(f"The field {name[:64]!r} came twice.")
        found[name] = value
    return found


def _no_constant(name: str) -> None:
    raise ValueError(name)  # NaN and Infinity are not JSON (RFC 8259 6)


class Fields:
    """Takes the fields of a JSON object one by one, strictly; what nobody took is refused by name."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._left = dict(values)

    def text(self, name: str, default: str | None = None, *, longest: int = 128) -> str:
        """A text; required where there is no default.

        Raises:
            RequestMalformed: absent, empty though required, no text, too long, or not printable.
        """
        value = self._left.pop(name, default)
        if not isinstance(value, str) or (default is None and not value):
            raise RequestMalformed(f"The field `{name}` must be a text.")
        if len(value) > longest or not value.isprintable():
            raise RequestMalformed(f"The field `{name}` must be at most {longest} printable characters.")
        return value

    def integer(self, name: str, *, low: int, high: int) -> int | None:
        """A whole number in a range, or None where it is absent.

        Raises:
            RequestMalformed: no whole number, or out of the range.
        """
        value = self._left.pop(name, None)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise RequestMalformed(f"The field `{name}` must be a whole number from {low} to {high}.")
        return value

    def done(self) -> None:
        """Refuse what is left.

        Raises:
            RequestMalformed: a field that the interface does not know.
        """
        if self._left:
            raise RequestMalformed(f"The field {next(iter(self._left))[:64]!r} is not known.")


def bearer_token(request: Request) -> Secret:
    """The token of the one Authorization header (RFC 6750 2.1)."""
    headers = request.headers.getlist("authorization")
    scheme, _, token = headers[0].partition(" ") if len(headers) == 1 else ("", "", "")
    if scheme.lower() != "bearer" or not token:
        raise SessionError("The request carries no session token.")
    return Secret(token)
