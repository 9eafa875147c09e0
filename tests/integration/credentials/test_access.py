"""Explanations on a real warehouse, from the assertion to the grant; and who may ask about whom."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner
from psycopg import sql
from starlette.testclient import TestClient

from broker.cli.access import explain, who_can
from broker.cli.drift import drift
from broker.cli.plan import plan
from broker.cli.policy import check
from broker.cli.revoke import offboard
from broker.clock import utc_now
from broker.config.load import load
from broker.credentials.access import AccessService, Question
from broker.credentials.model import CredentialRequest
from broker.errors import AdministratorNeeded, PersonAmbiguous, PersonUnknown, UnknownWorkgroup, WorkgroupNeeded
from broker.http.app import create_app
from broker.login.model import ApprovedLogin
from broker.sts.model import Session
from broker.wiring import Broker, open_broker
from roles.chains import AccessTarget
from roles.errors import PrivilegeUnknown
from tests.integration.credentials.ground import WORKGROUP, Ground
from tests.integration.credentials.test_commands import configuration

pytestmark = pytest.mark.integration

REVENUE = "finance_schema.revenue"
SALES = "sales_schema.store_sales"


@pytest.fixture
def path(ground: Ground) -> Path:
    path = configuration(ground, ground.admin, ground.sales, ground.finance)
    text = path.read_text()
    text = text.replace(f'allow_database_roles = ["{ground.sales}", "{ground.finance}"]', "")
    text = text.replace('workgroups = ["*"]', 'workgroups = ["*"]\nallow_session_tags = true')
    text += """
        [access_roles.root]
        arn = "arn:aws:iam::123456789012:role/root"
        trusted_identity_providers = ["okta"]
        workgroups = ["*"]
        administrator = true
        [policy]
        file = "policy.toml"
    """
    path.write_text(text)
    (path.parent / "policy.toml").write_text(f"""
        [[rules]]
        name = "analysts"
        groups = ["*"]
        workgroups = ["analytics"]
        databases = ["*"]
        pass_through = ["{ground.sales}"]
        rename = {{ "AAD-Finance" = "{ground.finance}" }}
    """)
    return path


@contextmanager
def opened(path: Path) -> Iterator[tuple[Broker, AccessService]]:
    with open_broker(load(path, {})) as broker:
        assert broker.services.access
        yield broker, broker.services.access


def run(command: Any, path: Path, *arguments: str) -> tuple[int, Any]:
    shared = ["-w", WORKGROUP, "--config", str(path), "--format", "json"]
    done = CliRunner().invoke(command, [*arguments, *shared], standalone_mode=False)
    assert done.exception is None, done.exception
    return done.return_value, json.loads(done.stdout)


def sign_in(path: Path, who: Session) -> None:
    with opened(path) as (broker, _):
        credentials = broker.services.credentials
        broker.services.sessions.sessions.add(replace(who, access_key_id=who.session_id))
        credentials.issue(who, CredentialRequest(WORKGROUP, scram_iterations=1), "issue", utc_now())


def test_the_chain_of_a_yes(ground: Ground, path: Path) -> None:
    fiona = ground.person("fiona", "AAD-Finance")
    user = fiona.principal.database_user
    sign_in(path, fiona)
    code, found = run(explain, path, user, "select", REVENUE)
    assert (code, found["allowed"], found["missing"]) == (0, True, [])
    assert found["legs"] == [
        f"USAGE on schema finance_schema: {user} -> {ground.finance}, granted by postgres",
        f"SELECT on {REVENUE}: {user} -> {ground.finance}, granted by postgres",
    ]
    assert {"database_role": ground.finance, "rule": "analysts", "group": "AAD-Finance"} in found["ways"]
    assert found["outside"] == []


def test_where_the_chain_breaks_and_what_would_complete_it(ground: Ground, path: Path) -> None:
    ethan = ground.person("ethan", ground.sales)
    sign_in(path, ethan)
    code, found = run(explain, path, ethan.principal.subject, "SELECT", REVENUE)
    assert (code, found["allowed"]) == (1, False)
    assert found["missing"] == ["USAGE on schema finance_schema", f"SELECT on {REVENUE}"]
    assert found["completions"] == [{"database_role": ground.finance, "rule": "analysts", "group": "AAD-Finance"}]
    shown = CliRunner().invoke(
        explain, [ethan.principal.subject, "SELECT", REVENUE, "-w", WORKGROUP, "--config", str(path)]
    )
    assert f"Would do  database role {ground.finance}: rule analysts, for the group AAD-Finance" in " ".join(
        shown.stdout.replace("Would do      ", "Would do  ").split("\n")
    )


def test_a_short_name_and_the_only_workgroup_are_enough(ground: Ground, path: Path) -> None:
    ethan = ground.person("ethan", ground.sales)
    sign_in(path, ethan)
    short = f"ethan.{ground.mark}"

    def answered(command: Any, *arguments: str) -> Any:
        shown = CliRunner().invoke(command, [*arguments, "--config", str(path), "--format", "json"])
        return json.loads(shown.stdout)

    asked = answered(explain, short, "SELECT", REVENUE)
    assert (asked["database_user"], asked["allowed"]) == (ethan.principal.database_user, False)
    would = answered(explain, short, "SELECT", REVENUE, "--group", "AAD-Finance", "--access-role", "analyst")
    assert (would["database_user"], would["allowed"]) == (ethan.principal.database_user, True)
    assert ground.finance in {each["role"] for each in answered(who_can, "SELECT", REVENUE)}
    assert answered(drift)["differences"] == []
    told = ("--group", ground.sales, "--access-role", "analyst")
    for name in (ethan.principal.subject, short):
        planned = answered(plan, "--as", name, *told)
        assert (planned["workgroup"], planned["database_user"]) == (WORKGROUP, ethan.principal.database_user)


def test_a_plan_for_a_short_name_of_several_people_is_refused(ground: Ground, path: Path) -> None:
    for domain in ("example.com", "example.org"):
        who = ground.person("sam", ground.sales)
        principal = replace(who.principal, subject=f"sam@{domain}", database_user=f"sam{ground.mark}@{domain}")
        sign_in(path, replace(who, principal=principal))
    done = CliRunner().invoke(plan, ["--as", "sam", "--group", ground.sales, "--config", str(path)])
    assert isinstance(done.exception, PersonAmbiguous)


def test_who_was_offboarded_is_said_to_be(ground: Ground, path: Path) -> None:
    ethan, emma = ground.person("ethan", "AAD-Finance"), ground.person("emma", "AAD-Finance")
    sign_in(path, ethan)
    sign_in(path, emma)
    user = ethan.principal.database_user
    with psycopg.connect(ground.superuser, autocommit=True) as connection:
        owner = sql.SQL("ALTER TABLE finance_schema.revenue OWNER TO {}").format(sql.Identifier(user))
        connection.execute(owner)
        connection.execute(sql.SQL("GRANT USAGE ON SCHEMA finance_schema TO {}").format(sql.Identifier(user)))
    assert {user, emma.principal.database_user} <= {each["role"] for each in run(who_can, path, "SELECT", REVENUE)[1]}
    CliRunner().invoke(offboard, [user, "--config", str(path)], standalone_mode=False)
    _, found = run(explain, path, user, "SELECT", REVENUE)
    assert found["notes"][0].startswith("Offboarded at ")
    left = {each["role"] for each in run(who_can, path, "SELECT", REVENUE)[1]}
    assert emma.principal.database_user in left
    assert user not in left

    sign_in(path, ground.person("ethan", "AAD-Finance"))
    assert not run(explain, path, user, "SELECT", REVENUE)[1]["notes"]
    assert user in {each["role"] for each in run(who_can, path, "SELECT", REVENUE)[1]}


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        (explain, ["ethan", "SELECT", REVENUE]),
        (who_can, ["SELECT", REVENUE]),
        (plan, ["--as", "ethan"]),
        (drift, []),
    ],
)
def test_one_of_several_workgroups_must_be_named(path: Path, command: Any, arguments: list[str]) -> None:
    more = '[workgroups.lab]\nhost = "lab"\nport = 5432\nadmin_conninfo = "host=lab"\ndatabases = ["lab"]\n'
    path.write_text(path.read_text() + more)
    done = CliRunner().invoke(command, [*arguments, "--config", str(path)], standalone_mode=False)
    assert isinstance(done.exception, WorkgroupNeeded)
    assert done.exception.what == "The configuration has several workgroups: analytics, lab."


def test_nobody_known_is_said_and_a_role_of_the_warehouse_may_be_asked_about(ground: Ground, path: Path) -> None:
    sign_in(path, ground.person("ethan", ground.sales))
    nobody = ["nobody", "SELECT", REVENUE, "--config", str(path)]
    refused = CliRunner().invoke(explain, nobody, standalone_mode=False).exception
    assert isinstance(refused, PersonUnknown)
    assert refused.what == "The broker has not seen 'nobody', and the warehouse of analytics has no such role."
    assert "--tags" in refused.remedy
    code, found = run(explain, path, ground.finance, "SELECT", REVENUE)
    assert (code, found["allowed"], found["database_user"]) == (0, True, ground.finance)


def test_an_imagined_sign_in_is_explained_before_it_happens(ground: Ground, path: Path) -> None:
    who = ("nobody.yet@example.com", "SELECT", REVENUE, "--access-role", "analyst")
    code, found = run(explain, path, *who, "--group", "AAD-Finance", "--group", "hr")
    assert (code, found["allowed"]) == (0, True)
    assert found["ways"] == [{"database_role": ground.finance, "rule": "analysts", "group": "AAD-Finance"}]
    assert "Not given: 'hr': No rule of the policy gives it." in found["notes"]


def test_what_an_imagined_sign_in_would_take_away_is_not_counted(ground: Ground, path: Path) -> None:
    ethan = ground.person("ethan", ground.sales)
    sign_in(path, ethan)
    would = (ethan.principal.subject, "SELECT", SALES, "--access-role", "analyst", "--group")
    assert run(explain, path, *would, "AAD-Finance")[1]["allowed"] is False
    assert run(explain, path, *would, ground.sales)[1]["allowed"] is True


def test_a_role_that_the_policy_no_longer_gives_is_still_the_broker_s_grant(ground: Ground, path: Path) -> None:
    ethan = ground.person("ethan", ground.sales)
    sign_in(path, ethan)
    policy = path.parent / "policy.toml"
    policy.write_text(policy.read_text().replace(f'pass_through = ["{ground.sales}"]', ""))
    _, found = run(explain, path, ethan.principal.subject, "SELECT", SALES)
    assert (found["allowed"], found["ways"], found["outside"]) == (True, [], [])
    assert f"The broker granted {ground.sales}, and no rule of the policy gives it any more" in found["notes"][-1]


def test_everybody_who_can(ground: Ground, path: Path) -> None:
    fiona, ethan = ground.person("fiona", "AAD-Finance"), ground.person("ethan", ground.sales)
    for person in (fiona, ethan):
        sign_in(path, person)
    ground.command("GRANT {} TO {}", ground.finance, ethan.principal.database_user)
    code, found = run(who_can, path, "SELECT", REVENUE)
    by_role = {each["role"]: each for each in found}
    assert code == 0
    assert by_role[ground.finance]["subject"] == ""
    assert by_role[fiona.principal.database_user]["subject"] == fiona.principal.subject
    assert by_role[fiona.principal.database_user]["ways"][0]["rule"] == "analysts"
    assert by_role[ethan.principal.database_user]["outside"] == [ground.finance]
    assert not [role for role in by_role if role.startswith(ground.alias_prefix)]
    assert run(who_can, path, "SELECT", "finance_schema.gone") == (1, None)


def test_a_database_that_is_closed_to_public_is_named(ground: Ground, path: Path) -> None:
    fiona = ground.person("fiona", "AAD-Finance")
    sign_in(path, fiona)
    ground.command("REVOKE CONNECT ON DATABASE {} FROM PUBLIC", ground.database)
    ground.command("GRANT CONNECT ON DATABASE {} TO {}", ground.database, f"broker_admin_{ground.mark}")
    code, found = run(explain, path, fiona.principal.subject, "SELECT", REVENUE)
    assert code == 1
    assert found["missing"] == [f"CONNECT on database {ground.database} for PUBLIC"]


def test_only_administrators_ask_about_others(ground: Ground, path: Path) -> None:
    ethan, now = ground.person("ethan", ground.sales), utc_now()
    root = replace(ethan, principal=replace(ethan.principal, access_role="root"))
    question = Question(WORKGROUP, "", AccessTarget("sales_schema", "store_sales"))
    sign_in(path, ethan)
    with opened(path) as (_, access):
        assert access.answer(ethan, question, "", "1", now).allowed
        assert access.answer(ethan, question, ethan.principal.subject, "1", now).allowed
        with pytest.raises(AdministratorNeeded):
            access.answer(ethan, question, "fiona@example.com", "1", now)
        with pytest.raises(PersonUnknown):
            access.answer(root, question, "fiona@example.com", "1", now)
        with pytest.raises(UnknownWorkgroup):
            access.answer(ethan, replace(question, workgroup="nowhere"), "", "1", now)
        impossible = replace(question, target=AccessTarget("sales_schema", "store_sales", "FLY"))
        with pytest.raises(PrivilegeUnknown):
            access.answer(ethan, impossible, "", "1", now)


def test_the_answer_over_http_keeps_its_fields_and_adds_the_chain(ground: Ground, path: Path) -> None:
    ethan, now = ground.person("ethan", ground.sales), utc_now()
    body = {"workgroup": WORKGROUP, "schema": "finance_schema", "name": "revenue", "privilege": "SELECT"}
    sign_in(path, ethan)
    with opened(path) as (broker, _):

        def token(access_role: str) -> str:
            principal = replace(ethan.principal, access_role=access_role)
            approved = ApprovedLogin(principal, 3600, now + timedelta(hours=1))
            return broker.services.sessions.issue(approved, "test", "sign-in", now).session_token.reveal()

        with TestClient(
            create_app(broker.services, broker.config.server), base_url="https://broker.example.com"
        ) as http:

            def ask(access_role: str, **more: str) -> Any:
                headers = {"Authorization": f"Bearer {token(access_role)}"}
                return http.post("/v1/explain", json=body | more, headers=headers)

            own = ask("analyst").json()
            assert (own["exists"], own["allowed"], own["database_roles"]) == (True, False, [ground.finance])
            assert own["missing"] == ["USAGE on schema finance_schema", f"SELECT on {REVENUE}"]
            assert own["completions"][0]["group"] == "AAD-Finance"
            refused = ask("analyst", person="fiona@example.com")
            assert (refused.status_code, refused.json()["code"]) == (403, "administrator-needed")
            about_ethan = ask("root", person=ethan.principal.subject).json()
            assert about_ethan["database_user"] == ethan.principal.database_user
            by_login = ask("root", person=f"ethan.{ground.mark}").json()
            assert by_login["database_user"] == ethan.principal.database_user
            unknown = ask("root", person="fiona@example.com")
            assert (unknown.status_code, unknown.json()["code"]) == (404, "person-unknown")


def test_a_check_compares_the_policy_with_the_roles_that_are_there(ground: Ground, path: Path) -> None:
    def checked() -> tuple[int, dict[str, str]]:
        done = CliRunner().invoke(check, ["--config", str(path), "--format", "json"], standalone_mode=False)
        assert done.exception is None, done.exception
        return done.return_value, {each["check"]: each["what"] for each in json.loads(done.stdout)}

    assert checked()[0] == 0
    file = path.parent / "policy.toml"
    file.write_text(file.read_text() + f'add = ["gone", "pg_monitor", "broker_admin_{ground.mark}"]\n')
    code, found = checked()
    assert code == 1
    assert "'gone', which the warehouse of analytics does not have" in found["unknown-role"]
    assert f"broker_admin_{ground.mark}" in found["powerful-role"]
