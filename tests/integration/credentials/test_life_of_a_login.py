"""A login from issue to end on a real server: what it may, whom it acts as, and that it ends."""

import threading
import time
from datetime import timedelta

import psycopg
import pytest
from psycopg import sql

from broker.audit import AuditEvent
from broker.clock import utc_now
from broker.credentials.model import LeaseState
from broker.credentials.reaper import INTENT_GRACE
from broker.errors import WarehouseBusy, WarehouseRefused
from roles.chains import AccessTarget
from tests.integration.credentials.ground import WORKGROUP, Broker, Ground, is_alive

pytestmark = pytest.mark.integration

WHO = "SELECT session_user::text, current_user::text"
SALES = "SELECT amount FROM sales_schema.store_sales"
FINANCE = "SELECT amount FROM finance_schema.revenue"


def test_a_login_acts_as_the_person_with_just_the_persons_rights(ground: Ground, broker: Broker) -> None:
    ethan = ground.person("ethan", ground.sales, "hr")
    got = broker.issue(ethan)
    with ground.log_in(got) as login:
        assert login.execute(WHO).fetchall() == [(got.user, ethan.principal.database_user)]
        assert login.execute(SALES).fetchall() == [(1,)]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            login.execute(FINANCE)
    assert got.database_roles == (ground.sales,)
    assert [role.name for role in got.refused_roles] == ["hr"]


def test_the_server_keeps_a_verifier_with_the_iterations_that_were_asked_for(ground: Ground, broker: Broker) -> None:
    got = broker.issue(ground.person("ethan", ground.sales))
    ((stored,),) = ground.catalogue("SELECT rolpassword FROM pg_authid WHERE rolname = %s", got.user)
    assert str(stored).startswith("SCRAM-SHA-256$1:")


def test_many_logins_of_one_person_live_side_by_side(ground: Ground, broker: Broker) -> None:
    ethan = ground.person("ethan", ground.sales)
    issued = [broker.issue(ethan) for _ in range(3)]
    sessions = [ground.log_in(got) for got in issued]
    assert [is_alive(session) for session in sessions] == [True, True, True]
    for session in sessions:
        session.close()


def test_an_alias_that_others_hold_or_took_holds_up_no_other(ground: Ground, broker: Broker) -> None:
    """Of one batch: one has a lock of somebody's on it, one was made a superuser, one was dropped, two are fine."""
    held, taken, gone, *fine = [broker.issue(ground.person(f"p{number}", ground.sales)) for number in range(5)]
    ground.command("ALTER ROLE {} SUPERUSER", taken.user)
    ground.command("DROP ROLE {}", gone.user)
    with psycopg.connect(ground.superuser) as somebody:
        somebody.execute(sql.SQL("ALTER ROLE {} CONNECTION LIMIT 7").format(sql.Identifier(held.user)))
        with pytest.raises((WarehouseBusy, WarehouseRefused)):
            broker.reap(after=timedelta(hours=1))
    assert ground.usable_aliases() == {held.user, taken.user}
    ended = {got.lease_id for got in (gone, *fine)}
    records = [each for each in broker.store.audit.by_request("request") if each.event is AuditEvent.LEASE_REAPED]
    assert {each.lease_id for each in records} == ended
    for got in (held, taken, gone, *fine):
        lease = broker.store.leases.get(got.lease_id)
        assert lease
        assert lease.state is (LeaseState.ENDED if got.lease_id in ended else LeaseState.ENDING)
    ground.command("ALTER ROLE {} NOSUPERUSER", taken.user)
    broker.reap(after=timedelta(hours=1))
    assert ground.usable_aliases() == set()


def test_a_login_ends_at_its_end_with_its_session(ground: Ground, broker: Broker) -> None:
    ethan = ground.person("ethan", ground.sales)
    got, other = broker.issue(ethan, seconds=900), broker.issue(ethan, seconds=1800)
    with ground.log_in(got) as ended, ground.log_in(other) as goes_on:
        broker.reaper.run_once(WORKGROUP, got.expires_at - timedelta(microseconds=1))
        assert is_alive(ended)
        broker.reaper.run_once(WORKGROUP, got.expires_at)
        assert not is_alive(ended)
        assert is_alive(goes_on)
    assert ground.usable_aliases() == {other.user}
    lease = broker.store.leases.get(got.lease_id)
    assert lease
    assert lease.state is LeaseState.ENDED
    events = [record.event for record in broker.store.audit.by_request("request") if record.lease_id == got.lease_id]
    assert events == [AuditEvent.CREDENTIALS_ALLOWED, AuditEvent.CREDENTIALS_ISSUED, AuditEvent.LEASE_REAPED]


def test_the_server_itself_refuses_a_login_past_its_end(ground: Ground, broker: Broker) -> None:
    got = broker.issue(ground.person("ethan", ground.sales), seconds=2)
    ground.log_in(got).close()
    while ground.catalogue("SELECT clock_timestamp() > %s", got.expires_at) != [(True,)]:
        time.sleep(0.05)
    with pytest.raises(psycopg.OperationalError):
        ground.log_in(got)


def test_a_moved_person_loses_the_old_right_in_open_sessions_too(ground: Ground, broker: Broker) -> None:
    before = broker.issue(ground.person("ethan", ground.sales))
    with ground.log_in(before) as old:
        assert old.execute(SALES).fetchall() == [(1,)]
        after = broker.issue(ground.person("ethan", ground.finance))
        assert not is_alive(old)
    with ground.log_in(after) as new:
        assert new.execute(FINANCE).fetchall() == [(1,)]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            new.execute(SALES)
    assert "revoke" in str(broker.store.audit.by_request("request")[-1].detail["plan"])


def test_another_right_disturbs_no_open_session(ground: Ground, broker: Broker) -> None:
    with ground.log_in(broker.issue(ground.person("ethan", ground.sales))) as open_session:
        broker.issue(ground.person("ethan", ground.sales, ground.finance))
        assert is_alive(open_session)
        assert open_session.execute(FINANCE).fetchall() == [(1,)]


def test_who_may_not_read_learns_which_role_would_help(ground: Ground, broker: Broker) -> None:
    ethan = ground.person("ethan", ground.sales)
    broker.issue(ethan)
    target = AccessTarget("finance_schema", "revenue")
    got = broker.service.explain(ethan, WORKGROUP, "", target, "request", utc_now())
    assert (got.exists, got.allowed, got.database_roles) == (True, False, (ground.finance,))


def test_an_alias_that_no_lease_stands_behind_is_removed_and_the_others_stay(ground: Ground, broker: Broker) -> None:
    got = broker.issue(ground.person("ethan", ground.sales))
    stray = f"{ground.alias_prefix}{'a' * 20}"
    with psycopg.connect(ground.admin, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(stray)))
    assert ground.usable_aliases() == {got.user, stray}
    broker.reap()
    assert ground.usable_aliases() == {got.user}


def test_a_broker_with_another_prefix_is_left_alone(ground: Ground, broker: Broker) -> None:
    foreign = f"other{ground.mark}_{'a' * 20}"
    with psycopg.connect(ground.admin, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(foreign)))
    broker.reap(after=INTENT_GRACE)
    assert ground.catalogue("SELECT count(*) FROM pg_roles WHERE rolname = %s", foreign) == [(1,)]


def test_two_brokers_reap_at_once(ground: Ground, broker: Broker) -> None:
    ethan = ground.person("ethan", ground.sales)
    for _ in range(10):
        broker.issue(ethan)
    failures: list[Exception] = []

    def reap() -> None:
        try:
            broker.reap(after=timedelta(seconds=901))
        except Exception as error:
            failures.append(error)

    with ground.broker() as other:
        threads = [threading.Thread(target=reap) for _ in range(2)]
        threads.append(threading.Thread(target=other.reap, args=(timedelta(seconds=901),)))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failures == []
    assert ground.usable_aliases() == set()
    assert broker.store.leases.live() == []
