"""Reads Redshift's catalogue into values. The queries are the files of `sql/redshift/`."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from roles.actual import ActualState, ReachableRole
from roles.inspect import AnyConnection, query
from roles.names import DatabaseRoleName
from roles.policy import RolePolicy
from roles.privileges import Sifted, objection, sift
from roles.redshift.state import RoleMap, UserFound, user_found

_END_OF_TIME: Final = datetime(9999, 12, 31)


@dataclass(frozen=True, slots=True)
class PersonFound:
    """What was found under the person's turn."""

    user: UserFound | None
    memberships: frozenset[str]
    reachable: tuple[ReachableRole, ...]


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """The server, and the broker's own login there."""

    version: str
    admin: str
    superuser: bool
    now: datetime


def person(connection: AnyConnection, database_user: str, wanted: Iterable[DatabaseRoleName]) -> PersonFound:
    """A person's user, what it is granted itself, and the wanted roles with all that they lead to."""
    found = user(connection, database_user)
    granted = memberships(connection, database_user) if found else frozenset[str]()
    return PersonFound(found, granted, role_map(connection).reachable(wanted))


def user(connection: AnyConnection, name: str) -> UserFound | None:
    """The user of this name."""
    row = connection.execute(query("redshift/user", user=name)).fetchone()
    return user_found(*row) if row else None


def users(connection: AnyConnection) -> dict[str, UserFound]:
    """Every user, by name."""
    return {row[0]: user_found(*row) for row in connection.execute(query("redshift/users"))}


def memberships(connection: AnyConnection, name: str) -> frozenset[str]:
    """Roles that the user is granted itself."""
    return frozenset(role for (role,) in connection.execute(query("redshift/memberships", user=name)))


def all_memberships(connection: AnyConnection) -> dict[str, list[str]]:
    """The same of everybody."""
    found: dict[str, list[str]] = {}
    for name, role in connection.execute(query("redshift/all_memberships")):
        found.setdefault(name, []).append(role)
    return found


def role_map(connection: AnyConnection) -> RoleMap:
    """Every role."""
    names = [name for (name,) in connection.execute(query("redshift/roles"))]
    grants = connection.execute(query("redshift/role_grants")).fetchall()
    return RoleMap.read(names, grants, connection.execute(query("redshift/system_privileges")).fetchall())


def role_objections(connection: AnyConnection) -> dict[str, str | None]:
    """Every role, and why it must not be given unless the configuration names it, or None."""
    known = role_map(connection)
    names = [DatabaseRoleName(name) for name in sorted(known.names)]
    reached: dict[str, list[ReachableRole]] = {name: [] for name in names}
    for each in known.reachable(names):
        reached[each.wanted].append(each)
    return {name: objection(DatabaseRoleName(name), found, RolePolicy()) for name, found in reached.items()}


def mapped_roles(connection: AnyConnection, policy: RolePolicy) -> Sifted:
    """The roles that `policy` allows by name, sifted by what they can do."""
    known = role_map(connection)
    allowed = [name for name in map(DatabaseRoleName, sorted(known.names)) if policy.allows(name)]
    return sift(allowed, ActualState(reachable=known.reachable(allowed)), policy)


def sessions(connection: AnyConnection, before: datetime | None = None) -> list[tuple[int, int]]:
    """Open sessions that began until `before` (UTC; None: all): the user's id, and the process."""
    cutoff = before.replace(tzinfo=None) if before else _END_OF_TIME
    question = query("redshift/sessions", before=cutoff.strftime("%Y-%m-%d %H:%M:%S"))
    return [(int(who), process) for who, process in connection.execute(question) if who.isdigit()]


def server_facts(connection: AnyConnection) -> ServerFacts:
    """What the server says of itself and of the broker's login."""
    row = connection.execute(query("redshift/server")).fetchone()
    if row is None:
        raise LookupError("the current user is not in pg_user")
    version, admin, superuser, now = row
    return ServerFacts(version, admin, superuser, now.replace(tzinfo=UTC))
