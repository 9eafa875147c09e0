"""The end of logins and sessions on a real PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Event

import psycopg
import pytest

from broker.warehouse import PostgresWarehouse
from tests.integration.roles.yard import is_alive

pytestmark = pytest.mark.integration


def test_a_shrink_ends_a_session_that_holds_the_lost_role(yard):
    with yard.connect(yard.issue(yard.sales)) as login:
        login.execute(f'SET ROLE "{yard.sales}"')
        desired = yard.desired(yard.finance)
        assert yard.warehouse.issue(desired).shrank
        assert is_alive(login), "a revoke alone does not reach it"
        with yard.connect(desired.alias.name) as spared:
            assert yard.warehouse.end_person_sessions(yard.ethan, desired.alias.name) == 1
            assert not is_alive(login)
            assert is_alive(spared)


def test_sessions_that_begin_meanwhile_live(yard):
    """They began with the new rights."""
    alias, later = yard.issue(yard.sales), []

    def log_in(_seconds):
        later.append(yard.connect(alias))

    with yard.connect(alias) as before, closing(PostgresWarehouse(yard.config, pause=log_in)) as warehouse:
        assert warehouse.end_person_sessions(yard.ethan, "") == 1
        assert not is_alive(before)
    assert later
    assert all(is_alive(login) for login in later)


def test_only_that_persons_sessions_end(yard):
    bob = yard.issue(yard.sales, user=f"bob_{yard.mark}", owner="bob")
    yard.issue(yard.sales)
    with yard.connect(bob) as login:
        yard.warehouse.end_person_sessions(yard.ethan, "")
        assert is_alive(login)


def test_an_alias_ends_with_its_sessions(yard):
    alias, other = yard.issue(yard.sales), yard.issue(yard.sales)
    with yard.connect(alias) as first, yard.connect(alias) as second, yard.connect(other) as untouched:
        (ended,) = yard.warehouse.end_aliases([alias])
        assert (ended.name, ended.terminated, ended.dropped, ended.problem) == (alias, 2, True, "")
        assert not is_alive(first)
        assert not is_alive(second)
        assert is_alive(untouched)
    assert alias not in yard.roles()
    with pytest.raises(psycopg.OperationalError):
        yard.connect(alias)


def test_an_end_may_be_repeated(yard):
    alias = yard.issue(yard.sales)
    for _ in range(2):
        (ended,) = yard.warehouse.end_aliases([alias])
        assert ended.dropped
    assert yard.warehouse.end_aliases([]) == []


def test_many_aliases_end_in_the_order_asked(yard):
    names = [yard.issue(yard.sales) for _ in range(120)]
    ended = yard.warehouse.end_aliases(names)
    assert [one.name for one in ended] == names
    assert all(one.dropped for one in ended)
    assert yard.warehouse.aliases() == []


def test_what_is_no_alias_is_neither_found_nor_ended(yard):
    reporting = f"{yard.config.alias_prefix}reporting"
    yard.run("CREATE ROLE {role} LOGIN VALID UNTIL 'infinity'", role=reporting)
    assert yard.warehouse.aliases() == []
    (ended,) = yard.warehouse.end_aliases([reporting])
    assert not ended.dropped
    assert yard.run("SELECT rolcanlogin FROM pg_roles WHERE rolname = '" + reporting + "'") == [(True,)]


def test_what_an_alias_left_behind_goes_to_its_person(yard):
    alias, tidy = yard.issue(yard.sales), yard.issue(yard.sales)
    with yard.connect(alias) as login:
        login.execute("SET ROLE NONE")
        login.execute("SELECT lo_create(4711)")
        login.execute("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC")
    ended = yard.warehouse.end_aliases([tidy, alias])
    assert [one.problem for one in ended] == ["", ""]
    assert yard.run("SELECT lomowner::regrole::text FROM pg_largeobject_metadata WHERE oid = 4711") == [
        (f'"{yard.ethan}"',)
    ]
    borrowed = yard.run(
        "SELECT count(*) FROM pg_auth_members m JOIN pg_roles u ON u.oid = m.roleid JOIN pg_roles a ON a.oid = m.member"
        f" WHERE u.rolname = '{yard.ethan}' AND a.rolname = '{yard.admin}'"
        + (" AND (m.inherit_option OR m.set_option)" if yard.postgres.server_version >= 160000 else "")
    )
    assert borrowed == [(0,)]


def test_belongings_in_other_databases_are_found(yard):
    alias = yard.issue(yard.sales)
    elsewhere = yard.postgres.create_database()
    try:
        conninfo = yard.postgres.conninfo_for(dbname=elsewhere, user=alias, password=yard.passwords[alias])
        with psycopg.connect(conninfo, autocommit=True) as login:
            login.execute("SET ROLE NONE; SELECT lo_create(4712)")
        (ended,) = yard.warehouse.end_aliases([alias])
        assert ended.dropped
    finally:
        yard.postgres.drop_database(elsewhere)


def test_what_cannot_be_dropped_is_disabled_and_reported(yard):
    alias = yard.issue(yard.sales)
    elsewhere = yard.postgres.create_database()
    try:
        conninfo = yard.postgres.conninfo_for(dbname=elsewhere, user=alias, password=yard.passwords[alias])
        with psycopg.connect(conninfo, autocommit=True) as login:
            login.execute("SET ROLE NONE; SELECT lo_create(4713)")
        yard.run("ALTER DATABASE {database} WITH ALLOW_CONNECTIONS false", database=elsewhere)
        (ended,) = yard.warehouse.end_aliases([alias])
        assert not ended.dropped
        assert ended.problem
        (left,) = yard.warehouse.aliases()
        assert not left.can_login
    finally:
        yard.postgres.drop_database(elsewhere)


def test_no_session_survives_a_storm_of_logins(yard):
    """A login that the server had let in just before NOLOGIN shows up after the first look."""
    stop = Event()
    with ThreadPoolExecutor(4) as threads:
        for _ in range(5):
            alias = yard.issue(yard.sales)
            stop.clear()
            storm = [threads.submit(_log_in_until, stop, yard, alias) for _ in range(4)]
            yard.warehouse.end_aliases([alias])
            oids = yard.run("SELECT pid FROM pg_stat_activity WHERE usesysid IS NOT NULL AND usename IS NULL")
            stop.set()
            alive = [login for storming in storm for login in storming.result() if is_alive(login)]
            assert (oids, alive) == ([], [])


def _log_in_until(stop, yard, alias):
    opened = []
    while not stop.is_set() and len(opened) < 5:
        try:
            opened.append(yard.connect(alias))
        except psycopg.OperationalError:
            stop.wait(0.001)
    return opened
