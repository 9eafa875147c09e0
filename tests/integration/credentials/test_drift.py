"""Differences between store, policy and warehouse: each is found, ours are set right, what others did is left."""

from datetime import timedelta

import pytest
from click.testing import CliRunner

from broker.audit import AuditEvent
from broker.cli.drift import drift
from broker.clock import utc_now
from broker.credentials.drift import DriftKind
from broker.credentials.model import LeaseState
from broker.errors import UnknownWorkgroup
from roles.policy import RolePolicy
from tests.integration.credentials.ground import WORKGROUP, Broker, Ground, is_alive
from tests.integration.credentials.test_commands import configuration

pytestmark = pytest.mark.integration


def found(broker: Broker, after: timedelta = timedelta(0)) -> list[tuple[DriftKind, str]]:
    return [(each.kind, each.name) for each in broker.drift.find(WORKGROUP, "find", utc_now() + after)]


def test_nothing_differs_after_a_login(ground: Ground, broker: Broker) -> None:
    broker.issue(ground.person("ethan", ground.sales))
    assert found(broker) == []
    assert broker.drift.fix(WORKGROUP, "fix", utc_now()) == ((), ())


def test_a_foreign_grant_is_shown_with_its_grantor_and_left(ground: Ground, broker: Broker) -> None:
    ethan = ground.person("ethan", ground.sales)
    broker.issue(ethan)
    ground.command("GRANT {} TO {}", ground.finance, ethan.principal.database_user)
    _, left = broker.drift.fix(WORKGROUP, "fix", utc_now())
    (drifted,) = left
    assert (drifted.kind, drifted.ours) == (DriftKind.FOREIGN_GRANT, False)
    assert f'Holds "{ground.finance}", granted by ' in drifted.what
    assert ground.held_roles(ethan) == {ground.sales, ground.finance}


def test_a_grant_that_others_took_away_is_no_longer_recorded(ground: Ground, broker: Broker) -> None:
    ethan = ground.person("ethan", ground.sales, ground.finance)
    broker.issue(ethan)
    ((grantor,),) = ground.catalogue(
        "SELECT DISTINCT by.rolname FROM pg_auth_members m JOIN pg_roles by ON by.oid = m.grantor"
        " JOIN pg_roles u ON u.oid = m.member WHERE u.rolname = %s",
        ethan.principal.database_user,
    )
    ground.command("REVOKE {} FROM {} GRANTED BY {}", ground.finance, ethan.principal.database_user, str(grantor))
    assert found(broker) == [(DriftKind.LOST_GRANT, ethan.principal.database_user)]
    broker.drift.fix(WORKGROUP, "fix", utc_now())
    assert found(broker) == []
    assert ground.held_roles(ethan) == {ground.sales}


def test_a_role_that_the_policy_no_longer_gives_is_taken_with_its_sessions(ground: Ground, broker: Broker) -> None:
    ethan = ground.person("ethan", ground.sales, ground.finance)
    got = broker.issue(ethan)
    broker.drift._reach = lambda _: RolePolicy(allow=(ground.finance,))  # the policy of tomorrow
    assert found(broker) == [(DriftKind.GRANT_BEYOND_POLICY, ethan.principal.database_user)]
    with ground.log_in(got) as session:
        broker.drift.fix(WORKGROUP, "fix", utc_now())
        assert not is_alive(session)
    assert ground.held_roles(ethan) == {ground.finance}
    assert found(broker) == []


def test_an_alias_that_the_store_does_not_know_is_ended(ground: Ground, broker: Broker) -> None:
    alias = ground.alias_prefix + "a" * 20
    ground.command("CREATE ROLE {} LOGIN", alias, login=ground.admin)
    assert found(broker) == [(DriftKind.UNKNOWN_ALIAS, alias)]
    fixed, left = broker.drift.fix(WORKGROUP, "fix", utc_now())
    assert ([each.name for each in fixed], left) == ([alias], ())


def test_an_alias_past_its_end_is_ended(ground: Ground, broker: Broker) -> None:
    got = broker.issue(ground.person("ethan", ground.sales), seconds=60)
    later = timedelta(seconds=121)
    assert found(broker, timedelta(seconds=110)) == []
    assert found(broker, later) == [(DriftKind.ALIAS_PAST_END, got.user)]
    broker.drift.fix(WORKGROUP, "fix", utc_now() + later)
    assert found(broker, later) == []
    assert ground.usable_aliases() == set()


def test_a_lease_without_its_alias_is_ended(ground: Ground, broker: Broker) -> None:
    got = broker.issue(ground.person("ethan", ground.sales))
    ground.command("DROP ROLE {}", got.user)
    assert found(broker) == [(DriftKind.LEASE_WITHOUT_ALIAS, got.lease_id)]
    broker.drift.fix(WORKGROUP, "fix", utc_now())
    lease = broker.store.leases.get(got.lease_id)
    assert lease
    assert lease.state is LeaseState.ENDED
    assert found(broker) == []


def test_a_user_whom_the_store_does_not_know_loses_what_the_broker_gave(ground: Ground, broker: Broker) -> None:
    session = ground.person("gone")
    user = session.principal.database_user
    ground.command("CREATE ROLE {}", user, login=ground.admin)
    ground.command("GRANT {} TO {}", ground.sales, user, login=ground.admin)
    comment = '{"broker":1,"identity_provider":"okta","subject":"gone","managed":["%s"]}' % ground.sales  # noqa: UP031
    ground.comment(user, comment)
    assert found(broker) == [(DriftKind.USER_WITHOUT_OWNER, user)]
    broker.drift.fix(WORKGROUP, "fix", utc_now())
    assert found(broker) == []
    assert ground.held_roles(session) == set()


def test_a_user_whose_record_names_another_is_left_alone(ground: Ground, broker: Broker) -> None:
    ethan = ground.person("ethan", ground.sales)
    broker.issue(ethan)
    user = ethan.principal.database_user
    ground.comment(user, '{"broker":1,"identity_provider":"okta","subject":"eve","managed":[]}')
    _, left = broker.drift.fix(WORKGROUP, "fix", utc_now())
    assert DriftKind.USER_OF_ANOTHER in {each.kind for each in left}
    assert ground.held_roles(ethan) == {ground.sales}


def test_both_are_on_record(ground: Ground, broker: Broker) -> None:
    ground.command("CREATE ROLE {} LOGIN", ground.alias_prefix + "b" * 20, login=ground.admin)
    broker.drift.fix(WORKGROUP, "request", utc_now())
    records = broker.store.audit.by_request("request")
    assert [record.event for record in records] == [AuditEvent.DRIFT_FOUND, AuditEvent.DRIFT_FIXED]
    assert all("unknown-alias" in str(record.detail["differences"]) for record in records)


def test_the_command_says_what_differs(ground: Ground) -> None:
    path = str(configuration(ground, ground.admin, ground.sales))
    alias = ground.alias_prefix + "c" * 20
    ground.command("CREATE ROLE {} LOGIN", alias, login=ground.admin)
    shown = CliRunner().invoke(drift, [WORKGROUP, "--config", path], standalone_mode=False)
    assert (shown.return_value, alias in shown.stdout) == (1, True)
    fixed = CliRunner().invoke(drift, [WORKGROUP, "--fix", "--config", path], standalone_mode=False)
    assert (fixed.return_value, "FIXED" in fixed.stdout) == (0, True)
    again = CliRunner().invoke(drift, [WORKGROUP, "--config", path, "--format", "json"], standalone_mode=False)
    assert '"differences": []' in again.stdout
    nowhere = CliRunner().invoke(drift, ["nowhere", "--config", path], standalone_mode=False)
    assert isinstance(nowhere.exception, UnknownWorkgroup)
