"""The answer to Redshift's challenge; SCRAM is tried against a real PostgreSQL."""

import asyncio
import hashlib
from datetime import UTC, datetime

import pytest

from broker.client.model import TemporaryLogin
from broker.client.proxy import wire
from broker.client.proxy.upstream import _authenticate
from broker.secrets import Secret

NOW = datetime(2026, 11, 24, tzinfo=UTC)
LOGIN = TemporaryLogin(
    *("lease", "cloud", "cloud.example.com", 5439, "dev", "ethan", Secret("secret"), "ethan"),
    *((), (), (), NOW, NOW, "verify-full"),
)
SALT = b"\x01\x02\x03\x04"


class Warehouse:
    """Says one thing after the other, and hears what is answered."""

    def __init__(self, *steps: bytes, tls: bool = True) -> None:
        self.steps = list(steps)
        self.heard: list[bytes] = []
        self.transport = self
        self.tls = tls

    def get_extra_info(self, name: str) -> object:
        return object() if name == "sslcontext" and self.tls else None

    async def read_message(self) -> tuple[bytes, bytes]:
        return b"R", self.steps.pop(0)

    def send(self, packet: bytes) -> None:
        self.heard.append(packet)


def kind(number: int, rest: bytes = b"") -> bytes:
    return number.to_bytes(4, "big") + rest


def test_md5_is_answered_as_the_protocol_says() -> None:
    warehouse = Warehouse(kind(5, SALT), kind(0))
    assert asyncio.run(_authenticate(warehouse, LOGIN)) == wire.AUTHENTICATION_OK  # type: ignore[arg-type]
    stored = hashlib.md5(b"secretethan").hexdigest().encode()
    answer = b"md5" + hashlib.md5(stored + SALT).hexdigest().encode() + b"\0"
    assert warehouse.heard == [wire.message(b"p", answer)]


@pytest.mark.parametrize("step", [3, 13])
def test_a_password_in_clear_and_what_is_unknown_are_refused(step: int) -> None:
    warehouse = Warehouse(kind(step))
    with pytest.raises(wire.WireError, match=str(step)):
        asyncio.run(_authenticate(warehouse, LOGIN))  # type: ignore[arg-type]
    assert warehouse.heard == []


def test_md5_is_not_answered_where_others_may_read_it() -> None:
    warehouse = Warehouse(kind(5, SALT), tls=False)
    with pytest.raises(wire.WireError):
        asyncio.run(_authenticate(warehouse, LOGIN))  # type: ignore[arg-type]
    assert warehouse.heard == []


def test_nor_after_scram_began() -> None:
    warehouse = Warehouse(kind(10, b"SCRAM-SHA-256\0\0"), kind(5, SALT))
    with pytest.raises(wire.WireError):
        asyncio.run(_authenticate(warehouse, LOGIN))  # type: ignore[arg-type]
    assert len(warehouse.heard) == 1
