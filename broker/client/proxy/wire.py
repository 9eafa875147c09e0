"""The few PostgreSQL messages that a relay must understand, as bytes in and values out.

Source: PostgreSQL documentation, "Frontend/Backend Protocol", Message Formats. Everything after the start-up is relayed
unread.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

PROTOCOL_3: Final = 3 << 16
_CANCEL: Final = 80877102
_TLS: Final = 80877103
_GSS: Final = 80877104
_LONGEST_STARTUP: Final = 10_000
"""The server's own bound (MAX_STARTUP_PACKET_LENGTH)."""

TLS_REQUEST: Final = struct.pack("!ii", 8, _TLS)
AUTHENTICATION_OK: Final = struct.pack("!cii", b"R", 8, 0)


class WireError(Exception):
    """The other side does not speak the protocol."""


@dataclass(frozen=True, slots=True)
class Startup:
    """A client that wants a session, with its parameters (`user`, `database`, `application_name`, ...)."""

    protocol: int
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class EncryptionRequest:
    """A client that asks for TLS or GSS before it says anything else."""


@dataclass(frozen=True, slots=True)
class CancelRequest:
    """A client that wants a running statement cancelled; `packet` is relayed as it came."""

    packet: bytes


def startup_length(head: bytes) -> int:
    """The whole length of the packet that begins with these 4 bytes."""
    (length,) = struct.unpack("!i", head)
    if not 8 <= length <= _LONGEST_STARTUP:
        raise WireError(f"a start-up packet of {length} bytes")
    return int(length)


def read_startup(packet: bytes) -> Startup | EncryptionRequest | CancelRequest:
    """Parse a whole first packet, length included."""
    (code,) = struct.unpack_from("!i", packet, 4)
    if code in (_TLS, _GSS):
        return EncryptionRequest()
    if code == _CANCEL:
        return CancelRequest(packet)
    if code >> 16 != PROTOCOL_3 >> 16:
        raise WireError(f"protocol {code >> 16}.{code & 0xFFFF}, where 3.x is spoken")
    try:
        texts = packet[8:].rstrip(b"\0").decode().split("\0") if len(packet) > 9 else []
    except UnicodeDecodeError as error:
        raise WireError("start-up parameters that are not UTF-8") from error
    # A last parameter with an empty value leaves a name alone: its terminators were stripped with the packet's own.
    if len(texts) % 2:
        texts.append("")
    return Startup(code, dict(zip(texts[::2], texts[1::2], strict=True)))


def startup(parameters: Mapping[str, str], protocol: int = PROTOCOL_3) -> bytes:
    """A StartupMessage."""
    body = b"".join(f"{name}\0{value}\0".encode() for name, value in parameters.items()) + b"\0"
    return struct.pack("!ii", 8 + len(body), protocol) + body


def message(kind: bytes, body: bytes) -> bytes:
    """A message of the session: kind, length, body."""
    return struct.pack("!ci", kind, 4 + len(body)) + body


def error(sqlstate: str, text: str, hint: str = "") -> bytes:
    """A FATAL ErrorResponse, as any client shows it."""
    fields = [("S", "FATAL"), ("V", "FATAL"), ("C", sqlstate), ("M", text), *([("H", hint)] if hint else [])]
    return message(b"E", b"".join(f"{code}{value}\0".encode() for code, value in fields) + b"\0")


def error_fields(body: bytes) -> dict[str, str]:
    """The fields of an ErrorResponse, by their one-letter codes."""
    parts = (part for part in body.split(b"\0") if part)
    return {part[:1].decode("ascii", "replace"): part[1:].decode(errors="replace") for part in parts}
