"""Who may use a relation on Redshift, and over which roles: read from the views of explicit permissions.

What the views do not tell is left out of the answer: who granted something, external tables, data shares, masking.
Users, roles and groups have names of their own there; where a role is called like a user, it is named `role x` here.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

from roles.chains import PUBLIC, AccessMap, AccessTarget, Grant, RelationFacts, RoleFacts
from roles.explain import AccessExplanation, RoleAccess, judge, known_privilege
from roles.inspect import AnyConnection, query
from roles.names import DatabaseRoleName
from roles.records import StableUserRecord
from roles.redshift.inspect import all_memberships, role_map, users
from roles.redshift.state import RoleMap, UserFound

SOMEBODY = "somebody"
"""As a grantor: Redshift does not tell."""

_TABLES = "TABLES"
_SCHEMAS = "SCHEMAS"

Label = Callable[[str, str], str]
"""How the map calls an identity, from its kind (user, role, group, public) and its name."""


def read_access_map(
    connection: AnyConnection, target: AccessTarget, records: Mapping[str, StableUserRecord]
) -> AccessMap | None:
    """All that decides about `target` in the connection's database; None if there is no such relation.

    Args:
        connection: to the database.
        target: what is asked about.
        records: of the stable users, which Redshift can't keep.

    Raises:
        PrivilegeUnknown: relations have no such privilege.
    """
    known = AccessTarget(target.schema, target.name, known_privilege(target.privilege))
    if "\\" in target.schema + target.name:  # its literal would need a syntax that Redshift does not have
        return None
    row = connection.execute(query("redshift/relation", schema=target.schema, name=target.name)).fetchone()
    if row is None:
        return None
    oid, owner, schema_owner, database_owner, database, kind = row
    policies = connection.execute(query("redshift/row_security", schema=target.schema, name=target.name)).fetchall()
    relation = RelationFacts(
        oid=oid,
        owner=owner,
        schema_owner=schema_owner,
        database_owner=database_owner,
        database=database,
        row_security=bool(policies),
        forced=True,
        policies=len(set(policies)),
        is_view=kind == "v",
    )
    everybody, roles = users(connection), role_map(connection)
    label = _labels(everybody)
    return AccessMap(
        target=known,
        relation=relation,
        grants=(*_of_owners(known, relation), *_grants(connection, known, database, label)),
        roles=dict(_facts(connection, everybody, roles, records, label)),
    )


def explain_access(
    found: AccessMap | None, database_user: str, target: AccessTarget, candidates: Iterable[DatabaseRoleName]
) -> AccessExplanation:
    """Compare what the person holds with what each candidate role would add."""
    asking = [database_user, *candidates] if found else []
    return judge(found.target if found else target, [_access(found, name) for name in asking] if found else [])


def _access(found: AccessMap, name: str) -> RoleAccess:
    legs = found.legs(name)
    columns = {
        grant.column
        for grant in found.grants
        if (grant.place, grant.privilege) == ("column", found.target.privilege) and grant.grantee in (PUBLIC, name)
    }
    return RoleAccess(
        name=name,
        usage=legs[found.schema_need] is not None,
        privilege=legs[found.relation_need] is not None,
        columns=tuple(sorted(columns)),
        row_security=found.relation.row_security,
    )


def _of_owners(target: AccessTarget, relation: RelationFacts) -> Iterator[Grant]:
    """What the views of explicit grants leave out: owners' rights, and that anybody may connect."""
    yield Grant("relation", "", target.privilege, relation.owner, relation.owner)
    yield Grant("schema", "", "USAGE", relation.schema_owner, relation.schema_owner)
    yield Grant("database", "", "CONNECT", PUBLIC, relation.database_owner)


def _grants(connection: AnyConnection, target: AccessTarget, database: str, label: Label) -> Iterator[Grant]:
    schema, name = target.schema, target.name
    for privilege, who, kind in connection.execute(query("redshift/relation_privileges", schema=schema, name=name)):
        yield Grant("relation", "", privilege, label(kind, who), SOMEBODY)
    for column, privilege, who, kind in connection.execute(
        query("redshift/column_privileges", schema=schema, name=name)
    ):
        yield Grant("column", column, privilege, label(kind, who), SOMEBODY)
    for scope, privilege, who, kind in connection.execute(query("redshift/schema_privileges", schema=schema)):
        yield from _scoped(scope, privilege, label(kind, who), "SCHEMA")
    for scope, privilege, who, kind in connection.execute(query("redshift/database_privileges", database=database)):
        yield from _scoped(scope, privilege, label(kind, who), _SCHEMAS)
    for owner, privilege, who, kind in connection.execute(query("redshift/default_privileges", schema=schema)):
        yield Grant("default", "", privilege, label(kind, who), owner)


def _scoped(scope: str, privilege: str, grantee: str, of_schemas: str) -> Iterator[Grant]:
    """A permission on the schema itself, or on every table in it (Redshift, Scoped permissions)."""
    place = {of_schemas: "schema", _TABLES: "relation"}.get(scope.upper())
    if place:
        yield Grant(place, "", privilege, grantee, SOMEBODY)


def _facts(
    connection: AnyConnection,
    everybody: Mapping[str, UserFound],
    roles: RoleMap,
    records: Mapping[str, StableUserRecord],
    label: Label,
) -> Iterator[tuple[str, RoleFacts]]:
    held = all_memberships(connection)
    groups: dict[str, list[str]] = {}
    for member, group in connection.execute(query("redshift/groups")):
        groups.setdefault(member, []).append(label("group", group))
        yield label("group", group), RoleFacts(superuser=False, inherits=())
    for name in roles.names:
        above = tuple(label("role", each) for each in roles.grants.get(name, ()))
        yield label("role", name), RoleFacts(superuser=False, inherits=above)
    for name, found in everybody.items():
        above = (*(label("role", each) for each in held.get(name, ())), *groups.get(name, ()))
        yield name, RoleFacts(found.superuser, tuple(sorted(above)), records.get(name))


def _labels(everybody: Mapping[str, UserFound]) -> Label:
    def label(kind: str, name: str) -> str:
        match kind.lower():
            case "public":
                return PUBLIC
            case "role":
                return f"role {name}" if name in everybody else name
            case "group":
                return f"group {name}"
            case _:
                return name

    return label
