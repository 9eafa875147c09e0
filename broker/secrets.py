"""Secrets: made at random, compared in constant time, never shown by accident."""

import base64
import hashlib
import hmac
import secrets
from typing import Final

_SHOWN: Final = "Secret('***')"


class Secret:
    """A text that never shows itself; `reveal` is the one way out, and easy to find in review."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The text itself."""
        return self._value

    def __repr__(self) -> str:
        return _SHOWN

    __str__ = __repr__

    def __format__(self, _spec: str) -> str:
        return _SHOWN

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __reduce__(self) -> str:
        raise TypeError("a Secret cannot be pickled")


def random_token(nbytes: int = 32) -> str:
    """A URL-safe random text of `nbytes` bytes of entropy."""
    return secrets.token_urlsafe(nbytes)


def random_name(length: int) -> str:
    """`length` characters of a-z2-7 (5 bits each): good in identifiers and file names."""
    return base64.b32encode(secrets.token_bytes(length)).decode().lower()[:length]


def digest(token: str) -> str:
    """How a one-time token is kept at rest: SHA-256, hexadecimal. Only for tokens of full entropy."""
    return hashlib.sha256(token.encode()).hexdigest()


def same(left: str, right: str) -> bool:
    """Compare two texts in constant time."""
    return hmac.compare_digest(left.encode(), right.encode())
