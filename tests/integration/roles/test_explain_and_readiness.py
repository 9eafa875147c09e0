"""What the broker says about a real warehouse: who may what, and what its administrator must do."""

import socket
import time

import pytest

from broker.errors import UnknownDatabase, WarehouseRefused, WarehouseUnavailable
from broker.secrets import Secret
from roles.chains import AccessTarget
from roles.errors import PrivilegeUnknown
from roles.readiness import Severity

pytestmark = pytest.mark.integration

STORE_SALES = AccessTarget("sales_schema", "store_sales")
REVENUE = AccessTarget("finance_schema", "revenue")


def explain(yard, target):
    return yard.warehouse.explain_access(yard.ethan, yard.database, target)


def findings(warehouse, severity):
    return {finding.check: finding.remedy for finding in warehouse.readiness() if finding.severity is severity}


def test_sales_may_read_sales_and_would_need_finance_for_revenue(yard):
    yard.issue(yard.sales)
    may, may_not = explain(yard, STORE_SALES), explain(yard, REVENUE)
    assert (may.allowed, may.missing, may.database_roles) == (True, (), (yard.sales,))
    assert not may_not.allowed
    assert may_not.missing == ("USAGE on schema finance_schema", "SELECT on finance_schema.revenue")
    assert may_not.database_roles == (yard.finance,)


def test_who_never_logged_in_has_what_public_has(yard):
    assert explain(yard, STORE_SALES).database_roles == (yard.sales,)
    yard.run("GRANT USAGE ON SCHEMA sales_schema TO PUBLIC; GRANT SELECT ON sales_schema.store_sales TO PUBLIC")
    assert explain(yard, STORE_SALES).allowed


def test_inherited_rights_count(yard):
    yard.run(
        "CREATE ROLE {all} IN ROLE {sales}, {finance}", all=f"all_{yard.mark}", sales=yard.sales, finance=yard.finance
    )
    assert explain(yard, REVENUE).database_roles == (f"all_{yard.mark}", yard.finance)


def test_columns_are_noted(yard):
    yard.issue(yard.sales)
    yard.run("GRANT USAGE ON SCHEMA finance_schema TO {role}", role=yard.sales)
    yard.run("GRANT SELECT (account) ON finance_schema.revenue TO {role}", role=yard.sales)
    said = explain(yard, REVENUE)
    assert not said.allowed
    assert f"{yard.sales} has SELECT on columns only: account" in said.notes


@pytest.mark.parametrize("privilege", ["INSERT", "delete", "TRUNCATE"])
def test_each_privilege_is_a_question_of_its_own(plain_yard, privilege):
    plain_yard.issue(plain_yard.sales)
    said = explain(plain_yard, AccessTarget("sales_schema", "store_sales", privilege))
    assert said.missing == (f"{privilege.upper()} on sales_schema.store_sales",)
    assert said.database_roles == ()


def test_what_is_not_there(plain_yard):
    assert not explain(plain_yard, AccessTarget("sales_schema", "nothing")).exists
    assert not explain(plain_yard, AccessTarget("sales_schema", "x" * 100)).exists
    with pytest.raises(UnknownDatabase):
        plain_yard.warehouse.explain_access(plain_yard.ethan, "elsewhere", STORE_SALES)
    with pytest.raises(PrivilegeUnknown):
        explain(plain_yard, AccessTarget("sales_schema", "store_sales", "SELECT'"))


def test_another_database_is_asked_there(plain_yard):
    other = plain_yard.postgres.create_database()
    try:
        with plain_yard.another(databases=(plain_yard.database, other)) as warehouse:
            assert not warehouse.explain_access(plain_yard.ethan, other, STORE_SALES).exists
    finally:
        plain_yard.postgres.drop_database(other)


def test_a_ready_warehouse_has_no_problem_and_leaves_nothing_behind(yard):
    before = yard.roles()
    assert findings(yard.warehouse, Severity.PROBLEM) == {}
    assert findings(yard.warehouse, Severity.OK).keys() >= {"version", "admin-rights", "clock", "alias-canary"}
    assert yard.roles() == before
    assert yard.run("SELECT 1 FROM pg_roles WHERE rolname LIKE 'broker_canary%'") == []


def test_what_is_missing_comes_with_its_sql_and_that_sql_helps(plain_yard):
    yard = plain_yard
    yard.run("REVOKE pg_signal_backend FROM {admin}", admin=yard.admin)
    yard.run("CREATE ROLE {role}", role=f"new_{yard.mark}")
    remedies = findings(yard.warehouse, Severity.PROBLEM)
    assert remedies["end-sessions"] == f'GRANT pg_signal_backend TO "{yard.admin}";'
    assert ("admin-option" in remedies) == (yard.postgres.server_version >= 160000)
    for remedy in remedies.values():
        with yard.superuser() as connection:
            connection.execute(remedy.encode())
    assert findings(yard.warehouse, Severity.PROBLEM) == {}


def test_the_canary_meets_what_a_client_would_meet(plain_yard):
    plain_yard.run("REVOKE CONNECT ON DATABASE {database} FROM PUBLIC", database=plain_yard.database)
    plain_yard.run(
        "GRANT CONNECT ON DATABASE {database} TO {admin}", database=plain_yard.database, admin=plain_yard.admin
    )
    assert findings(plain_yard.warehouse, Severity.PROBLEM).keys() == {"database", "alias-canary"}


def test_the_setup_is_for_this_server_and_these_roles(plain_yard):
    text = plain_yard.warehouse.setup_sql("broker")
    has_option = plain_yard.postgres.server_version >= 160000
    assert (f'GRANT "{plain_yard.sales}" TO "broker" WITH ADMIN TRUE' in text) == has_option


def test_ending_sessions_without_the_right_says_which(plain_yard):
    yard = plain_yard
    yard.run("REVOKE pg_signal_backend FROM {admin}", admin=yard.admin)
    alias = yard.issue(yard.sales)
    with yard.connect(alias), pytest.raises(WarehouseRefused) as caught:
        yard.warehouse.end_aliases([alias])
    assert caught.value.remedy == f'GRANT pg_signal_backend TO "{yard.admin}";'


def test_a_warehouse_that_is_down_is_refused_at_once_and_found_again(plain_yard):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        down = plain_yard.postgres.conninfo_for(port=str(closed.getsockname()[1]))
        with plain_yard.another(admin_conninfo=Secret(down)) as warehouse:
            started = time.monotonic()
            for _ in range(50):
                with pytest.raises(WarehouseUnavailable) as caught:
                    warehouse.aliases()
                assert caught.value.retry_after >= 1
            assert time.monotonic() - started < 5


def test_connections_that_the_server_closed_do_not_disturb(plain_yard):
    yard = plain_yard
    yard.issue(yard.sales)
    yard.run(f"SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity WHERE usename = '{yard.admin}'")
    yard.issue(yard.sales)


def test_no_secret_in_what_a_failed_connection_says(plain_yard, caplog):
    wrong = plain_yard.postgres.conninfo_for(user=plain_yard.admin, password="hunter2hunter2")
    with (
        plain_yard.another(admin_conninfo=Secret(wrong)) as warehouse,
        pytest.raises(WarehouseUnavailable) as caught,
    ):
        warehouse.aliases()
    assert "hunter2" not in f"{caplog.text} {caught.value!r} {caught.value.__cause__}"
