"""Names that the warehouse keeps exactly as they are written here: proof that nothing is cut off, folded or confused.

PostgreSQL truncates an identifier at 63 bytes without an error, so that a longer name would log in as whoever owns
the shorter one; hence every limit counts bytes.
"""

import re
import unicodedata
from typing import Final, NewType

from roles.errors import (
    DatabaseRoleNameInvalid,
    DatabaseRoleNameTooLong,
    DatabaseUserNameInvalid,
    DatabaseUserNameReserved,
    DatabaseUserNameTooLong,
)

DatabaseUserName = NewType("DatabaseUserName", str)
"""A stable user's name, canonical. Only `parse_database_user` makes one."""

DatabaseRoleName = NewType("DatabaseRoleName", str)
"""A database role's name, as it stands in the warehouse's catalogue. Only `parse_database_role` makes one."""

MAXIMUM_BYTES: Final = 63
"""PostgreSQL: NAMEDATALEN - 1."""

REDSHIFT_MAXIMUM_BYTES: Final = 127
"""Amazon Redshift, Names and identifiers."""

PREDEFINED_PREFIX: Final = "pg_"

_RESERVED: Final = frozenset(
    {"all", "current_role", "current_user", "default", "none", "public", "session_user", "system_user", "user"}
)
"""Words that GRANT, SET ROLE or the catalogue read as something other than a person."""

_USER: Final = re.compile(r"[A-Za-z][A-Za-z0-9_+.@-]*")
"""AWS GetCredentials, DbUser, with an ASCII letter first: without non-ASCII letters no two names look alike."""

_ALIAS_TAIL: Final = re.compile(r"[a-z2-7]{20}")

_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories of what a reader can't see: control, format (bidi, zero width), surrogate, unassigned, breaks."""


def shown(raw_name: str) -> str:
    """`raw_name` as it may stand in a message or log: quoted, ASCII, short."""
    return ascii(raw_name if len(raw_name) <= 80 else raw_name[:80] + "...")


def parse_database_user(
    raw_name: str, *, fold: bool, alias_prefix: str, maximum_bytes: int = MAXIMUM_BYTES
) -> DatabaseUserName:
    """The canonical database user name behind an asserted one.

    Args:
        raw_name: as the identity provider asserted it.
        fold: whether upper and lower case mean the same person.
        alias_prefix: how login aliases begin; a stable user must never look like one.
        maximum_bytes: the longest name that the warehouse keeps.

    Raises:
        DatabaseUserNameInvalid: empty, or outside the pattern.
        DatabaseUserNameTooLong: longer than the warehouse keeps.
        DatabaseUserNameReserved: a word or prefix with another meaning.
    """
    if not raw_name:
        raise DatabaseUserNameInvalid("The database user name is empty.")
    if len(raw_name.encode(errors="replace")) > maximum_bytes:
        raise DatabaseUserNameTooLong(f"The database user name {shown(raw_name)} is longer than {maximum_bytes} bytes.")
    if not _USER.fullmatch(raw_name):
        raise DatabaseUserNameInvalid(f"The database user name {shown(raw_name)} has characters that are not allowed.")
    name = raw_name.lower() if fold else raw_name
    folded = name.lower()
    if folded in _RESERVED or folded.startswith((PREDEFINED_PREFIX, alias_prefix.lower())):
        raise DatabaseUserNameReserved(f"The database user name {shown(name)} is reserved.")
    return DatabaseUserName(name)


def parse_database_role(raw_name: str, maximum_bytes: int = MAXIMUM_BYTES) -> DatabaseRoleName:
    """The database role that an asserted name means: the same name, in Unicode's composed form (NFC).

    Raises:
        DatabaseRoleNameInvalid: empty, with hidden characters, a colon (it separates names) or outer blanks, or a
            word that GRANT reads as something else.
        DatabaseRoleNameTooLong: longer than the warehouse keeps.
    """
    if not raw_name:
        raise DatabaseRoleNameInvalid("The database role name is empty.")
    if any(unicodedata.category(character) in _HIDDEN for character in raw_name):
        raise DatabaseRoleNameInvalid(f"The database role name {shown(raw_name)} has hidden characters.")
    name = unicodedata.normalize("NFC", raw_name)
    if ":" in name or name != name.strip():
        raise DatabaseRoleNameInvalid(f"The database role name {shown(name)} has a colon or outer blanks.")
    if len(name.encode()) > maximum_bytes:
        raise DatabaseRoleNameTooLong(f"The database role name {shown(name)} is longer than {maximum_bytes} bytes.")
    if name.lower() in _RESERVED:
        raise DatabaseRoleNameInvalid(f"The database role name {shown(name)} is a reserved word.")
    return DatabaseRoleName(name)


def is_alias_name(name: str, prefix: str) -> bool:
    """Whether `name` has the shape of a login alias: `prefix` and twenty random characters, nothing else."""
    return name.startswith(prefix) and _ALIAS_TAIL.fullmatch(name[len(prefix) :]) is not None


def quoted(name: str) -> str:
    """`name` as an SQL identifier, for SQL that a person runs; our own SQL is composed by the dialect."""
    return '"' + name.replace('"', '""') + '"'
