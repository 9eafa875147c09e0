"""Several databases in one workgroup: each by itself for logins, policy and questions; roles are the server's."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from broker.clock import utc_now
from broker.config.load import load
from broker.credentials.access import Question
from broker.credentials.model import CredentialRequest, DatabaseCredentials
from broker.errors import BrokerError, UnknownDatabase
from broker.sts.model import Session
from broker.wiring import Broker, open_broker
from roles.chains import AccessTarget
from tests.conftest import PostgresServer
from tests.integration.credentials.ground import WORKGROUP, Ground
from tests.integration.credentials.test_commands import configuration

pytestmark = pytest.mark.integration

BUDGET = AccessTarget("finance_schema", "budget")
STORE_SALES = AccessTarget("sales_schema", "store_sales")


@pytest.fixture
def second(postgres: PostgresServer, ground: Ground) -> Iterator[str]:
    """A database with a table of finance's that the first one does not have."""
    name = postgres.create_database()
    with psycopg.connect(postgres.conninfo_for(dbname=name), autocommit=True) as connection:
        connection.execute(
            sql.SQL(
                "CREATE SCHEMA finance_schema; CREATE TABLE finance_schema.budget AS SELECT 7 AS amount;"
                "GRANT USAGE ON SCHEMA finance_schema TO {role}; GRANT SELECT ON finance_schema.budget TO {role}"
            ).format(role=sql.Identifier(ground.finance))
        )
    yield name
    postgres.drop_database(name)


@pytest.fixture
def broker(ground: Ground, second: str) -> Iterator[Broker]:
    path = configuration(ground, ground.admin, ground.sales, ground.finance)
    with open_broker(load(_with_policy(ground, path, second), {})) as opened:
        yield opened


def _with_policy(ground: Ground, path: Path, second: str) -> Path:
    both = json.dumps([ground.database, second])
    text = path.read_text().replace(f'databases = ["{ground.database}"]', f"databases = {both}")
    text = text.replace(f"allow_database_roles = {json.dumps([ground.sales, ground.finance])}", "")
    path.write_text(text + '\n[policy]\nfile = "policy.toml"\n')
    rule = '[[rules]]\nname = "{0}"\ngroups = ["{0}"]\nworkgroups = ["*"]\ndatabases = {1}\npass_through = ["{0}"]\n'
    rules = rule.format(ground.sales, json.dumps([ground.database])) + rule.format(ground.finance, '["*"]')
    (path.parent / "policy.toml").write_text(rules)
    return path


def issue(broker: Broker, who: Session, database: str) -> DatabaseCredentials:
    broker.services.sessions.sessions.add(replace(who, access_key_id=who.session_id))
    request = CredentialRequest(WORKGROUP, database, scram_iterations=1)
    return broker.services.credentials.issue(who, request, "request", utc_now())


@contextmanager
def logged_in(ground: Ground, got: DatabaseCredentials) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
    conninfo = psycopg.conninfo.make_conninfo(
        ground.superuser, dbname=got.database, user=got.user, password=got.password.reveal()
    )
    with psycopg.connect(conninfo, autocommit=True) as connection:
        yield connection


def allowed(broker: Broker, who: Session, database: str, target: AccessTarget) -> tuple[bool, bool]:
    """Whether the relation exists there, and whether the person may read it."""
    assert broker.services.access
    question = Question(WORKGROUP, database, target)
    chain = broker.services.access.explain(question, who.principal.subject, "request", utc_now())
    return chain.exists, chain.allowed


def closed(postgres: PostgresServer, database: str) -> None:
    with psycopg.connect(postgres.conninfo, autocommit=True) as connection:
        connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(database)))


def test_a_login_is_to_the_database_that_was_asked_for(ground: Ground, broker: Broker, second: str) -> None:
    fiona = ground.person("fiona", ground.finance)
    for database in (ground.database, second):
        got = issue(broker, ground.person("fiona", ground.finance), database)
        assert got.database == database
        with logged_in(ground, got) as connection:
            assert connection.execute("SELECT current_database(), current_user").fetchall() == [
                (database, fiona.principal.database_user)
            ]
    with logged_in(ground, issue(broker, ground.person("fiona", ground.finance), second)) as connection:
        assert connection.execute("SELECT amount FROM finance_schema.budget").fetchall() == [(7,)]


def test_a_database_that_no_rule_opens_is_neither_offered_nor_given(
    ground: Ground, broker: Broker, second: str
) -> None:
    sam, fiona = ground.person("sam", ground.sales), ground.person("fiona", ground.finance)
    credentials = broker.services.credentials
    assert [each.databases for each in credentials.offered(sam)] == [(ground.database,)]
    assert [each.databases for each in credentials.offered(fiona)] == [(ground.database, second)]
    with pytest.raises(UnknownDatabase):
        issue(broker, sam, second)
    assert ground.usable_aliases() == set()


def test_a_question_is_about_one_database(ground: Ground, broker: Broker, second: str) -> None:
    sam, fiona = ground.person("sam", ground.sales), ground.person("fiona", ground.finance)
    issue(broker, sam, ground.database)
    issue(broker, fiona, second)
    assert allowed(broker, fiona, second, BUDGET) == (True, True)
    assert allowed(broker, fiona, ground.database, BUDGET) == (False, False)
    assert allowed(broker, sam, second, BUDGET) == (True, False)
    assert allowed(broker, sam, ground.database, STORE_SALES) == (True, True)
    assert broker.drift.find(WORKGROUP, "drift", utc_now()) == ()


def test_a_database_that_lets_nobody_in_harms_no_other(
    ground: Ground, broker: Broker, second: str, postgres: PostgresServer
) -> None:
    sam, fiona = ground.person("sam", ground.sales), ground.person("fiona", ground.finance)
    issue(broker, fiona, second)
    closed(postgres, second)
    for _ in range(5):
        with pytest.raises(BrokerError):
            allowed(broker, fiona, second, BUDGET)
    with logged_in(ground, issue(broker, sam, ground.database)) as connection:
        assert connection.execute("SELECT amount FROM sales_schema.store_sales").fetchall() == [(1,)]
    assert allowed(broker, sam, ground.database, STORE_SALES) == (True, True)
    assert broker.drift.find(WORKGROUP, "drift", utc_now()) == ()
    report = broker.reaper.run_once(WORKGROUP, utc_now().replace(year=utc_now().year + 1))
    assert (report.ended, report.problems) == (2, ())
    assert ground.usable_aliases() == set()
