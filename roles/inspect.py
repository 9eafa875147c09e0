"""Reads the warehouse's catalogue into values. The queries are the .sql files beside this module."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any, Final, LiteralString, TypeAlias, cast

from psycopg import Connection, Cursor
from psycopg.rows import class_row
from psycopg.sql import SQL, Composed, Literal

from roles.actual import ActualState, ActualUser, ReachableRole, RoleAttributes
from roles.creators import Creator, creator_names, share_of, suffix
from roles.names import DatabaseRoleName, DatabaseUserName
from roles.policy import RolePolicy
from roles.privileges import Sifted, objection, sift
from roles.setup_sql import ADMIN_OPTION_SINCE

AnyConnection: TypeAlias = Connection[Any]

_SEPARATOR: Final = SQL("; ")
_BEGIN: Final = SQL(
    # The lock is on the person: two logins of one person wait for each other, those of two people don't. Each
    # statement has its own snapshot, so what follows the lock sees what its last holder committed.
    "BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock(hashtextextended({key}, 7))"
)


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """The server, and what the broker's own login may do there."""

    version: int
    admin: str
    superuser: bool
    createrole: bool
    may_signal: bool
    may_read_stats: bool
    standby: bool
    server_tls: bool
    now: datetime


def query(name: str, /, **values: object) -> Composed:
    """The query of `sql/<name>.sql` with `values` as literals: composed here, so that it can share a round trip."""
    return _template(name).format(**{key: Literal(value) for key, value in values.items()})


@cache
def _template(name: str) -> SQL:
    lines = (files("roles") / "sql" / f"{name}.sql").read_text(encoding="utf-8").splitlines()
    # A file of this package is as literal as a string in it.
    text = cast("LiteralString", "\n".join(line for line in lines if not line.startswith("--")))  # type: ignore[redundant-cast]
    return SQL(text)


def begin_and_inspect(
    connection: AnyConnection, database_user: DatabaseUserName, wanted: Sequence[DatabaseRoleName], database: str = ""
) -> ActualState:
    """Begin a transaction, take the person's lock and look: one round trip. The caller commits or rolls back."""
    questions = [
        _BEGIN.format(key=Literal(f"warehouse-access-broker:{database_user}")),
        query("stable_user", user=database_user),
        query("memberships", user=database_user),
        query("reachable", roles=list(wanted)),
        query("databases", names=[database]),
    ]
    has_creators = connection.info.server_version >= ADMIN_OPTION_SINCE
    if has_creators:
        questions.append(query("creator", user=database_user, suffix=suffix(share_of(database_user))))
    cursor = connection.execute(_SEPARATOR.join(questions))
    cursor.nextset()  # past BEGIN
    user = _next_rows(cursor)
    memberships = _next_rows(cursor)
    reachable = _next_rows(cursor)
    databases = _next_rows(cursor)
    creators = _next_rows(cursor) if has_creators else []
    return ActualState(
        user=ActualUser(RoleAttributes(*user[0][:-1]), user[0][-1]) if user else None,
        memberships=frozenset(DatabaseRoleName(name) for (name,) in memberships),
        reachable=tuple(_reachable(reachable)),
        closed=any(not open_to_public for _, open_to_public in databases),
        creator=Creator(*creators[0]) if creators else None,
    )


def role_names(connection: AnyConnection) -> list[DatabaseRoleName]:
    """Every role of the warehouse."""
    return [DatabaseRoleName(name) for (name,) in connection.execute(query("mapped_roles"))]


def role_objections(connection: AnyConnection, names: Sequence[DatabaseRoleName]) -> dict[str, str | None]:
    """Why each of these roles must not be given unless the configuration names it, or None."""
    reached: dict[str, list[ReachableRole]] = {name: [] for name in names}
    for found in _reachable(connection.execute(query("reachable", roles=list(names)))):
        reached[found.wanted].append(found)
    return {name: objection(DatabaseRoleName(name), found, RolePolicy()) for name, found in reached.items()}


def mapped_roles(connection: AnyConnection, policy: RolePolicy) -> Sifted:
    """The warehouse's roles that `policy` allows by name, sifted by what they can do."""
    allowed = [name for name in role_names(connection) if policy.allows(name)]
    rows = connection.execute(query("reachable", roles=allowed)).fetchall()
    return sift(allowed, ActualState(reachable=tuple(_reachable(rows))), policy)


def server_facts(connection: AnyConnection) -> ServerFacts:
    """What the server says of itself and of the broker's login."""
    with connection.cursor(row_factory=class_row(ServerFacts)) as cursor:
        found = cursor.execute(query("server")).fetchone()
    if found is None:
        raise LookupError("the current user is not in pg_roles")
    return found


def without_admin_option(connection: AnyConnection, names: Iterable[str]) -> list[str]:
    """Which of these roles the broker's login may not grant, on PostgreSQL 16 and later."""
    return [name for (name,) in connection.execute(query("without_admin_option", names=list(names)))]


def missing_creators(connection: AnyConnection, admin: str) -> list[str]:
    """The admin login's creator roles that are not there for it, on PostgreSQL 16 and later."""
    names = creator_names(admin)
    found = {name for (name,) in connection.execute(query("creators", names=list(names)))}
    return [name for name in names if name not in found]


def _next_rows(cursor: Cursor[Any]) -> list[Any]:
    cursor.nextset()
    return cursor.fetchall()


def _reachable(rows: Iterable[Any]) -> Iterable[ReachableRole]:
    for wanted, name, *attributes, comment in rows:
        yield ReachableRole(wanted, name, RoleAttributes(*attributes), comment)
