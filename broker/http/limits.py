"""How often one address may ask, and one person may begin a session: token buckets in memory, one set a process.

They keep a burst from slowing everybody else, and the store from filling up; they are no defence of passwords, which
the identity provider checks. Each broker process counts for itself. A refusal here stands in the access log and not in
the audit, which it would flood.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from math import ceil
from threading import Lock
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from broker.errors import TooManyRequests
from broker.http.call import Call, Endpoints, Handler

_MAXIMUM_KEYS: Final = 20_000
"""About 5 MB. Beyond it whoever was longest away is forgotten: an attacker with that many addresses needs no more."""

_BURST: Final = timedelta(seconds=15)
_IPV6_SITE: Final = 64
"""Bits that one subscriber has (RFC 6177): the rest of an address is theirs to choose."""

Address = IPv4Address | IPv6Address


class RateLimit:
    """So many a minute for each key; a quarter of them at once. Thread-safe."""

    def __init__(self, per_minute: int) -> None:
        self._interval = timedelta(minutes=1) / per_minute
        self._capacity = max(self._interval, _BURST)
        self._full_at: OrderedDict[str, datetime] = OrderedDict()
        self._lock = Lock()

    def take(self, key: str, now: datetime) -> None:
        """Count one.

        The bucket is kept as the moment at which it is full again: each one taken moves it on by one interval.

        Raises:
            TooManyRequests: the bucket is empty.
        """
        with self._lock:
            full_at = max(self._full_at.get(key, now), now) + self._interval
            over = full_at - now - self._capacity
            if over > timedelta():
                raise TooManyRequests("Too many requests came in a short time.", retry_after=ceil(over.total_seconds()))
            self._full_at[key] = full_at
            self._full_at.move_to_end(key)
            if len(self._full_at) > _MAXIMUM_KEYS:
                self._full_at.popitem(last=False)


@dataclass(frozen=True, slots=True)
class ClientAddress:
    """Finds out who asks. X-Forwarded-For is only ever read from the proxies that the administrator named."""

    trusted_proxies: tuple[str, ...]

    def of(self, request: Request) -> str:
        """The address, or for IPv6 its site; the peer's, where a proxy says nothing that can be read."""
        peer = request.client.host if request.client else ""
        if not self._is_proxy(_parsed(peer)):
            return _site(peer)
        forwarded = ",".join(request.headers.getlist("x-forwarded-for")).split(",")
        for text in reversed(forwarded):  # the last was written by the nearest proxy; what stands before may be made up
            address = _parsed(text.strip())
            if address is None:
                break
            if not self._is_proxy(address):
                return _site(str(address))
        return _site(peer)

    def _is_proxy(self, address: Address | None) -> bool:
        return address is not None and any(address in ip_network(each) for each in self.trusted_proxies)


@dataclass(frozen=True, slots=True)
class LimitedEndpoints(Endpoints):
    """Endpoints that each address may use only so often."""

    addresses: RateLimit
    client_address: Callable[[Request], str]

    def get(self, path: str, handler: Handler) -> Route:
        """As `Endpoints.get`, counted."""
        return Endpoints.get(self, path, self._counted(handler))

    def post(self, path: str, handler: Handler) -> Route:
        """As `Endpoints.post`, counted."""
        return Endpoints.post(self, path, self._counted(handler))

    def _counted(self, handler: Handler) -> Handler:
        def counted(call: Call) -> Response:
            self.addresses.take(self.client_address(call.request), call.now)
            return handler(call)

        return counted


def _parsed(text: str) -> Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _site(text: str) -> str:
    address = _parsed(text)
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address.packed, _IPV6_SITE), strict=False))
    return str(address or text)
