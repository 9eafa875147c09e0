"""Sealed tokens: `wab1.<key id>.<base64url of nonce and AES-256-GCM ciphertext>`.

A token is opaque to whoever holds it, and says nothing if one bit of it is not ours. Its purpose is bound into it
twice: by a key of its own (HKDF), and as associated data together with the text before the last dot.
"""

import base64
import binascii
import os
from typing import Final

from cryptography.exceptions import InvalidTag

from broker.errors import SessionError
from broker.sts.keys import KeyRing

MAXIMUM_TOKEN_LENGTH: Final = 64 * 1024
"""Characters; more is refused before anything is decoded."""

_FORMAT: Final = "wab1"
_NONCE_BYTES: Final = 12
"""Random nonces of 96 bits are good for 2**32 tokens a key (NIST SP 800-38D 8.3): a hundred a second for a year."""


def seal(ring: KeyRing, purpose: str, plaintext: bytes) -> str:
    """Encrypt with the ring's primary key, so that only `open_sealed` with the same purpose gets it back.

    Raises:
        KeyRingUnusable: the key ring's file is not good any more.
    """
    key_id, cipher = ring.sealing(purpose)
    nonce = os.urandom(_NONCE_BYTES)
    sealed = nonce + cipher.encrypt(nonce, plaintext, _bound_to(key_id, purpose))
    return f"{_FORMAT}.{key_id}.{_encode(sealed)}"


def open_sealed(ring: KeyRing, purpose: str, text: str) -> bytes:
    """What `seal` was given.

    Raises:
        SessionError: the text is damaged, was sealed for another purpose, or by a key that the ring does not hold.
        KeyRingUnusable: as `seal`.
    """
    # One refusal for every cause: whoever sends a broken token learns nothing about which part was wrong.
    refused = SessionError("The session token is not one of this broker's.")
    if len(text) > MAXIMUM_TOKEN_LENGTH or text.count(".") != 2:
        raise refused
    token_format, key_id, body = text.split(".")
    cipher = ring.opening(key_id, purpose) if token_format == _FORMAT else None
    sealed = _decode(body)
    if cipher is None or sealed is None:
        raise refused
    try:
        return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _bound_to(key_id, purpose))
    except (InvalidTag, ValueError):  # ValueError: the nonce is too short
        raise refused from None


def _bound_to(key_id: str, purpose: str) -> bytes:
    return f"{_FORMAT}.{key_id}.{purpose}".encode()


def _encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _decode(body: str) -> bytes | None:
    """The bytes, or None unless `body` is the one canonical encoding of them (RFC 4648 3.5: no second spelling)."""
    try:
        content = base64.urlsafe_b64decode(body.encode("ascii") + b"=" * (-len(body) % 4))
    except (binascii.Error, UnicodeEncodeError):
        return None
    return content if _encode(content) == body else None
