"""What `broker doctor` finds on a stand-in for Redshift, one fault at a time."""

from dataclasses import replace
from datetime import UTC, datetime

import psycopg
import pytest

from broker.config.model import SHA256
from broker.redshift_desk import Means, RedshiftDesk
from roles.dialect.redshift import RedshiftDialect
from roles.readiness import Finding, Severity
from roles.redshift import readiness
from tests.simulators.redshift import RedshiftStandIn, error
from tests.simulators.redshift_broker import CLOUD, START

ALL = [
    "version",
    "admin-rights",
    "clock",
    "tls",
    "system-views",
    "database-roles",
    "database",
    "valid-until",
    "login-canary",
    "session-canary",
    "disable-canary",
]


class Client:
    """A client's connection to the stand-in, as far as the canary uses it."""

    def __init__(self, server: RedshiftStandIn, conninfo: str) -> None:
        told = psycopg.conninfo.conninfo_to_dict(conninfo)
        assert told["client_encoding"] == "utf8"
        self.name = str(told["user"])
        try:
            self.process = server.log_in(self.name, str(told["password"]))
        except PermissionError:
            raise psycopg.OperationalError("password authentication failed") from None
        self.server = server

    def execute(self, _statement: str) -> "Client":
        return self

    def fetchone(self) -> tuple[str]:
        return (self.name,)

    def close(self) -> None:
        self.server.sessions.pop(self.process, None)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> RedshiftStandIn:
    server = RedshiftStandIn(lambda: START)
    monkeypatch.setattr(readiness.psycopg, "connect", lambda conninfo, **_how: Client(server, conninfo))
    return server


def found(server: RedshiftStandIn, **changes) -> dict[str, Finding]:
    config = replace(CLOUD, **{"allow_database_roles": ("sales",)} | changes)
    desk = RedshiftDesk(Means(config, clock=lambda: START, pause=lambda _seconds: None, pool=server))
    return {each.check: each for each in desk.readiness()}


def problems(findings: dict[str, Finding]) -> list[str]:
    return [name for name, each in findings.items() if each.severity is Severity.PROBLEM]


def test_a_good_one_is_good(server: RedshiftStandIn) -> None:
    findings = found(server)
    assert list(findings) == ALL
    assert {each.severity for each in findings.values()} == {Severity.OK}
    assert findings["version"].what == "1.0.99999"
    assert set(server.catalogue.users) == {"warehouse_broker"}  # nothing of the canary is left
    assert server.sessions == {}


def test_a_login_that_is_no_superuser(server: RedshiftStandIn) -> None:
    server.catalogue.users["warehouse_broker"].superuser = False
    findings = found(server)
    assert problems(findings) == ["admin-rights"]
    assert findings["admin-rights"].remedy == 'ALTER USER "warehouse_broker" CREATEUSER;'
    assert "login-canary" not in findings


def test_a_view_that_is_not_as_documented(server: RedshiftStandIn) -> None:
    def refuse(statement: str) -> None:
        if "svv_user_grants" in statement:
            raise error("42703")

    server.before = refuse
    findings = found(server)
    assert problems(findings) == ["system-views"]
    assert "all_memberships (SQLSTATE 42703)" in findings["system-views"].what


def test_sessions_that_the_view_does_not_show(server: RedshiftStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.simulators.redshift.StandInConnection._ask_sessions", lambda *_a, **_k: [])
    assert problems(found(server)) == ["session-canary"]


def test_a_disabled_user_that_still_gets_in(server: RedshiftStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.simulators.redshift.StandInConnection._disable", lambda *_a: None)
    assert problems(found(server)) == ["disable-canary"]
    assert set(server.catalogue.users) == {"warehouse_broker"}


def test_an_end_that_is_not_kept(server: RedshiftStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    create = RedshiftDialect.statements
    late = START.replace(year=2027)

    def other(dialect: RedshiftDialect, change):
        return create(dialect, replace(change, password=replace(change.password, valid_until=late)))

    monkeypatch.setattr(RedshiftDialect, "statements", other)
    assert problems(found(server)) == ["valid-until"]


def test_sha256_is_not_tried_with_libpq(server: RedshiftStandIn) -> None:
    findings = found(server, redshift_hash=SHA256)
    assert findings["login-canary"].severity is Severity.WARNING
    assert "libpq" in findings["login-canary"].what
    assert problems(findings) == []


def test_a_password_that_is_refused(server: RedshiftStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.simulators.redshift._fits", lambda *_a: False)
    findings = found(server)
    assert problems(findings) == ["login-canary"]
    assert set(server.catalogue.users) == {"warehouse_broker"}


def test_what_a_crash_left_of_an_earlier_canary_goes(server: RedshiftStandIn) -> None:
    with server.connection() as connection:
        connection.execute(
            RedshiftDialect().statements(readiness.CreateStableUser("broker_canary_0123"))[0]  # type: ignore[arg-type]
        )
    found(server)
    assert set(server.catalogue.users) == {"warehouse_broker"}


@pytest.mark.parametrize(
    ("changes", "check", "severity"),
    [
        ({"sslmode": "require"}, "tls", Severity.WARNING),
        ({"databases": ("dev", "gone")}, "database", Severity.PROBLEM),
        ({"allow_database_roles": ("none_*",)}, "database-roles", Severity.PROBLEM),
    ],
)
def test_a_configuration_that_does_not_fit(server: RedshiftStandIn, changes, check, severity) -> None:
    assert found(server, **changes)[check].severity is severity


def test_a_postgresql_is_no_redshift() -> None:
    facts = readiness.ServerFacts(
        "PostgreSQL 17.1 on x86_64", "a", superuser=True, now=datetime(2026, 1, 1, tzinfo=UTC)
    )
    assert next(iter(readiness.check_server(facts))).severity is Severity.PROBLEM


def test_the_policys_check_learns_which_roles_are_too_powerful(server: RedshiftStandIn) -> None:
    server.catalogue.role_grants.add(("finance", "sys:superuser"))
    objections = RedshiftDesk(Means(CLOUD, clock=lambda: START, pool=server)).role_objections()
    assert objections["sales"] is None
    assert "sys:superuser" in (objections["finance"] or "")
    assert "system-defined" in (objections["sys:superuser"] or "") or "CREATE USER" in (
        objections["sys:superuser"] or ""
    )
