"""The walked chains agree with what PostgreSQL's own functions say, on ACLs drawn at random."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql

from roles.chains import AccessTarget
from roles.explain import read_access_map
from tests.conftest import PostgresServer

pytestmark = pytest.mark.integration

NAMES = ("ann", "bob", "group", "upper", "boss")


@dataclass(frozen=True)
class Field:
    """Roles and one table of their own."""

    connection: "psycopg.Connection[tuple[object, ...]]"
    roles: dict[str, str]

    def run(self, template: str, *names: str) -> None:
        parts = [sql.Identifier(self.roles.get(name, name)) for name in names]
        self.connection.execute(sql.SQL(template).format(*parts))  # type: ignore[arg-type]


@pytest.fixture
def field(postgres: PostgresServer, database: str) -> Iterator[Field]:
    roles = {name: f"{name}_{secrets.token_hex(4)}" for name in NAMES}
    with psycopg.connect(postgres.conninfo_for(dbname=database), autocommit=True) as connection:
        field = Field(connection, roles)
        for name in NAMES:
            field.run("CREATE ROLE {}", name)
        field.run("ALTER ROLE {} SUPERUSER", "boss")
        connection.execute("CREATE SCHEMA s; CREATE TABLE s.t (a int, b int)")
        yield field
        connection.execute("DROP SCHEMA s CASCADE")
        field.run("REASSIGN OWNED BY {} TO CURRENT_USER", "ann")
        for name in NAMES:
            field.run("DROP OWNED BY {}", name)
        for name in NAMES:
            field.run("DROP ROLE {}", name)


GRANTEES = st.sampled_from(["ann", "bob", "group", "upper", "PUBLIC"])
MEMBERSHIPS = st.lists(
    st.tuples(st.sampled_from(["ann", "bob", "group"]), st.sampled_from(["group", "upper", "boss"])).filter(
        lambda pair: NAMES.index(pair[0]) < NAMES.index(pair[1])
    ),
    max_size=4,
)


def grant(field: Field, what: str, grantee: str) -> None:
    if grantee == "PUBLIC":
        field.connection.execute(f"GRANT {what} TO PUBLIC")  # type: ignore[arg-type]
    else:
        field.run(f"GRANT {what} TO {{}}", grantee)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    schema=st.lists(GRANTEES, max_size=2),
    relation=st.lists(GRANTEES, max_size=2),
    columns=st.lists(GRANTEES.filter(lambda name: name != "PUBLIC"), max_size=1),
    members=MEMBERSHIPS,
    owner=st.sampled_from(["ann", "upper", ""]),
    reader=st.booleans(),
    no_inherit=st.booleans(),
)
def test_they_agree_with_the_server(
    field: Field,
    schema: list[str],
    relation: list[str],
    columns: list[str],
    members: list[tuple[str, str]],
    owner: str,
    reader: bool,
    no_inherit: bool,
) -> None:
    with field.connection.transaction(force_rollback=True):
        if no_inherit:
            field.run("ALTER ROLE {} NOINHERIT", "bob")
        for member, role in members:
            field.run("GRANT {} TO {}", role, member)
        if owner:
            field.run("ALTER TABLE s.t OWNER TO {}", owner)
        if reader:
            field.run("GRANT pg_read_all_data TO {}", "upper")
        for grantee in schema:
            grant(field, "USAGE ON SCHEMA s", grantee)
        for grantee in relation:
            grant(field, "SELECT ON s.t", grantee)
        for grantee in columns:
            grant(field, "SELECT (a) ON s.t", grantee)
        found = read_access_map(field.connection, AccessTarget("s", "t", "select"))
        assert found
        everybody = found.who_can()
        for role in field.roles.values():
            ((usage, select),) = field.connection.execute(
                "SELECT has_schema_privilege(%s, 's', 'USAGE'), has_table_privilege(%s, 's.t', 'SELECT')", (role, role)
            ).fetchall()
            legs = found.legs(role)
            assert legs["USAGE on schema s"] is not None if usage else legs["USAGE on schema s"] is None
            assert (legs["SELECT on s.t"] is not None) == select
            assert (role in everybody) == (usage and select)


def test_the_notes_say_what_yes_or_no_leaves_out(field: Field) -> None:
    field.connection.execute("ALTER TABLE s.t ENABLE ROW LEVEL SECURITY")
    closed = read_access_map(field.connection, AccessTarget("s", "t"))
    assert closed
    assert "row security with no policy, so no row is there, for all but those with its" in " ".join(closed.notes())
    field.connection.execute("CREATE POLICY p ON s.t USING (a > 0)")
    field.run("GRANT SELECT (a, b) ON s.t TO {}", "ann")
    field.run("ALTER DEFAULT PRIVILEGES IN SCHEMA s GRANT SELECT ON TABLES TO {}", "bob")
    field.connection.execute("CREATE VIEW s.v AS SELECT 1")
    found = read_access_map(field.connection, AccessTarget("s", "t"))
    assert found
    notes = " ".join(found.notes())
    assert "row security with one policy, which decides what is there" in notes
    assert f"{field.roles['ann']} has SELECT on columns only: a, b." in notes
    assert f"gives SELECT to {field.roles['bob']}." in notes
    view = read_access_map(field.connection, AccessTarget("s", "v"))
    assert view
    assert "is a view" in " ".join(view.notes())
    assert read_access_map(field.connection, AccessTarget("s", "gone")) is None
    field.run("ALTER DEFAULT PRIVILEGES IN SCHEMA s REVOKE SELECT ON TABLES FROM {}", "bob")
