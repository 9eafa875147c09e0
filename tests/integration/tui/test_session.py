"""The client's core on a real PostgreSQL."""

import shutil
import tempfile
import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from broker.client.errors import BrokerUnreachable, NotSignedIn
from broker.client.model import Explanation
from broker.demo.postgres import EmbeddedPostgres
from broker.secrets import Secret, random_name
from tui.core import access, catalog
from tui.core.cursor import ServerCursor
from tui.core.errors import (
    ConnectionFailed,
    ConnectionLost,
    SessionWouldBeLost,
    StatementCancelled,
    StatementFailed,
)
from tui.core.events import Columns, Completed, CopyData, Rows
from tui.core.login import DirectLogin
from tui.core.session import DatabaseSession, Login, SessionOptions, drain
from tui.core.told import TransactionState

pytestmark = pytest.mark.integration

MILLION = "select g, 'value ' || g from generate_series(1, 1000000) g"


@pytest.fixture
def conninfo(postgres, database):
    return postgres.conninfo_for(dbname=database)


@pytest.fixture
def session(conninfo):
    session = DatabaseSession(DirectLogin(conninfo))
    session.connect()
    yield session
    session.close()


def rows(session, text):
    return [row for event in session.execute(text) if isinstance(event, Rows) for row in event.rows]


@dataclass
class Logins:
    """A source of logins that end; each is counted."""

    conninfo: str
    ends: datetime
    taken: list[bool] = field(default_factory=list)
    refusal: Exception | None = None

    def login(self, *, fresh):
        if self.refusal:
            raise self.refusal
        self.taken.append(fresh)
        direct = DirectLogin(self.conninfo).login(fresh=fresh)
        return Login(direct.parameters, direct.password, self.ends)


class Clock:
    def __init__(self):
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self):
        return self.now


# --- results ----------------------------------------------------------------------------------------------------------


def test_the_first_rows_come_while_the_server_still_works(session):
    events = session.execute(MILLION)
    first, page = next(events), next(events)
    assert isinstance(first, Columns)
    assert page.rows[0] == ("1", "value 1")
    assert len(page.rows) < 1000
    assert session.state is TransactionState.RUNNING
    events.close()
    assert session.state is TransactionState.IDLE
    assert rows(session, "select 1") == [("1",)]


def test_no_page_of_a_large_result_is_large(session):
    sizes = [len(event.rows) for event in session.execute(MILLION) if isinstance(event, Rows)]
    assert sum(sizes) == 1_000_000
    assert max(sizes) < 1000


def test_every_result_of_several_statements_with_its_tag(session):
    events = list(session.execute("create table t (a int); insert into t values (1), (2); table t; select where false"))
    assert [event.tag for event in events if isinstance(event, Completed)] == [
        "CREATE TABLE",
        "INSERT 0 2",
        "SELECT 2",
        "SELECT 0",
    ]
    assert len([event for event in events if isinstance(event, Columns)]) == 2


def test_returned_rows_and_their_tag(session):
    columns, page, done = session.execute("select 1 as a, null as b")
    assert [column.name for column in columns.columns] == ["a", "b"]
    assert page.rows == [("1", None)]
    assert done == Completed("SELECT 1", 1)


def test_a_refusal_has_its_state_and_position(session):
    with pytest.raises(StatementFailed) as caught:
        drain(session.execute("select nope"))
    assert (caught.value.said.sqlstate, caught.value.said.position) == ("42703", 8)


def test_a_failure_in_the_middle_of_the_rows_is_told_after_them(session):
    seen = deque()
    with pytest.raises(StatementFailed, match="division by zero"):
        seen.extend(session.execute("select 1 / (5000 - g) from generate_series(1, 10000) g"))
    assert any(isinstance(event, Rows) for event in seen)


def test_copy_both_ways(session):
    drain(session.execute("create table t (a int)"))
    assert Completed("COPY 2", 2) in session.execute("copy t from stdin", [b"1\n", b"2\n"])
    assert b"".join(e.data for e in session.execute("copy t to stdout") if isinstance(e, CopyData)) == b"1\n2\n"


def test_a_source_that_breaks_stores_nothing(session):
    def broken():
        yield b"1\n"
        raise OSError("gone")

    drain(session.execute("create table t (a int)"))
    with pytest.raises(OSError, match="gone"):
        drain(session.execute("copy t from stdin", broken()))
    assert rows(session, "select count(*) from t") == [("0",)]


def test_a_copy_out_may_be_left_early(session):
    events = session.execute(f"copy ({MILLION}) to stdout")
    next(events)
    events.close()
    assert rows(session, "select 1") == [("1",)]


# --- cancel, notices, transactions ------------------------------------------------------------------------------------


def test_cancel_from_another_thread_stops_the_server(session, conninfo):
    pid = rows(session, "select pg_backend_pid()")[0][0]

    def cancel_once_it_runs():
        with psycopg.connect(conninfo, autocommit=True) as other:
            query = "select 1 from pg_stat_activity where pid = %s and wait_event = 'PgSleep'"
            while not other.execute(query, [pid]).fetchone():
                pass
        session.cancel()

    canceller = threading.Thread(target=cancel_once_it_runs)
    canceller.start()
    with pytest.raises(StatementCancelled):
        drain(session.execute("select pg_sleep(60)"))
    canceller.join()
    assert rows(session, "select 1") == [("1",)]


def test_cancel_of_nothing_is_nothing(session):
    session.cancel()
    assert rows(session, "select 1") == [("1",)]


def test_notices_are_told(conninfo):
    told = []
    session = DatabaseSession(DirectLogin(conninfo), SessionOptions(on_notice=told.append))
    drain(session.execute("do $$ begin raise notice 'hello' using detail = 'more'; end $$"))
    assert [(notice.severity, notice.message, notice.detail) for notice in told] == [("NOTICE", "hello", "more")]


def test_the_state_follows_the_transaction(session):
    assert session.state is TransactionState.IDLE
    drain(session.execute("begin"))
    assert session.state is TransactionState.OPEN
    with pytest.raises(StatementFailed):
        drain(session.execute("select 1/0"))
    assert session.state is TransactionState.FAILED
    drain(session.execute("rollback"))
    assert session.state is TransactionState.IDLE
    session.close()
    assert session.state is TransactionState.DISCONNECTED


def test_read_only_refuses_writing(conninfo):
    session = DatabaseSession(DirectLogin(conninfo), SessionOptions(read_only=True))
    with pytest.raises(StatementFailed) as caught:
        drain(session.execute("create table t (a int)"))
    assert caught.value.said.sqlstate == "25006"


def test_it_says_what_it_is(session):
    assert rows(session, "select current_setting('application_name')") == [("wsql",)]


# --- logins that end --------------------------------------------------------------------------------------------------


@pytest.fixture
def ending(conninfo):
    clock = Clock()
    logins = Logins(conninfo, clock.now + timedelta(minutes=15))
    told = []
    options = SessionOptions(on_reconnect=told.append, on_notice=lambda notice: told.append(notice.message))
    session = DatabaseSession(logins, options, clock)
    session.connect()
    yield session, logins, clock, told
    session.close()


def test_before_its_login_ends_the_session_takes_another(ending):
    session, _, clock, told = ending
    before = rows(session, "select pg_backend_pid()")
    clock.now += timedelta(minutes=13)
    assert rows(session, "select pg_backend_pid()") == before
    clock.now += timedelta(minutes=1, seconds=1)
    assert rows(session, "select pg_backend_pid()") != before
    assert len(told) == 1


def test_without_a_broker_the_login_is_used_to_its_end(ending):
    session, logins, clock, told = ending
    before = rows(session, "select pg_backend_pid()")
    logins.refusal = BrokerUnreachable("The broker does not answer.")
    clock.now += timedelta(minutes=14, seconds=1)
    assert rows(session, "select pg_backend_pid()") == before
    assert rows(session, "select pg_backend_pid()") == before
    assert told == ["The login could not be renewed yet. The broker does not answer."]
    logins.refusal = None
    clock.now += timedelta(seconds=20)
    assert rows(session, "select pg_backend_pid()") != before
    logins.refusal = BrokerUnreachable("The broker does not answer.")
    clock.now = logins.ends
    with pytest.raises(BrokerUnreachable):
        drain(session.execute("select 1"))
    assert session.state is TransactionState.DISCONNECTED


def test_a_refused_renewal_ends_the_session_at_once(ending):
    session, logins, clock, _ = ending
    logins.refusal = NotSignedIn("The session was ended.")
    clock.now += timedelta(minutes=14, seconds=1)
    with pytest.raises(NotSignedIn):
        drain(session.execute("select 1"))
    assert session.state is TransactionState.DISCONNECTED


def test_a_warehouse_that_restarts_is_found_again_and_a_statement_under_it_is_told():
    folder = Path(tempfile.mkdtemp(prefix="wab-restart-"))
    folder.chmod(0o755)
    try:
        with EmbeddedPostgres(folder) as server:
            session = DatabaseSession(DirectLogin(server.conninfo))
            session.connect()
            before = rows(session, "select pg_backend_pid(), pg_postmaster_start_time()")
            server.stop()
            assert any(session.pulse() for _ in range(10))  # the end comes in several pieces
            with pytest.raises(ConnectionFailed):
                session.ensure()
            server.start()
            assert rows(session, "select pg_backend_pid(), pg_postmaster_start_time()") != before
            stop = threading.Timer(0, server.stop)
            events = session.execute("select 1 union all select generate_series(1, 100000000)", chunk_rows=1)
            next(events)
            stop.start()
            with pytest.raises(ConnectionLost) as caught:
                deque(events, maxlen=0)
            assert "took effect" in caught.value.remedy
            stop.join()
            server.start()
            assert rows(session, "select 1") == [("1",)]
            session.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize(
    "holding", ["begin", "set search_path = x", "create temp table t as select 1", "prepare p as select 1", "listen x"]
)
def test_a_session_that_holds_something_is_kept_to_the_end(ending, holding):
    session, _, clock, told = ending
    before = rows(session, "select pg_backend_pid()")
    drain(session.execute(holding))
    clock.now += timedelta(minutes=14, seconds=30)
    assert rows(session, "select pg_backend_pid()") == before
    assert told == []


def test_a_lost_connection_is_made_again_where_nothing_was_open(ending, conninfo):
    session, *_ = ending
    _kill(conninfo, session)
    with pytest.raises(ConnectionLost):
        drain(session.execute("select 1"))
    assert rows(session, "select 1") == [("1",)]


def test_a_lost_transaction_is_told_and_never_gone_on_with(ending, conninfo):
    session, *_ = ending
    drain(session.execute("begin"))
    _kill(conninfo, session)
    with pytest.raises(ConnectionLost, match=r".") as caught:
        drain(session.execute("select 1"))
    assert "transaction" in caught.value.remedy


def test_a_lost_transaction_is_told_also_where_another_query_found_the_break(ending, conninfo):
    session, *_ = ending
    drain(session.execute("begin"))
    _kill(conninfo, session)
    with pytest.raises(psycopg.OperationalError):
        session.connection.execute("select 1")
    with pytest.raises(ConnectionLost, match="A transaction was open"):
        drain(session.execute("select 1"))
    assert rows(session, "select 1") == [("1",)]


def test_a_script_is_not_gone_on_with_under_other_settings(ending, conninfo):
    session, *_ = ending
    drain(session.execute("set search_path = x"))
    _kill(conninfo, session)
    with pytest.raises(ConnectionLost):
        drain(session.execute("select 1"))
    with pytest.raises(SessionWouldBeLost):
        drain(session.execute("select 1"))


def test_a_refused_login_is_replaced_once(conninfo):
    logins = Logins(conninfo + " port=1", datetime.now(UTC) + timedelta(hours=1))
    with pytest.raises(ConnectionFailed):
        DatabaseSession(logins).connect()
    assert logins.taken == [False, True]


def _kill(conninfo, session):
    with psycopg.connect(conninfo, autocommit=True) as other:
        pid = session.connection.info.backend_pid
        other.execute("select pg_terminate_backend(%s, 10000)", [pid])


# --- cursor -----------------------------------------------------------------------------------------------------------


def test_a_cursor_gives_pages_and_leaves_the_connection_free(session):
    drain(session.execute("begin"))
    cursor = ServerCursor(session, MILLION)
    assert list(cursor.fetch(2)) == [[("1", "value 1"), ("2", "value 2")]]
    assert rows(session, "select 7") == [("7",)]
    assert list(cursor.fetch(2, chunk_rows=1)) == [[("3", "value 3")], [("4", "value 4")]]
    cursor.close()
    assert session.state is TransactionState.OPEN


def test_a_cursor_outside_a_transaction_brings_its_own(session):
    cursor = ServerCursor(session, "select 1 -- a comment at the end")
    assert session.state is TransactionState.IDLE
    assert (list(cursor.fetch(5)), cursor.exhausted) == ([[("1",)]], True)
    assert session.state is TransactionState.OPEN
    cursor.close()
    assert session.state is TransactionState.IDLE


def test_an_error_of_a_cursor_points_into_the_statement(session):
    cursor = ServerCursor(session, "select nope")
    with pytest.raises(StatementFailed) as caught:
        list(cursor.fetch(5))
    assert caught.value.said.position == 8
    cursor.close()
    assert session.state is TransactionState.IDLE


# --- catalog and access -----------------------------------------------------------------------------------------------


@pytest.fixture
def clerk(postgres, database):
    """A session of somebody who may read s.allowed, and one column of s.part, but nothing of hidden."""
    name, password = f"wab_{random_name(8)}", random_name(20)
    with psycopg.connect(postgres.conninfo_for(dbname=database), autocommit=True) as admin:
        admin.execute(f"""
            create role {name} login password '{password}';
            create schema s; create schema hidden;
            create table s.allowed (a int, gone int, b text not null); alter table s.allowed drop column gone;
            create table s.part (a int, b int); create table s.denied (a int); create table hidden.t (a int);
            grant usage on schema s to {name}; grant select on s.allowed to {name}; grant select (a) on s.part to {name}
        """)
        session = DatabaseSession(DirectLogin(postgres.conninfo_for(dbname=database, user=name, password=password)))
        session.connect()
        yield session
        session.close()
        admin.execute(f"drop owned by {name}; drop role {name}")


def test_the_catalog_tells_what_one_may(clerk):
    by_name = {schema.name: schema for schema in catalog.schemas(clerk.connection)}
    assert {"hidden", "public", "s"} == set(by_name)
    assert (by_name["s"].usable, by_name["hidden"].usable) == (True, False)
    flags = {one.name: (one.can_select, one.can_select_some, one.can_insert) for one in by_name["s"].relations}
    assert flags == {
        "allowed": (True, True, False),
        "part": (False, True, False),
        "denied": (False, False, False),
    }
    assert "pg_catalog" in {schema.name for schema in catalog.schemas(clerk.connection, system=True)}


def test_only_columns_that_exist(clerk):
    found = catalog.columns(clerk.connection, ["s"])
    assert [(one.relation, one.name, one.type, one.nullable, one.can_select) for one in found] == [
        ("allowed", "a", "integer", True, True),
        ("allowed", "b", "text", False, True),
        ("denied", "a", "integer", True, False),
        ("part", "a", "integer", True, True),
        ("part", "b", "integer", True, False),
    ]


@dataclass
class Explainer:
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    def explain(self, schema, name, privilege):
        self.asked.append((schema, name, privilege))
        return Explanation(True, False, (f"{privilege} on {schema}.{name}",), ("finance",))


def test_a_refusal_names_what_is_lacking_and_who_may(clerk):
    explainer = Explainer()
    statement = "select * from s.allowed join s.denied using (a) join hidden.t using (a)"
    with pytest.raises(StatementFailed) as caught:
        drain(clerk.execute(statement))
    assert caught.value.said.sqlstate == "42501"
    told = access.explain(clerk, [statement], explainer)
    assert explainer.asked == [("s", "denied", "SELECT"), ("hidden", "t", "SELECT")]
    assert str(told[0]) == "You lack SELECT on s.denied. The database role finance would allow it."


def test_names_without_a_schema_are_found_by_the_search_path(clerk):
    drain(clerk.execute("set search_path = s"))
    told = access.explain(clerk, ["insert into denied select a from allowed"], None)
    assert [str(one) for one in told] == ["You lack INSERT on s.denied."]


def test_columns_that_are_closed_are_named(clerk):
    told = access.explain(clerk, ["select a, b from s.part where b > 1", "select a from s.part"], None)
    assert [str(one) for one in told] == ["You lack SELECT (b) on s.part."]


def test_in_a_failed_transaction_the_broker_alone_is_asked(clerk):
    drain(clerk.execute("begin"))
    with pytest.raises(StatementFailed):
        drain(clerk.execute("select * from s.denied"))
    explainer = Explainer()
    assert access.explain(clerk, ["select * from s.denied"], explainer)
    assert explainer.asked == [("s", "denied", "SELECT")]


def test_a_session_that_was_just_ended_is_made_anew_when_it_is_to_be_renewed(conninfo):
    clock = Clock()
    session = DatabaseSession(Logins(conninfo, clock.now + timedelta(minutes=15)), clock=clock)
    session.connect()
    pid = session.connection.info.backend_pid
    with psycopg.connect(conninfo, autocommit=True) as other:
        other.execute("select pg_terminate_backend(%s, 5000)", [pid])
    clock.now += timedelta(minutes=14, seconds=30)
    session.ensure()
    assert session.connection.info.backend_pid != pid
    session.close()


def test_the_password_is_shown_nowhere(conninfo):
    login = Login({"host": "h"}, Secret("geheim"))
    assert "geheim" not in repr(login)
    assert "password" not in DirectLogin("host=h password=geheim").login(fresh=False).parameters
