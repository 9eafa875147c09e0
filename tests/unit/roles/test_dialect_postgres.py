"""Changes in PostgreSQL's words: hostile names stay names."""

from datetime import UTC, datetime

import pytest

from roles.desired import DesiredAlias, Owner
from roles.dialect.postgres import PostgresDialect
from roles.plan import CreateAlias, CreateStableUser, GrantRole, RecordManaged, RevokeRole
from roles.verifier import Verifier

DIALECT = PostgresDialect()
USER = "ethan@example.com"
ALIAS = DesiredAlias("bk_x", Verifier("SCRAM-SHA-256$1:c2FsdA==$a:b", 1), datetime(2026, 1, 2, tzinfo=UTC), 3, "L1")


@pytest.mark.parametrize(
    ("change", "statement"),
    [
        (CreateStableUser(USER), 'CREATE ROLE "ethan@example.com" NOLOGIN'),
        (GrantRole("sales", USER), 'GRANT "sales" TO "ethan@example.com"'),
        (RevokeRole("sales", USER), 'REVOKE "sales" FROM "ethan@example.com"'),
        (GrantRole('a"; DROP ROLE b; --', USER), 'GRANT "a""; DROP ROLE b; --" TO "ethan@example.com"'),
        (
            RecordManaged(USER, Owner("okta", "o'neil"), ("sales",)),
            'COMMENT ON ROLE "ethan@example.com" IS \'{"broker":1,"identity_provider":"okta","subject":"o\'\'neil",'
            '"managed":["sales"]}\'',
        ),
        (
            CreateAlias(ALIAS, USER),
            "CREATE ROLE \"bk_x\" LOGIN NOINHERIT CONNECTION LIMIT 3 PASSWORD 'SCRAM-SHA-256$1:c2FsdA==$a:b'"
            " VALID UNTIL '2026-01-02T00:00:00+00:00' IN ROLE \"ethan@example.com\";"
            " ALTER ROLE \"bk_x\" SET role = 'ethan@example.com';"
            ' COMMENT ON ROLE "bk_x" IS \'{"broker":1,"lease":"L1","database_user":"ethan@example.com",'
            '"expires":"2026-01-02T00:00:00+00:00"}\'',
        ),
    ],
)
def test_a_change_is_one_or_more_statements(change, statement):
    assert DIALECT.render(change).as_string(None) == statement


def test_the_end_of_aliases():
    assert DIALECT.disable_aliases(["a", "b"]).as_string(None) == 'ALTER ROLE "a" NOLOGIN; ALTER ROLE "b" NOLOGIN'
    assert DIALECT.drop_aliases(["a", "b"]).as_string(None) == 'DROP ROLE IF EXISTS "a"; DROP ROLE IF EXISTS "b"'


def test_membership_is_borrowed_in_the_servers_own_words():
    plain = 'GRANT "a", "u" TO CURRENT_USER'
    assert DIALECT.take_over("a", "u", 150018).as_string(None) == plain
    assert DIALECT.take_over("a", "u", 160000).as_string(None) == plain + " WITH INHERIT TRUE, SET TRUE"
