"""Issuing on a real PostgreSQL: who somebody is, what they may do, and what the broker refuses."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from broker.errors import WarehouseRefused, WarehouseUnavailable
from roles.errors import (
    DatabaseUserNotManaged,
    DatabaseUserOfAnother,
    DatabaseUserPrivileged,
)
from roles.plan import CreateAlias
from tests.integration.roles.yard import is_alive

pytestmark = pytest.mark.integration


def test_a_first_login_makes_everything(yard):
    desired = yard.desired(yard.sales)
    issued = yard.warehouse.issue(desired)
    assert issued.database_roles == (yard.sales,)
    assert (issued.unknown_roles, issued.refused_roles, issued.foreign_roles, issued.shrank) == ((), (), (), False)
    with yard.connect(desired.alias.name) as login:
        found = login.execute("SELECT session_user::text, current_user::text").fetchone()
        assert found == (desired.alias.name, yard.ethan)
        assert login.execute("SELECT amount FROM sales_schema.store_sales").fetchall() == [(2,)]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            login.execute("SELECT amount FROM finance_schema.revenue")


def test_without_the_persons_role_an_alias_can_do_nothing(yard):
    with yard.connect(yard.issue(yard.sales)) as login:
        login.execute("SET ROLE NONE")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            login.execute("SELECT amount FROM sales_schema.store_sales")


def test_a_second_login_changes_nothing_but_the_alias(yard):
    first = yard.issue(yard.sales)
    issued = yard.warehouse.issue(yard.desired(yard.sales))
    assert [type(change) for change in issued.plan.changes] == [CreateAlias]
    with yard.connect(first) as login:
        assert is_alive(login)


def test_what_one_login_makes_the_next_one_owns(yard):
    yard.run("GRANT USAGE, CREATE ON SCHEMA sales_schema TO {role}", role=yard.sales)
    with yard.connect(yard.issue(yard.sales)) as login:
        login.execute("CREATE TABLE sales_schema.notes (note text)")
    with yard.connect(yard.issue(yard.sales)) as login:
        login.execute("DROP TABLE sales_schema.notes")


def test_a_login_after_its_end_is_refused(yard):
    with pytest.raises(psycopg.OperationalError):
        yard.connect(yard.issue(yard.sales, seconds=-1))


def test_rights_follow_the_assertion(yard):
    yard.issue(yard.sales)
    issued = yard.warehouse.issue(yard.desired(yard.finance))
    assert issued.shrank
    assert issued.database_roles == (yard.finance,)
    assert yard.held() == {yard.finance}


def test_unknown_roles_are_reported_and_the_rest_granted(yard):
    issued = yard.warehouse.issue(yard.desired(yard.sales, f"gone_{yard.mark}"))
    assert issued.unknown_roles == (f"gone_{yard.mark}",)
    assert issued.database_roles == (yard.sales,)


def test_a_manual_grant_stays_and_is_shown(yard):
    yard.issue(yard.sales)
    yard.run("GRANT {role} TO {user}", role=yard.finance, user=yard.ethan)
    issued = yard.warehouse.issue(yard.desired(yard.sales))
    assert issued.foreign_roles == (yard.finance,)
    assert not issued.shrank
    assert yard.held() == {yard.sales, yard.finance}


def test_a_manual_grant_of_a_wanted_role_does_not_become_the_brokers(yard):
    yard.issue(yard.sales)
    yard.run("GRANT {role} TO {user}", role=yard.finance, user=yard.ethan)
    assert yard.warehouse.issue(yard.desired(yard.sales, yard.finance)).database_roles == (yard.finance, yard.sales)
    assert not yard.warehouse.issue(yard.desired(yard.sales)).shrank
    assert yard.finance in yard.held()


def test_a_revoke_that_changes_nothing_is_noticed(yard):
    """PostgreSQL 16 and later revoke only the grants of the grantor; before, there is one grant."""
    yard.issue(yard.sales, yard.finance)
    yard.run("GRANT {role} TO {other} WITH ADMIN OPTION", role=yard.finance, other=yard.sales)
    yard.run("REVOKE {role} FROM {user} CASCADE", role=yard.finance, user=yard.ethan)
    yard.run("GRANT {role} TO {user} GRANTED BY {other}", role=yard.finance, user=yard.ethan, other=yard.sales)
    issued = yard.warehouse.issue(yard.desired(yard.sales))
    assert issued.shrank
    assert set(issued.foreign_roles) == yard.held() - {yard.sales}
    if yard.postgres.server_version >= 160000:
        assert issued.foreign_roles == (yard.finance,)


def test_a_name_that_the_broker_did_not_make_is_refused(yard):
    yard.run("CREATE ROLE {user} NOLOGIN", user=yard.ethan)
    with pytest.raises(DatabaseUserNotManaged, match=yard.ethan):
        yard.issue(yard.sales)
    assert yard.held() == set()


def test_another_persons_name_is_refused(yard):
    yard.issue(yard.sales)
    with pytest.raises(DatabaseUserOfAnother):
        yard.issue(yard.finance, owner="eve")
    assert yard.held() == {yard.sales}


def test_a_stable_user_that_got_power_is_refused(yard):
    yard.issue(yard.sales)
    yard.run("ALTER ROLE {user} CREATEDB", user=yard.ethan)
    with pytest.raises(DatabaseUserPrivileged):
        yard.issue(yard.sales)


@pytest.mark.parametrize("power", ["SUPERUSER", "CREATEROLE", "CREATEDB", "REPLICATION", "BYPASSRLS", "LOGIN"])
def test_a_powerful_role_is_refused(plain_yard, power):
    yard = plain_yard
    boss, harmless = f"boss_{yard.mark}", f"harmless_{yard.mark}"
    yard.run("CREATE ROLE {boss} " + power, boss=boss)
    yard.run("CREATE ROLE {harmless} IN ROLE {boss}", harmless=harmless, boss=boss)
    issued = yard.warehouse.issue(yard.desired(yard.sales, boss, harmless))
    assert {role.name for role in issued.refused_roles} == {boss, harmless}
    assert yard.held() == {yard.sales}


def test_another_person_is_no_database_role(yard):
    yard.issue(yard.sales, user=f"bob_{yard.mark}", owner="bob")
    issued = yard.warehouse.issue(yard.desired(f"bob_{yard.mark}"))
    assert "a person's database user" in issued.refused_roles[0].reason
    assert issued.database_roles == ()


def test_who_is_left_without_a_role_gets_nothing_and_loses_what_was_granted(yard):
    with yard.connect(yard.issue(yard.sales)) as login:
        login.execute("SELECT 1 FROM sales_schema.store_sales")
        desired = yard.desired(f"gone_{yard.mark}")
        issued = yard.warehouse.issue(desired)
        assert (issued.shrank, issued.database_roles, issued.unknown_roles) == (True, (), (f"gone_{yard.mark}",))
        assert yard.held() == set()
        assert desired.alias.name not in yard.roles()
        yard.warehouse.end_person_sessions(yard.ethan, spare_alias="")
        assert not is_alive(login)


def test_nobody_is_made_without_a_role(yard):
    assert yard.warehouse.issue(yard.desired(f"gone_{yard.mark}")).database_roles == ()
    assert yard.ethan not in yard.roles()


def test_names_with_quotes_stay_names(yard):
    odd = f"o\"dd'; DROP ROLE x; --\\_{yard.mark}"
    yard.run("CREATE ROLE {odd}", odd=odd)
    if yard.postgres.server_version >= 160000:
        yard.run("GRANT {odd} TO {admin} WITH ADMIN OPTION", odd=odd, admin=yard.admin)
    assert yard.warehouse.issue(yard.desired(odd)).database_roles == (odd,)


def test_one_person_from_eight_threads(yard):
    yard.warehouse.aliases()
    logins = [yard.desired(yard.sales if number % 3 else yard.finance) for number in range(48)]
    with ThreadPoolExecutor(8) as threads:
        issued = list(threads.map(yard.warehouse.issue, logins))
    assert len(issued) == 48
    assert {alias.name for alias in yard.warehouse.aliases()} == {login.alias.name for login in logins}
    assert yard.held() in ({yard.sales}, {yard.finance})


def test_who_gets_in_the_way_is_waited_for_and_looked_at_again(yard):
    """The unique violation of the first attempt is not the answer: the second look is."""
    yard.warehouse.aliases()
    with yard.superuser() as other, ThreadPoolExecutor(1) as threads:
        with other.transaction():
            other.execute(f'CREATE ROLE "{yard.ethan}"')
            issuing = threads.submit(yard.issue, yard.sales)
            _wait_for_a_blocked(yard.admin, other)
        with pytest.raises(DatabaseUserNotManaged):
            issuing.result()


def test_the_lock_is_on_the_person(yard):
    with yard.another(statement_timeout=timedelta(seconds=0.3)) as warehouse, yard.superuser() as other:
        key = f"warehouse-access-broker:{yard.ethan}"
        other.execute("SELECT pg_advisory_lock(hashtextextended(%s, 7))", (key,))
        with pytest.raises(WarehouseUnavailable, match="too busy"):
            warehouse.issue(yard.desired(yard.sales))
        warehouse.issue(yard.desired(yard.sales, user=f"bob_{yard.mark}", owner="bob"))


def _wait_for_a_blocked(user, connection):
    deadline = time.monotonic() + 10
    blocked = (
        "SELECT 1 FROM pg_locks AS l JOIN pg_stat_activity AS s USING (pid) WHERE NOT l.granted AND s.usename = %s"
    )
    while not connection.execute(blocked, (user,)).fetchall():
        assert time.monotonic() < deadline
        connection.execute("SELECT pg_stat_clear_snapshot()")
        time.sleep(0.01)


def test_eight_people_at_once_share_their_roles(yard):
    logins = [
        yard.desired(*roles, user=f"p{number}_{yard.mark}", owner=str(number))
        for number in range(8)
        for roles in ((yard.sales,), (yard.finance,), (yard.sales, yard.finance))
    ]
    with ThreadPoolExecutor(8) as threads:
        issued = list(threads.map(yard.warehouse.issue, logins))
    assert len(issued) == 24


def test_a_missing_right_comes_with_the_grant_that_is_missing(plain_yard):
    yard = plain_yard
    yard.run("CREATE ROLE {role}", role=f"new_{yard.mark}")
    if yard.postgres.server_version < 160000:
        yard.run("ALTER ROLE {admin} NOCREATEROLE", admin=yard.admin)
        remedy = f'ALTER ROLE "{yard.admin}" CREATEROLE;'
    else:
        remedy = f'GRANT "new_{yard.mark}" TO "{yard.admin}" WITH ADMIN TRUE, INHERIT FALSE, SET FALSE;'
    with pytest.raises(WarehouseRefused) as caught:
        yard.issue(yard.sales, f"new_{yard.mark}")
    assert caught.value.remedy == remedy
    assert yard.ethan not in yard.roles()


def test_the_password_is_not_in_what_the_server_is_told(yard):
    desired = yard.desired(yard.sales)
    password = yard.passwords[desired.alias.name]
    yard.warehouse.issue(desired)
    stored = yard.run("SELECT rolpassword FROM pg_authid WHERE rolname = current_user OR rolpassword IS NOT NULL")
    assert (desired.alias.verifier.text,) in stored
    assert password not in str(stored)


def test_the_end_of_a_login_is_in_the_catalogue(yard):
    desired = yard.desired(yard.sales)
    yard.warehouse.issue(desired)
    (found,) = yard.warehouse.aliases()
    assert (found.name, found.lease_id, found.database_user) == (
        desired.alias.name,
        desired.alias.lease_id,
        yard.ethan,
    )
    assert found.can_login
    assert abs(found.valid_until - desired.alias.valid_until) < timedelta(milliseconds=1)
    assert found.valid_until > datetime.now(UTC)
