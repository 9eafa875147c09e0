"""Creator roles: on PostgreSQL 16 and later they make stable users and login aliases, so that no role makes them all.

There the server makes whoever creates a role a member of it, and walks all memberships of whoever changes a role, for
every change: one that made ten thousand live aliases waits a tenth of a second for each step of the next. So the admin
login acts as one of several creators for each person. They have CREATEROLE and nothing else, and nobody logs in as one.
Without them everything works as well, and more slowly.
"""

from dataclasses import dataclass
from typing import Final
from zlib import crc32

from roles.names import MAXIMUM_BYTES

CREATORS: Final = 64
INFIX: Final = "_creator_"


@dataclass(frozen=True, slots=True)
class Creator:
    """The creator role of one person.

    Attributes:
        may_grant_user: whether it may make others members of the person's stable user, as each alias must be.
    """

    name: str
    may_grant_user: bool


def creator_names(admin: str) -> tuple[str, ...]:
    """The names of an admin login's creators; none if it is so long that they would be too long."""
    names = tuple(admin + suffix(share) for share in range(CREATORS))
    return names if len(names[0].encode()) <= MAXIMUM_BYTES else ()


def share_of(database_user: str) -> int:
    """Which creator is for this person: always the same, and people are spread evenly."""
    return crc32(database_user.encode()) % CREATORS


def suffix(share: int) -> str:
    """How the name of the creator with this number ends, after that of the admin login."""
    return f"{INFIX}{share:02}"


def is_creator(name: str, admin: str) -> bool:
    """Whether this is the name of one of the admin login's creators."""
    return name in creator_names(admin)
