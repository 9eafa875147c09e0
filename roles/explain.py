"""Which database role would allow it: the answer beside "permission denied"."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from psycopg.rows import class_row

from roles.chains import AccessMap, AccessTarget, Grant, RelationFacts, RoleFacts
from roles.errors import PrivilegeUnknown
from roles.inspect import AnyConnection, query
from roles.names import DatabaseRoleName, shown

_BY_COLUMN: Final = frozenset({"SELECT", "INSERT", "UPDATE", "REFERENCES"})
_PRIVILEGES: Final = _BY_COLUMN | {"DELETE", "TRUNCATE", "TRIGGER"}


@dataclass(frozen=True, slots=True)
class AccessExplanation:
    """The answer.

    Attributes:
        exists: False if the database has no such relation; then nothing else is said.
        allowed: whether the person's stable user has all that is needed now.
        missing: what it lacks, as fragments: "USAGE on schema finance_schema", "SELECT on finance_schema.revenue".
        database_roles: roles that the workgroup maps and that would allow it (or do), sorted.
        notes: what the yes or no leaves out: grants on single columns, row security.
    """

    target: AccessTarget
    exists: bool
    allowed: bool
    missing: tuple[str, ...]
    database_roles: tuple[str, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RoleAccess:
    """What one role (or the person, or PUBLIC) may do with the relation; inherited rights and PUBLIC's count.

    Attributes:
        columns: those on which it has the privilege; empty if the relation knows no such thing.
    """

    name: str
    usage: bool
    privilege: bool
    columns: tuple[str, ...]
    row_security: bool


def explain_access(
    connection: AnyConnection, database_user: str, target: AccessTarget, candidates: Iterable[DatabaseRoleName]
) -> AccessExplanation:
    """Compare what the person holds with what each candidate role would add, in the connection's database.

    Raises:
        PrivilegeUnknown: relations have no such privilege.
    """
    privilege = known_privilege(target.privilege)
    question = query(
        "access",
        schema=target.schema,
        name=target.name,
        user=database_user,
        roles=list(candidates),
        privilege=privilege,
        by_column=privilege in _BY_COLUMN,
    )
    with connection.cursor(row_factory=class_row(RoleAccess)) as cursor:
        return judge(AccessTarget(target.schema, target.name, privilege), cursor.execute(question).fetchall())


def read_access_map(connection: AnyConnection, target: AccessTarget) -> AccessMap | None:
    """All that decides about `target` in the connection's database; None if there is no such relation.

    Raises:
        PrivilegeUnknown: relations have no such privilege.
    """
    known = AccessTarget(target.schema, target.name, known_privilege(target.privilege))
    with connection.cursor(row_factory=class_row(RelationFacts)) as cursor:
        relation = cursor.execute(query("access_map", schema=target.schema, name=target.name)).fetchone()
    if relation is None:
        return None
    grants = connection.execute(query("access_grants", relation=relation.oid)).fetchall()
    roles = connection.execute(query("access_roles")).fetchall()
    return AccessMap(
        target=known,
        relation=relation,
        grants=tuple(Grant(*row) for row in grants),
        roles={name: RoleFacts.read(*facts) for name, *facts in roles},
    )


def known_privilege(text: str) -> str:
    """The privilege as ACLs spell it.

    Raises:
        PrivilegeUnknown: relations have no such privilege.
    """
    if text.upper() not in _PRIVILEGES:
        raise PrivilegeUnknown(f"A relation has no privilege {shown(text)}.")
    return text.upper()


def judge(target: AccessTarget, found: list[RoleAccess]) -> AccessExplanation:
    """The explanation from what was found: the person first, then the roles; nothing if there is no such relation."""
    if not found:
        return AccessExplanation(target, exists=False, allowed=False, missing=(), database_roles=())
    person, *roles = found
    lacks_usage, lacks_privilege = not person.usage, not person.privilege
    missing = {
        f"USAGE on schema {target.schema}": lacks_usage,
        f"{target.privilege} on {target.schema}.{target.name}": lacks_privilege,
    }
    allowed = not any(missing.values())
    completing = [
        role.name
        for role in roles
        if (role.usage or not (lacks_usage or allowed)) and (role.privilege or not (lacks_privilege or allowed))
    ]
    return AccessExplanation(
        target=target,
        exists=True,
        allowed=allowed,
        missing=tuple(text for text, lacks in missing.items() if lacks),
        database_roles=tuple(sorted(completing)),
        notes=tuple(_notes(target, found)),
    )


def _notes(target: AccessTarget, found: Iterable[RoleAccess]) -> Iterable[str]:
    for role in found:
        if role.columns and not role.privilege:
            yield f"{role.name} has {target.privilege} on columns only: {', '.join(role.columns)}"
    if any(role.row_security for role in found):
        yield f"{target.schema}.{target.name} has row security: policies decide which rows are seen"
