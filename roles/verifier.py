"""The stored form of a password, computed here: SCRAM-SHA-256 (RFC 5802, RFC 7677), or what Amazon Redshift takes.

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
_REDSHIFT_SALT_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Verifier:
    """What `CREATE ROLE ... PASSWORD` takes. Not a password, yet not for logs either: its text stays out of repr.

    `iterations` is what a login costs: 1 for a plain digest.
    """

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
    _check(password)
    if not 1 <= iterations <= MAXIMUM_ITERATIONS:
        raise ValueError(f"SCRAM iterations must be 1 to {MAXIMUM_ITERATIONS}")
    salt = secrets.token_bytes(_SALT_BYTES)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode("ascii"), salt, iterations)
    stored_key = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    encoded = (base64.b64encode(part).decode("ascii") for part in (salt, stored_key, server_key))
    return Verifier("SCRAM-SHA-256${}:{}${}:{}".format(iterations, *encoded), iterations)


def redshift_md5(password: str, database_user: str) -> Verifier:
    """'md5' and the digest of password and user name (Redshift, CREATE USER): what every PostgreSQL client can use.

    MD5 is broken for collisions, not for finding a random password of 128 bits and more from its digest.

    Raises:
        ValueError: the password is not printable ASCII.
    """
    _check(password)
    digest = hashlib.md5((password + database_user).encode(), usedforsecurity=False)
    return Verifier(f"md5{digest.hexdigest()}", 1)


def redshift_sha256(password: str) -> Verifier:
    """'sha256|digest|salt' (Redshift, CREATE USER), salted anew: for clients that know Redshift's own challenge.

    The salt is written in hexadecimal digits, and goes into the digest as the bytes that they mean.

    Raises:
        ValueError: the password is not printable ASCII.
    """
    _check(password)
    salt = secrets.token_bytes(_REDSHIFT_SALT_BYTES)
    return Verifier(f"sha256|{hashlib.sha256(password.encode() + salt).hexdigest()}|{salt.hex()}", 1)


def _check(password: str) -> None:
    if not (password and password.isascii() and password.isprintable()):
        raise ValueError("a password must be printable ASCII")
