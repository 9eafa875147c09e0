"""What the warehouse's catalogue says about one person, as a value."""

from dataclasses import dataclass

from roles.creators import Creator
from roles.names import DatabaseRoleName


@dataclass(frozen=True, slots=True)
class RoleAttributes:
    """Attributes of one role in the catalogue that give it power of its own."""

    superuser: bool = False
    createrole: bool = False
    createdb: bool = False
    replication: bool = False
    bypassrls: bool = False
    login: bool = False

    def names(self) -> tuple[str, ...]:
        """The attributes that are set, as SQL spells them."""
        return tuple(field.upper() for field in self.__slots__ if getattr(self, field))


@dataclass(frozen=True, slots=True)
class ActualUser:
    """A role with the stable user's name. `comment` is not judged yet."""

    attributes: RoleAttributes
    comment: str | None


@dataclass(frozen=True, slots=True)
class ReachableRole:
    """`name` is `wanted` itself, or a role that a member of `wanted` can become (SET ROLE) or acts as (INHERIT).

    Attributes:
        powers: beside the attributes, what else gives it power of its own, as the warehouse calls it.
    """

    wanted: DatabaseRoleName
    name: str
    attributes: RoleAttributes
    comment: str | None = None
    powers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ActualState:
    """What was found under the person's lock.

    Attributes:
        user: the role with the stable user's name, or None.
        memberships: database roles that it holds directly, whoever granted them.
        reachable: for each wanted database role that exists: itself and everything above it.
        closed: whether the database that was asked about lets no login alias in.
        creator: the role that makes this person's roles, where that is not the broker's own login.
        generation: of the password that lets the stable user in now; "" for none, or for an unknown one.
    """

    user: ActualUser | None = None
    memberships: frozenset[DatabaseRoleName] = frozenset()
    reachable: tuple[ReachableRole, ...] = ()
    closed: bool = False
    generation: str = ""
    creator: Creator | None = None
