"""What is random in a temporary login: the password, and the alias's name."""

from typing import Final

from broker.secrets import Secret, random_name, random_token

PASSWORD_BYTES: Final = 24
"""192 bits: nothing to guess, so the verifier's iteration count protects nothing and may be low (RFC 7677 4)."""

ALIAS_CHARACTERS: Final = 20
"""100 bits of a-z2-7: no two brokers ever meet, no name needs quoting, and 63 bytes leave room for any prefix."""


def new_password() -> Secret:
    """A password of URL-safe ASCII: good in a URI and in a `.pgpass` line as it is, and unchanged by SASLprep."""
    return Secret(random_token(PASSWORD_BYTES))


def new_alias(prefix: str) -> str:
    """A login alias that was never used."""
    return prefix + random_name(ALIAS_CHARACTERS)


def new_lease_id() -> str:
    """A name for a lease; the alias's name does not follow from it."""
    return "lease-" + random_name(ALIAS_CHARACTERS)


def new_generation_id() -> str:
    """A name for a person's password; nothing of the password follows from it."""
    return "password-" + random_name(ALIAS_CHARACTERS)
