"""Desired x actual -> plan. Pure: a login, a dry run and the reaper compute the same."""

from roles.actual import ActualState, ActualUser
from roles.desired import DesiredLogin
from roles.errors import DatabaseClosed, DatabaseUserNotManaged, DatabaseUserOfAnother, DatabaseUserPrivileged
from roles.names import DatabaseRoleName, quoted
from roles.plan import (
    Change,
    CreateAlias,
    CreateStableUser,
    GrantRole,
    Plan,
    RecordManaged,
    RevokeRole,
    SetPassword,
)
from roles.records import StableUserRecord, parse_stable_user


def diff(desired: DesiredLogin, actual: ActualState) -> Plan:
    """The changes that turn `actual` into `desired`; memberships that the broker does not manage are left alone.

    Access shrinks before it grows. The alias comes before the grants, since PostgreSQL 16 and later lock each granted
    role until commit and setting a password may take milliseconds; grants are sorted, so that two logins lock in one
    order.

    Raises:
        DatabaseUserNotManaged: the role is there, and not the broker's.
        DatabaseUserOfAnother: it belongs to somebody else.
        DatabaseUserPrivileged: somebody gave it power of its own.
        DatabaseClosed: the alias could not log in where it should.
    """
    if desired.alias and actual.closed:
        raise DatabaseClosed(
            f"PUBLIC may not connect to the database {quoted(desired.database)}, so no temporary login can.",
            remedy=f"Ask the warehouse's administrator to run: GRANT CONNECT ON DATABASE {quoted(desired.database)} "
            "TO PUBLIC;",
        )
    user, record = desired.database_user, owned_record(desired, actual)
    wanted = set(desired.database_roles)
    recorded = record.managed if record else frozenset[DatabaseRoleName]()
    ours = recorded & actual.memberships
    to_grant = sorted(wanted - actual.memberships)
    to_revoke = sorted(ours - wanted)
    managed = (ours & wanted) | set(to_grant)

    changes: list[Change] = []
    if actual.user is None and (wanted or desired.alias or desired.password):
        changes.append(CreateStableUser(user, desired.password))
    changes += [RevokeRole(role, user) for role in to_revoke]
    if desired.password and actual.user and actual.generation != desired.password.generation:
        changes.append(SetPassword(user, desired.password))
    if desired.alias:
        changes.append(CreateAlias(desired.alias, user))
    changes += [GrantRole(role, user) for role in to_grant]
    if managed != recorded or (changes and record is None):
        changes.append(RecordManaged(user, desired.owner, tuple(sorted(managed))))
    return Plan(tuple(changes), frozenset(managed))


def owned_record(desired: DesiredLogin, actual: ActualState) -> StableUserRecord | None:
    """The broker's record on the stable user, or None if there is no such role yet.

    Raises:
        RolesError: as `diff`.
    """
    if actual.user is None:
        return None
    name = quoted(desired.database_user)
    record = parse_stable_user(actual.user.comment)
    if record is None:
        raise DatabaseUserNotManaged(f"The warehouse already has a role {name} that the broker did not make.")
    if record.owner != desired.owner:
        raise DatabaseUserOfAnother(f"The database user {name} belongs to another person.")
    _refuse_power(name, actual.user)
    return record


def _refuse_power(name: str, user: ActualUser) -> None:
    powers = user.attributes.names()
    if powers:
        undo = " ".join(f"NO{power}" for power in powers)
        raise DatabaseUserPrivileged(
            f"The database user {name} has {', '.join(powers)}, which no person's user may have.",
            remedy=f"Ask the warehouse's administrator to run: ALTER ROLE {name} {undo};",
        )
