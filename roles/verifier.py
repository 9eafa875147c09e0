"""The stored form of a password: SCRAM-SHA-256 (RFC 5802, RFC 7677), computed here.

The warehouse gets the verifier instead of the password, so that no password is in SQL text, and so in no server log.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from typing import Final

MAXIMUM_ITERATIONS: Final = 1_000_000
_SALT_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Verifier:
    """What `CREATE ROLE ... PASSWORD` takes. Not a password, yet not for logs either: its text stays out of repr."""

    text: str = field(repr=False)
    iterations: int


def scram_sha_256(password: str, iterations: int) -> Verifier:
    """The verifier of `password`, salted anew.

    The server repeats the key derivation when the verifier is set, and each client at each login: `iterations` is
    their cost. It adds nothing to the strength of a random password of 128 bits and more.

    Raises:
        ValueError: the password is not printable ASCII (others would need SASLprep, RFC 4013), or `iterations` is
            out of range.
    """
    if not (password and password.isascii() and password.isprintable()):
        raise ValueError("a password must be printable ASCII")
    if not 1 <= iterations <= MAXIMUM_ITERATIONS:
        raise ValueError(f"SCRAM iterations must be 1 to {MAXIMUM_ITERATIONS}")
    salt = secrets.token_bytes(_SALT_BYTES)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode("ascii"), salt, iterations)
    stored_key = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    encoded = (base64.b64encode(part).decode("ascii") for part in (salt, stored_key, server_key))
    return Verifier("SCRAM-SHA-256${}:{}${}:{}".format(iterations, *encoded), iterations)
