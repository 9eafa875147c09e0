"""A plan is what a login then does, to the letter; and planning changes nothing."""

import json
import re

import pytest
from click.testing import CliRunner

from broker.audit import AuditEvent
from broker.cli.plan import plan
from broker.clock import utc_now
from broker.credentials.model import CredentialRequest
from broker.errors import PrincipalTagInvalid
from roles.errors import NoDatabaseRole
from tests.integration.credentials.ground import WORKGROUP, Broker, Ground
from tests.integration.credentials.test_commands import configuration

pytestmark = pytest.mark.integration

REQUEST = CredentialRequest(WORKGROUP, scram_iterations=1)


def applied(broker: Broker, request_id: str) -> list[str]:
    """The changes of an issue, from its audit record, with the random part of the alias left out."""
    (record,) = [
        each for each in broker.store.audit.by_request(request_id) if each.event is AuditEvent.CREDENTIALS_ISSUED
    ]
    text = str(record.detail["plan"])
    return re.sub(r'"(bk\w{8}_)[a-z2-7]{20}"', r'"\1<random>"', text).splitlines()


def everything(ground: Ground) -> list[tuple[object, ...]]:
    return ground.catalogue(
        "SELECT r.rolname, r.rolcanlogin, shobj_description(r.oid, 'pg_authid'),"
        " array(SELECT roleid FROM pg_auth_members WHERE member = r.oid ORDER BY 1)"
        " FROM pg_roles r WHERE strpos(r.rolname, %s) > 0 ORDER BY 1",
        ground.mark,
    )


def test_the_plan_is_what_the_login_then_does(ground: Ground, broker: Broker) -> None:
    histories = (
        [ground.sales],
        [ground.sales, ground.finance],
        [ground.finance],
        [ground.finance],
        ["hr", ground.sales],
    )
    for number, groups in enumerate(histories):
        ethan, now = ground.person("ethan", *groups), utc_now()
        before = everything(ground)
        planned = broker.service.plan(ethan, REQUEST, f"plan-{number}", now)
        assert everything(ground) == before
        got = broker.service.issue(ethan, REQUEST, f"issue-{number}", now)
        assert list(planned.changes) == applied(broker, f"issue-{number}")
        assert planned.database_roles == got.database_roles
        assert planned.refused_roles == got.refused_roles
        assert planned.expires_at == got.expires_at
    assert len(broker.store.leases.live()) == len(histories)


def test_a_plan_shows_what_is_taken_away_before_the_refusal(ground: Ground, broker: Broker) -> None:
    broker.issue(ground.person("ethan", ground.sales))
    nobody = ground.person("ethan", "hr")
    planned = broker.service.plan(nobody, REQUEST, "plan", utc_now())
    assert planned.changes[0].startswith(f'revoke "{ground.sales}"')
    assert planned.ends_sessions
    assert planned.refusal.startswith("no-database-role: ")
    with pytest.raises(NoDatabaseRole) as refused:
        broker.service.issue(nobody, REQUEST, "issue", utc_now())
    assert planned.refusal == f"no-database-role: {refused.value.what}"


def test_a_foreign_grant_is_shown_and_left(ground: Ground, broker: Broker) -> None:
    ethan = ground.person("ethan", ground.sales)
    broker.issue(ethan)
    ground.command("GRANT {} TO {}", ground.finance, ethan.principal.database_user)
    planned = broker.service.plan(ethan, REQUEST, "plan", utc_now())
    assert planned.foreign_roles == (ground.finance,)
    assert len(planned.changes) == 1  # the alias


def test_the_command_takes_the_way_of_an_assertion(ground: Ground) -> None:
    path = configuration(ground, ground.admin, ground.sales)
    text = path.read_text().replace('workgroups = ["*"]', 'workgroups = ["*"]\nallow_session_tags = true')
    path.write_text(text)
    arguments = ["--as", f"Ethan.{ground.mark}@example.com", "-w", WORKGROUP, "--config", str(path)]
    roles = ["--tags", f"RedshiftDbRoles={ground.sales}:hr"]
    before = everything(ground)
    done = CliRunner().invoke(plan, [*arguments, *roles, "--format", "json"], standalone_mode=False)
    assert done.exception is None, done.output
    found = json.loads(done.stdout)
    assert found["database_user"] == f"ethan.{ground.mark}@example.com"
    assert found["database_roles"] == [ground.sales]
    assert found["grounds"] == [
        f"{ground.sales} by the rule workgroups.analytics.allow_database_roles for '{ground.sales}'"
    ]
    assert found["refused_roles"] == [{"name": "hr", "reason": "No rule of the policy gives it."}]
    assert [change.split()[0] for change in found["changes"]] == ["create", "create", "grant", "record"]
    shown = CliRunner().invoke(plan, [*arguments, *roles], standalone_mode=False)
    assert "create stable user" in shown.stdout
    assert everything(ground) == before

    long = CliRunner().invoke(plan, [*arguments, *roles, "--tags", "Team=" + "x" * 257], standalone_mode=False)
    assert isinstance(long.exception, PrincipalTagInvalid)
    none = CliRunner().invoke(plan, [*arguments, "--tags", "RedshiftDbRoles=hr"], standalone_mode=False)
    assert none.return_value == 1
    assert "Then refused" in none.stdout


def test_a_plan_leaves_no_trace_but_its_record(ground: Ground, broker: Broker) -> None:
    broker.service.plan(ground.person("ethan", ground.sales), REQUEST, "plan", utc_now())
    assert [record.event for record in broker.store.audit.by_request("plan")] == [AuditEvent.PLANNED]
    assert broker.store.leases.live() == []
