"""Creator roles make people's roles on PostgreSQL 16 and later, so that the admin login is no member of thousands."""

import pytest

from broker.errors import WarehouseRefused
from roles.creators import CREATORS, share_of, suffix
from roles.readiness import Severity
from tests.conftest import PostgresServer
from tests.integration.roles.yard import Yard

pytestmark = pytest.mark.integration

MEMBERS = """
    SELECT m.member::regrole::text FROM pg_auth_members AS m
     WHERE m.roleid = (SELECT oid FROM pg_roles WHERE rolname = '{}') AND m.admin_option"""


@pytest.fixture(autouse=True)
def _since_16(postgres: PostgresServer) -> None:
    if postgres.server_version < 160000:
        pytest.skip("before PostgreSQL 16 nobody becomes a member of what they create")


def creator(yard: Yard) -> str:
    return yard.admin + suffix(share_of(yard.ethan))


def admins_of(yard: Yard, role: str) -> set[str]:
    return {name for (name,) in yard.run(MEMBERS.format(role))}


def ends(yard: Yard, alias: str) -> None:
    (ended,) = yard.warehouse.end_aliases([alias])
    assert (ended.dropped, ended.problem) == (True, "")
    assert alias not in yard.roles()


def test_person_and_alias_are_the_creators(plain_yard: Yard) -> None:
    alias = plain_yard.issue(plain_yard.sales)
    assert admins_of(plain_yard, alias) == {creator(plain_yard)}
    assert admins_of(plain_yard, plain_yard.ethan) == {creator(plain_yard)}
    with plain_yard.connect(alias) as login:
        assert login.execute("SELECT current_user::text").fetchall() == [(plain_yard.ethan,)]
    ends(plain_yard, alias)


def test_a_creator_can_do_nothing_but_make_roles(plain_yard: Yard) -> None:
    assert plain_yard.run(
        "SELECT count(*), bool_or(rolcanlogin OR rolsuper OR rolcreatedb OR rolreplication OR rolbypassrls)"
        f" FROM pg_roles WHERE starts_with(rolname, '{plain_yard.admin}_creator_')"
    ) == [(CREATORS, False)]
    held = plain_yard.run(
        "SELECT count(*) FROM pg_auth_members AS m JOIN pg_roles AS c ON c.oid = m.member"
        f" WHERE starts_with(c.rolname, '{plain_yard.admin}_creator_')"
    )
    assert held == [(0,)]


def test_a_person_from_before_the_creators_gets_logins_by_one(plain_yard: Yard) -> None:
    yard = plain_yard
    yard.run("REVOKE {creator} FROM {admin}", creator=creator(yard), admin=yard.admin)
    old = yard.issue(yard.sales)
    assert admins_of(yard, old) == admins_of(yard, yard.ethan) == {yard.admin}
    yard.run("GRANT {creator} TO {admin} WITH INHERIT TRUE, SET TRUE", creator=creator(yard), admin=yard.admin)
    new = yard.issue(yard.sales, yard.finance)
    assert admins_of(yard, new) == {creator(yard)}
    assert admins_of(yard, yard.ethan) == {yard.admin, creator(yard)}
    ended = yard.warehouse.end_aliases([old, new])
    assert [each.problem for each in ended] == ["", ""]
    assert not {old, new} & yard.roles()


def test_a_creator_that_may_not_be_acted_as_holds_up_neither_issue_nor_end(plain_yard: Yard) -> None:
    yard = plain_yard
    alias = yard.issue(yard.sales)
    yard.run("REVOKE SET OPTION FOR {creator} FROM {admin}", creator=creator(yard), admin=yard.admin)
    ends(yard, alias)
    second = yard.issue(yard.sales)
    assert admins_of(yard, second) == {yard.admin}
    ends(yard, second)


def test_a_creator_with_power_is_not_acted_as(plain_yard: Yard) -> None:
    plain_yard.run("ALTER ROLE {creator} BYPASSRLS", creator=creator(plain_yard))
    assert admins_of(plain_yard, plain_yard.issue(plain_yard.sales)) == {plain_yard.admin}


def test_a_superuser_acts_as_nobody(plain_yard: Yard) -> None:
    plain_yard.run("ALTER ROLE {admin} SUPERUSER", admin=plain_yard.admin)
    alias = plain_yard.issue(plain_yard.sales)
    assert admins_of(plain_yard, alias) == set()
    ends(plain_yard, alias)


def test_without_any_creator_the_admin_login_makes_the_roles_and_the_doctor_says_so(plain_yard: Yard) -> None:
    yard = plain_yard
    names = [name for name in yard.roles() if "_creator_" in name]
    yard.run("DROP ROLE " + ", ".join(names))
    (found,) = [each for each in yard.warehouse.readiness() if each.check == "creator-roles"]
    assert found.severity is Severity.WARNING
    ends(yard, yard.issue(yard.sales))
    with yard.superuser() as connection:
        connection.execute(found.remedy.encode())
    (found,) = [each for each in yard.warehouse.readiness() if each.check == "creator-roles"]
    assert found.severity is Severity.OK


def test_creators_are_no_database_roles_to_judge(plain_yard: Yard) -> None:
    assert not [name for name in plain_yard.warehouse.role_objections() if "_creator_" in name]


def test_an_alias_whose_creator_was_taken_away_says_what_is_missing(plain_yard: Yard) -> None:
    alias = plain_yard.issue(plain_yard.sales)
    plain_yard.run("REVOKE {creator} FROM {admin}", creator=creator(plain_yard), admin=plain_yard.admin)
    with pytest.raises(WarehouseRefused) as caught:
        plain_yard.warehouse.end_aliases([alias])
    assert alias in str(caught.value.remedy)
    with plain_yard.superuser() as connection:
        connection.execute(str(caught.value.remedy).encode())
    ends(plain_yard, alias)
