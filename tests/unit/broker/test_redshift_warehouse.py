"""Logins on Redshift from the request to the last session, told to a stand-in: which statements, in which order."""

from dataclasses import replace
from datetime import timedelta
from time import sleep

import pytest

from broker.config.model import SHA256
from broker.credentials.access import Question
from broker.credentials.lease import SHARED
from broker.credentials.model import CredentialRequest, LeaseState
from broker.credentials.revocation import Order
from broker.errors import WarehouseOutcomeUnknown, WarehouseRefused, WarehouseUnavailable
from roles.chains import AccessTarget
from roles.errors import DatabaseUserNotManaged, DatabaseUserPrivileged, NoDatabaseRole
from tests.contract.values import at_once
from tests.simulators.redshift import Killed, User, error, lost
from tests.simulators.redshift_broker import CLOUD, ETHAN, START, Cloud

HASHED = ("PASSWORD 'md5", "PASSWORD 'sha256|")


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


# --- what is handed out --------------------------------------------------------------------------------------------


def test_the_stable_user_itself_logs_in(cloud: Cloud) -> None:
    got = cloud.issue()
    assert got.user == got.database_user == ETHAN
    assert got.database_roles == ("sales",)
    assert cloud.lets_in(got)
    assert cloud.server.roles_of(ETHAN) == {"sales"}
    assert cloud.lease_of(got).state is LeaseState.ACTIVE
    made = cloud.server.catalogue.users[ETHAN]
    assert (made.limit, made.timeout, made.superuser) == (10, 3600, False)


def test_no_statement_has_a_password(cloud: Cloud) -> None:
    for config in (CLOUD, replace(CLOUD, redshift_hash=SHA256)):
        cloud = Cloud(config)
        got = cloud.issue()
        cloud.later(hours=2)
        again = cloud.issue()
        said = "\n".join(cloud.server.conversation)
        assert got.password.reveal() not in said
        assert again.password.reveal() not in said
        assert sum(said.count(text) for text in HASHED) == 2
        assert cloud.lets_in(again)


def test_several_programs_of_one_person_get_the_same_password(cloud: Cloud) -> None:
    first = cloud.issue()
    said = len(cloud.server.changes)
    second = cloud.issue()
    assert second.password == first.password
    assert second.lease_id != first.lease_id
    assert cloud.server.changes[said:] == []  # nothing to change
    assert cloud.lets_in(first)


def test_near_its_end_a_new_generation_takes_its_place(cloud: Cloud) -> None:
    first = cloud.issue(minutes=60)
    cloud.later(minutes=59)
    second = cloud.issue(minutes=60)
    assert second.password == first.password
    cloud.later(minutes=30)
    third = cloud.issue(minutes=60)
    assert third.password != first.password
    assert cloud.lets_in(third)
    assert not cloud.lets_in(second)  # its sessions go on; a new one asks anew


def test_each_person_has_a_password_of_their_own(cloud: Cloud) -> None:
    ethan, emma = cloud.issue("ethan"), cloud.issue("emma", "finance")
    assert ethan.password != emma.password
    assert cloud.server.roles_of("emma@example.com") == {"finance"}


def test_a_second_broker_on_the_store_hands_out_the_same(cloud: Cloud) -> None:
    first = cloud.issue()
    cloud.start()
    assert cloud.issue().password == first.password


def test_eight_programs_at_once_get_one_password_and_make_one_user(cloud: Cloud) -> None:
    cloud.wait = sleep  # others are working meanwhile
    got = at_once([cloud.issue] * 8)
    assert len({each.password for each in got}) == 1
    assert cloud.lets_in(got[0])
    assert sum("PASSWORD" in each for each in cloud.server.changes) == 1


# --- roles ---------------------------------------------------------------------------------------------------------


def test_a_lost_group_is_revoked_and_open_sessions_end(cloud: Cloud) -> None:
    got = cloud.issue("ethan", "sales", "finance")
    session = cloud.server.log_in(got.user, got.password.reveal())
    cloud.later(seconds=2)
    again = cloud.issue("ethan", "sales")
    assert again.database_roles == ("sales",)
    assert cloud.server.roles_of(ETHAN) == {"sales"}
    assert session not in cloud.server.sessions
    assert cloud.lets_in(again)


def test_what_was_granted_by_hand_stays_and_is_shown(cloud: Cloud) -> None:
    cloud.issue()
    cloud.server.catalogue.roles.add("auditors")
    cloud.server.grant(ETHAN, "auditors")
    cloud.issue("ethan", "finance")
    assert cloud.server.roles_of(ETHAN) == {"finance", "auditors"}
    (user,) = cloud.warehouse.stable_users()
    assert [each.role for each in user.foreign] == ["auditors"]


def test_unknown_and_powerful_roles_are_answered_for(cloud: Cloud) -> None:
    cloud.server.catalogue.roles |= {"marketing", "sys_like"}
    cloud.server.catalogue.role_grants.add(("marketing", "sys:superuser"))
    cloud.server.catalogue.system_privileges.add(("sys_like", "CREATE USER"))
    got = cloud.issue("ethan", "sales", "marketing", "sys_like", "sysnone")
    assert got.database_roles == ("sales",)
    assert got.unknown_roles == ("sysnone",)
    reasons = {role.name: role.reason for role in got.refused_roles}
    assert "sys:superuser" in reasons["marketing"]
    assert "CREATE USER" in reasons["sys_like"]


def test_nobody_without_a_role_gets_in_and_the_rest_is_taken_away(cloud: Cloud) -> None:
    cloud.issue()
    with pytest.raises(NoDatabaseRole):
        cloud.issue("ethan", "hr")
    assert cloud.server.roles_of(ETHAN) == set()


# --- whose user ----------------------------------------------------------------------------------------------------


def test_a_user_that_the_broker_did_not_make_is_refused(cloud: Cloud) -> None:
    cloud.server.catalogue.users[ETHAN] = User(77, None)
    with pytest.raises(DatabaseUserNotManaged):
        cloud.issue()
    assert cloud.server.changes == []


def test_so_is_one_that_took_the_place_of_the_brokers(cloud: Cloud) -> None:
    cloud.issue()
    cloud.server.catalogue.users[ETHAN].user_id = 4711
    said = len(cloud.server.changes)
    with pytest.raises(DatabaseUserNotManaged):
        cloud.issue()
    cloud.later(hours=1)
    report = cloud.reap()
    assert cloud.server.changes[said:] == []
    assert "did not make" in report.problems[0]


def test_one_that_was_dropped_is_made_again(cloud: Cloud) -> None:
    cloud.issue()
    del cloud.server.catalogue.users[ETHAN]
    cloud.server.catalogue.user_grants.clear()
    assert cloud.lets_in(cloud.issue())


def test_a_user_with_power_is_refused_with_the_remedy(cloud: Cloud) -> None:
    cloud.issue()
    cloud.server.catalogue.users[ETHAN].superuser = True
    with pytest.raises(DatabaseUserPrivileged) as caught:
        cloud.issue()
    assert caught.value.remedy.endswith(f'ALTER USER "{ETHAN}" NOCREATEUSER;')


def test_a_password_that_somebody_else_set_is_set_again(cloud: Cloud) -> None:
    first = cloud.issue()
    user = cloud.server.catalogue.users[ETHAN]
    user.verifier, user.valid_until = "md5" + "0" * 32, "2099-01-01 00:00:00+00"
    assert not cloud.lets_in(first)
    assert cloud.lets_in(cloud.issue())


# --- the end -------------------------------------------------------------------------------------------------------


def test_the_last_lease_takes_password_and_sessions_with_it(cloud: Cloud) -> None:
    got = cloud.issue()
    session = cloud.server.log_in(got.user, got.password.reveal())
    cloud.later(minutes=15)
    report = cloud.reap()
    assert (report.ended, report.terminated) == (1, 1)
    assert session not in cloud.server.sessions
    assert not cloud.lets_in(got)
    assert cloud.lease_of(got).state is LeaseState.ENDED
    assert cloud.issue().password != got.password


def test_the_first_of_two_leases_leaves_the_password(cloud: Cloud) -> None:
    short, long = cloud.issue(minutes=15), cloud.issue(minutes=60)
    cloud.later(minutes=15)
    assert cloud.reap().ended == 1
    assert cloud.lease_of(short).state is LeaseState.ENDED
    assert cloud.lets_in(long)


def test_a_revoked_lease_takes_the_password_from_all(cloud: Cloud) -> None:
    stolen, other = cloud.issue(), cloud.issue()
    session = cloud.server.log_in(stolen.user, stolen.password.reveal())
    revoked = cloud.revoke(lease_id=stolen.lease_id)
    assert revoked.terminated == 1
    assert session not in cloud.server.sessions
    assert not cloud.lets_in(stolen)
    assert cloud.lease_of(stolen).state is LeaseState.ENDED
    assert (cloud.lease_of(other).state, cloud.lease_of(other).reason) == (LeaseState.ENDING, SHARED)
    again = cloud.issue()  # whoever may still, asks anew
    assert cloud.lets_in(again)
    assert not cloud.lets_in(stolen)
    cloud.reap()
    assert cloud.lease_of(other).state is LeaseState.ENDED


def test_the_end_of_those_cut_off_spares_the_login_after_them(cloud: Cloud) -> None:
    stolen, other = cloud.issue(), cloud.issue()
    cloud.revoke(lease_id=stolen.lease_id)
    again = cloud.issue()
    assert cloud.lease_of(other).state is LeaseState.ENDING
    cloud.reap()
    assert cloud.lets_in(again)


def logged_out(cloud: Cloud, got) -> None:
    """As a logout leaves it: the reaper comes to it later."""
    cloud.store.leases.move(got.lease_id, LeaseState.ENDING, cloud.now, "logout")


def test_a_login_right_after_a_logout_lives_on(cloud: Cloud) -> None:
    old = cloud.issue()
    cloud.later(minutes=5)
    logged_out(cloud, old)
    new = cloud.issue()
    assert new.password != old.password
    assert not cloud.lets_in(old)
    cloud.reap()
    assert cloud.lets_in(new)
    assert cloud.lease_of(new).state is LeaseState.ACTIVE
    assert cloud.lease_of(old).state is LeaseState.ENDED


def test_sessions_of_a_revoked_lease_end_though_its_password_is_an_old_one(cloud: Cloud) -> None:
    old = cloud.issue(minutes=60)
    session = cloud.server.log_in(old.user, old.password.reveal())
    cloud.later(minutes=59)
    cloud.issue(minutes=60)
    cloud.later(minutes=30)
    stays = cloud.issue(minutes=60)
    older = cloud.issue(minutes=15)
    assert stays.password != old.password
    cloud.store.leases._leases[older.lease_id] = replace(cloud.lease_of(older), created_at=START)  # type: ignore[attr-defined]
    cloud.revoke(lease_id=older.lease_id)
    assert session not in cloud.server.sessions
    assert cloud.lets_in(stays)


def test_a_login_right_before_its_revocation_is_taken_to_know_the_password(cloud: Cloud) -> None:
    first = cloud.issue()
    second = cloud.issue()
    logged_out(cloud, second)
    third = cloud.issue()  # within the minute: a new password, that the revoked one might know
    cloud.reap()
    assert not cloud.lets_in(first)
    assert not cloud.lets_in(third)
    assert cloud.lets_in(cloud.issue())


def test_sessions_that_do_not_end_are_ended_by_a_later_run(cloud: Cloud) -> None:
    got = cloud.issue()
    cloud.server.undying.add(cloud.server.log_in(got.user, got.password.reveal()))
    cloud.later(minutes=15)
    assert f"{cloud.lease_of(got).alias}: its sessions do not end" in cloud.reap().problems
    assert not cloud.lets_in(got)
    cloud.server.undying.clear()
    assert cloud.reap().problems == ()
    assert cloud.server.sessions == {}


def test_a_session_that_shows_up_late_is_found_by_the_sweep(cloud: Cloud) -> None:
    got = cloud.issue()
    cloud.later(minutes=15)
    cloud.reap()
    cloud.server.sessions[9] = (cloud.server.catalogue.users[got.user].user_id, cloud.now)
    cloud.later(minutes=5)
    cloud.reap()
    assert cloud.server.sessions == {}


def test_the_end_of_one_person_ends_nobody_elses_sessions(cloud: Cloud) -> None:
    ethan, emma = cloud.issue("ethan", minutes=15), cloud.issue("emma", minutes=60)
    for got in (ethan, emma):
        cloud.server.log_in(got.user, got.password.reveal())
    cloud.later(minutes=15)
    assert cloud.reap().terminated == 1
    (left,) = cloud.server.sessions.values()
    assert left[0] == cloud.server.catalogue.users[emma.user].user_id


def test_a_session_that_begins_later_survives_the_loss_of_a_role(cloud: Cloud) -> None:
    got = cloud.issue()
    old = cloud.server.log_in(got.user, got.password.reveal())
    ours = cloud.server.catalogue.users[ETHAN].user_id
    cloud.server.sessions[9] = (ours, cloud.now + timedelta(seconds=5))
    assert cloud.warehouse.end_person_sessions(ETHAN, spare_alias="") == 1
    assert old not in cloud.server.sessions
    assert 9 in cloud.server.sessions


def test_a_password_that_was_applied_is_looked_after_without_lease_and_generation(cloud: Cloud) -> None:
    cloud.reap()  # nobody is there
    got = cloud.issue()
    cloud.server.log_in(got.user, got.password.reveal())
    for state in (LeaseState.ENDING, LeaseState.ENDED):
        cloud.store.leases.move(got.lease_id, state, cloud.now)
    cloud.store.generations.withdraw("cloud", ETHAN)
    cloud.later(minutes=5)
    assert cloud.reap().orphans == 1
    assert cloud.server.sessions == {}
    assert not cloud.lets_in(got)


def test_while_nobody_has_a_login_the_warehouse_may_sleep(cloud: Cloud) -> None:
    cloud.issue()
    cloud.later(minutes=15)
    cloud.reap()
    cloud.later(minutes=11)
    cloud.reap()  # a last look
    cloud.later(minutes=2)
    cloud.server.conversation.clear()
    for _ in range(10):
        cloud.reap()
        cloud.later(minutes=1)
    assert cloud.server.conversation == []
    # What others did meanwhile is found all the same, if later.
    cloud.server.catalogue.users[ETHAN].valid_until = "2099-01-01 00:00:00+00"
    cloud.later(minutes=60)
    assert cloud.reap().orphans == 1
    assert cloud.server.catalogue.users[ETHAN].valid_until.startswith("1970")


def test_many_who_end_at_once_are_looked_for_together(cloud: Cloud) -> None:
    for number in range(30):
        got = cloud.issue(f"person{number}")
        cloud.server.log_in(got.user, got.password.reveal())
    cloud.later(minutes=15)
    cloud.server.conversation.clear()
    report = cloud.reap()
    assert (report.ended, report.terminated) == (30, 30)
    assert cloud.server.sessions == {}
    asked = [each for each in cloud.server.conversation if each == "SELECT sessions"]
    assert len(asked) < 10


def test_a_user_that_may_log_in_without_a_lease_is_disabled(cloud: Cloud) -> None:
    got = cloud.issue()
    cloud.store.leases.move(got.lease_id, LeaseState.ENDING, cloud.now)
    cloud.store.leases.move(got.lease_id, LeaseState.ENDED, cloud.now)
    assert cloud.reap().orphans == 1
    assert not cloud.lets_in(got)


def test_offboarding_hands_over_and_drops(cloud: Cloud) -> None:
    got = cloud.issue()
    cloud.server.databases.append("staging")
    cloud.server.catalogue.users["etl"] = User(50, None)
    cloud.server.catalogue.owned["staging", "table", "public", "mine"] = ETHAN
    order = Order("admin", "request-2", cloud.now)
    first = cloud.offboarding.offboard(ETHAN, "", None, order)
    assert first.problems == ("cloud: it owns objects; say with --reassign-to whose they become",)
    assert not cloud.lets_in(got)
    second = cloud.offboarding.offboard(ETHAN, "", "etl", order)
    assert second.problems == ()
    assert cloud.server.catalogue.owned["staging", "table", "public", "mine"] == "etl"
    assert ETHAN not in cloud.server.catalogue.users
    assert not cloud.offboarding.offboard(ETHAN, "", None, order).users[0][1].existed
    assert cloud.lets_in(cloud.issue())


@pytest.mark.parametrize("target", ["nobody", "warehouse_broker", "emma@example.com"])
def test_nothing_is_reassigned_to_whom_it_must_not_be(cloud: Cloud, target: str) -> None:
    cloud.issue()
    cloud.issue("emma")
    departure = cloud.offboarding.offboard(ETHAN, "", target, Order("admin", "request-2", cloud.now))
    assert "reassigned" in departure.problems[0] or "can't own" in departure.problems[0]
    assert ETHAN in cloud.server.catalogue.users


# --- trouble -------------------------------------------------------------------------------------------------------


def failing(cloud: Cloud, at: str, what: BaseException) -> None:
    def before(statement: str) -> None:
        if at in statement:
            cloud.server.before = lambda _statement: None
            raise what

    cloud.server.before = before


def test_a_right_that_is_missing_is_named(cloud: Cloud) -> None:
    failing(cloud, "CREATE USER", error("42501"))
    with pytest.raises(WarehouseRefused) as caught:
        cloud.issue()
    assert caught.value.remedy == 'ALTER USER "warehouse_broker" CREATEUSER;'
    assert ETHAN not in cloud.server.catalogue.users


def test_a_conflict_is_tried_again(cloud: Cloud) -> None:
    failing(cloud, "GRANT ROLE", error("XX000"))
    assert cloud.lets_in(cloud.issue())


@pytest.mark.parametrize("at", ["CREATE USER", "GRANT", "COMMIT", "svv_user_grants"])
def test_a_connection_that_is_lost_in_the_change_leaves_the_outcome_open(cloud: Cloud, at: str) -> None:
    failing(cloud, at, lost())
    with pytest.raises((WarehouseOutcomeUnknown, WarehouseUnavailable)):
        cloud.issue()
    again = cloud.issue()
    assert cloud.lets_in(again)
    cloud.later(minutes=16)
    cloud.reap()
    assert not cloud.lets_in(again)


def test_whoever_has_lost_the_turn_changes_nothing(cloud: Cloud) -> None:
    def steal(statement: str) -> None:
        if "svv_system_privileges" in statement:
            cloud.later(minutes=2)
            cloud.store.generations.take_turn("cloud", ETHAN, "another", cloud.now, cloud.now + timedelta(hours=1))

    cloud.server.before = steal
    with pytest.raises(WarehouseUnavailable, match="took too long"):
        cloud.issue()
    assert cloud.server.changes == []


def test_a_turn_that_others_have_all_the_time_is_not_waited_for_without_end(cloud: Cloud) -> None:
    cloud.issue()
    cloud.store.generations.take_turn("cloud", ETHAN, "another", cloud.now, cloud.now + timedelta(hours=1))
    with pytest.raises(WarehouseUnavailable, match="Another login"):
        cloud.issue()


def test_a_password_withdrawn_on_the_way_is_not_handed_out(cloud: Cloud) -> None:
    def withdraw(statement: str) -> None:
        cloud.store.generations.withdraw("cloud", ETHAN)

    cloud.issue()
    take = cloud.store.generations.take_turn
    cloud.store.generations.take_turn = lambda *a: (withdraw(""), take(*a))[1]  # type: ignore[method-assign,func-returns-value]
    with pytest.raises(WarehouseUnavailable, match="withdrawn"):
        cloud.issue()


# --- crashes -------------------------------------------------------------------------------------------------------


def steps_of(story) -> int:
    """How many statements a story has."""
    cloud = Cloud()
    said = []
    cloud.server.before = said.append
    story(cloud)
    return len(said)


def first_login(cloud: Cloud) -> None:
    cloud.issue("ethan", "sales", "finance")


def regrouped(cloud: Cloud) -> None:
    got = cloud.issue("ethan", "sales", "finance")
    cloud.server.log_in(got.user, got.password.reveal())
    cloud.later(hours=2)
    cloud.issue("ethan", "sales")


def ended(cloud: Cloud) -> None:
    got = cloud.issue()
    cloud.server.log_in(got.user, got.password.reveal())
    cloud.later(minutes=15)
    cloud.reap()


@pytest.mark.parametrize("story", [first_login, regrouped, ended])
def test_a_broker_that_dies_anywhere_leaves_nothing_that_lets_in(story) -> None:
    for step in range(steps_of(story)):
        cloud = Cloud()
        left = [step]

        def die(statement: str, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] < 0:
                raise Killed(statement)

        cloud.server.before = die
        with pytest.raises(Killed):
            story(cloud)
        cloud.server.before = lambda _statement: None
        cloud.start()
        cloud.later(minutes=61)
        cloud.reap()
        user = cloud.server.catalogue.users.get(ETHAN)
        assert user is None or user.verifier is None, f"step {step}"
        assert cloud.server.sessions == {}
        assert cloud.store.leases.live() == []
        assert cloud.lets_in(cloud.issue("ethan", "sales"))  # and the person's name is not lost
        assert cloud.server.roles_of(ETHAN) == {"sales"}


# --- what is shown -------------------------------------------------------------------------------------------------


def test_a_plan_changes_nothing_and_then_is_what_happens(cloud: Cloud) -> None:
    request = CredentialRequest("cloud")
    planned = cloud.service.plan(cloud.session("ethan", "sales"), request, "request-1", cloud.now)
    assert cloud.server.changes == []
    assert cloud.store.generations.of_workgroup("cloud") == []
    assert planned.changes[0].startswith(f'create stable user "{ETHAN}" with a password until ')
    cloud.issue("ethan", "sales")
    again = cloud.service.plan(cloud.session("ethan", "sales"), request, "request-1", cloud.now)
    assert again.changes == ()
    assert again.database_roles == ("sales",)


def test_drift_is_found_and_set_right(cloud: Cloud) -> None:
    got = cloud.issue("ethan", "sales", "finance")
    cloud.server.catalogue.roles.add("auditors")
    cloud.server.grant(ETHAN, "auditors")
    cloud.server.catalogue.user_grants.discard((ETHAN, "finance"))
    found = {(each.kind, each.name) for each in cloud.drift.find("cloud", "request-3", cloud.now)}
    assert found == {("foreign-grant", ETHAN), ("lost-grant", ETHAN)}
    cloud.server.catalogue.users[ETHAN].valid_until = "1970-01-01 00:00:00+00"
    kinds = {each.kind: each.name for each in cloud.drift.find("cloud", "request-3", cloud.now)}
    assert kinds["lease-without-alias"] == got.lease_id


def test_access_is_explained_by_the_views(cloud: Cloud) -> None:
    catalogue = cloud.server.catalogue
    catalogue.owned["dev", "table", "finance_schema", "revenue"] = "warehouse_broker"
    catalogue.relation_privileges.add(("finance_schema", "revenue", "SELECT", "finance", "role"))
    catalogue.schema_privileges.add(("finance_schema", "SCHEMA", "USAGE", "finance", "role"))
    cloud.issue("ethan", "sales")
    target = AccessTarget("finance_schema", "revenue")
    told = cloud.warehouse.explain_access(ETHAN, "dev", target)
    assert not told.allowed
    assert told.missing == ("USAGE on schema finance_schema", "SELECT on finance_schema.revenue")
    assert told.database_roles == ("finance",)
    cloud.issue("ethan", "finance")
    assert cloud.warehouse.explain_access(ETHAN, "dev", target).allowed
    found = cloud.warehouse.access_map("dev", target)
    assert found
    assert set(found.who_can()) == {"finance", ETHAN, "warehouse_broker"}
    assert found.who_can()[ETHAN][1].path == (ETHAN, "finance")
    assert not cloud.warehouse.explain_access(ETHAN, "dev", AccessTarget("finance_schema", "none")).exists


def test_the_chain_goes_from_the_group_to_the_grant(cloud: Cloud) -> None:
    catalogue = cloud.server.catalogue
    catalogue.owned["dev", "table", "sales_schema", "store_sales"] = "warehouse_broker"
    catalogue.relation_privileges.add(("sales_schema", "store_sales", "SELECT", "sales", "role"))
    catalogue.schema_privileges.add(("sales_schema", "SCHEMA", "USAGE", "sales", "role"))
    cloud.issue()
    question = Question("cloud", "dev", AccessTarget("sales_schema", "store_sales"))
    chain = cloud.access.explain(question, ETHAN, "request-4", cloud.now)
    assert chain.allowed
    assert chain.legs == (
        f"USAGE on schema sales_schema: {ETHAN} -> sales, granted by somebody",
        f"SELECT on sales_schema.store_sales: {ETHAN} -> sales, granted by somebody",
    )
    assert [way.describe() for way in chain.ways] == [
        "sales by the rule workgroups.cloud.allow_database_roles for 'sales'"
    ]
    entitled = {each.role: each.subject for each in cloud.access.who_can(question, "request-4", cloud.now) or ()}
    assert entitled == {"sales": "", ETHAN: ETHAN, "warehouse_broker": ""}


def test_scoped_permissions_groups_and_public_count(cloud: Cloud) -> None:
    catalogue = cloud.server.catalogue
    catalogue.owned["dev", "table", "s", "t"] = "warehouse_broker"
    catalogue.schema_privileges |= {
        ("s", "TABLES", "SELECT", "readers", "group"),
        ("s", "SCHEMA", "USAGE", "public", "public"),
    }
    cloud.issue()
    target = AccessTarget("s", "t")
    assert not cloud.warehouse.explain_access(ETHAN, "dev", target).allowed
    catalogue.groups["readers"] = {ETHAN}
    assert cloud.warehouse.explain_access(ETHAN, "dev", target).allowed


def test_a_role_called_like_a_person_is_not_taken_for_the_person(cloud: Cloud) -> None:
    catalogue = cloud.server.catalogue
    catalogue.owned["dev", "table", "s", "t"] = "warehouse_broker"
    cloud.issue()
    catalogue.roles.add(ETHAN)
    catalogue.relation_privileges.add(("s", "t", "SELECT", ETHAN, "role"))
    catalogue.schema_privileges.add(("s", "SCHEMA", "USAGE", ETHAN, "role"))
    assert not cloud.warehouse.explain_access(ETHAN, "dev", AccessTarget("s", "t")).allowed
