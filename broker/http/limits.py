"""How often one address may ask, and one person may begin a session: token buckets in memory, one set a process.

They keep a burst from slowing everybody else, and the store from filling up; they are no defence of passwords, which
the identity provider checks. Each broker process counts for itself. A refusal here stands in the access log and not in
the audit, which it would flood.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from math import ceil
from threading import Lock
from typing import Final
from weakref import WeakValueDictionary

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

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


class Brake:
    """Lets refusals wait: whoever asks again at each answer is slowed down by it, and nobody else is.

    Waiting costs no thread. The places are bounded; a refusal that finds none goes out at once.
    """

    def __init__(self, seconds: float = 0.5, places: int = 500) -> None:
        self._seconds = seconds
        self._free = places

    async def hold(self) -> None:
        """Wait a moment, if there is a place; called on the event loop alone."""
        if self._free:
            self._free -= 1
            try:
                await asyncio.sleep(self._seconds)
            finally:
                self._free += 1


class Turns:
    """One request of an address at a time: however many it sends at once, it gets no more than one share of us.

    Those that wait cost no thread. One answer takes milliseconds, so nobody within the rate waits noticeably.
    """

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def of(self, key: str) -> asyncio.Lock:
        """To be held while a request of that address is served; called on the event loop alone."""
        lock = self._locks.get(key)
        if lock is None:
            lock = self._locks[key] = asyncio.Lock()
        return lock


@dataclass(frozen=True, slots=True)
class LimitedEndpoints(Endpoints):
    """Endpoints that each address may use only so often. What waits takes no thread of those that serve others."""

    addresses: RateLimit
    client_address: Callable[[Request], str]
    brake: Brake
    turns: Turns

    def _answering(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            address, now = self.client_address(request), self.clock()
            try:
                self.addresses.take(address, now)
            except TooManyRequests as error:
                await self.brake.hold()
                return self.refuse(Call(request, now), error)
            async with self.turns.of(address):
                return await run_in_threadpool(self.answered, handler, Call(request, self.clock()))

        return endpoint


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
