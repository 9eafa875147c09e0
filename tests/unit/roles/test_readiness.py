"""Findings name their remedy, with the exact SQL where SQL is the remedy."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from roles.inspect import ServerFacts
from roles.policy import RolePolicy
from roles.readiness import (
    Severity,
    check_clock,
    check_databases,
    check_encryption,
    check_mapped_roles,
    check_rights,
    check_server,
)
from roles.setup_sql import setup_sql

NOW = datetime(2026, 1, 1, tzinfo=UTC)
READY = ServerFacts(
    version=170004,
    admin="admin",
    superuser=False,
    createrole=True,
    may_signal=True,
    may_read_stats=True,
    standby=False,
    server_tls=True,
    now=NOW,
)


def problems(findings):
    return {finding.check: finding.remedy for finding in findings if finding.severity is Severity.PROBLEM}


def warnings(findings):
    return {finding.check: finding.remedy for finding in findings if finding.severity is Severity.WARNING}


@pytest.mark.parametrize(
    ("version", "severity"),
    [
        (130011, Severity.PROBLEM),
        (140000, Severity.OK),
        (150018, Severity.OK),
        (180001, Severity.OK),
        (190000, Severity.WARNING),
    ],
)
def test_versions(version, severity):
    (finding,) = check_server(replace(READY, version=version))
    assert finding.severity is severity


def test_a_standby_takes_no_changes():
    assert "primary" in problems(check_server(replace(READY, standby=True)))


def test_a_ready_admin_has_no_problem():
    findings = list(check_rights(READY, []))
    assert problems(findings) == warnings(findings) == {}


def test_a_superuser_needs_nothing_more():
    bare = replace(READY, superuser=True, createrole=False, may_signal=False, may_read_stats=False, version=150000)
    findings = list(check_rights(bare, ["sales"]))
    assert problems(findings) == warnings(findings) == {}


@pytest.mark.parametrize(
    ("lacking", "check", "remedy"),
    [
        ({"createrole": False}, "admin-rights", 'ALTER ROLE "admin" CREATEROLE;'),
        ({"may_signal": False}, "end-sessions", 'GRANT pg_signal_backend TO "admin";'),
    ],
)
def test_a_missing_right_comes_with_its_sql(lacking, check, remedy):
    assert problems(check_rights(replace(READY, **lacking), [])) == {check: remedy}


def test_unseen_session_starts_are_a_warning():
    findings = check_rights(replace(READY, may_read_stats=False), [])
    assert warnings(findings) == {"session-starts": 'GRANT pg_read_all_stats TO "admin";'}


def test_each_role_without_admin_option_comes_with_its_sql():
    remedy = 'GRANT "sales" TO "admin" WITH ADMIN TRUE, INHERIT FALSE, SET FALSE;'
    assert problems(check_rights(READY, ["sales"])) == {"admin-option": remedy}


def test_before_16_createrole_grants_everything_and_that_is_a_warning():
    findings = list(check_rights(replace(READY, version=150018), ["sales"]))
    assert problems(findings) == {}
    assert "createrole-escalation" in warnings(findings)


def test_a_policy_that_leads_nowhere():
    assert "database-roles" in problems(check_mapped_roles(RolePolicy(("x*",)), []))
    assert warnings(check_mapped_roles(RolePolicy(("sales", "f*")), ["finance"])) == {
        "database-roles": 'CREATE ROLE "sales";'
    }


def test_databases():
    findings = list(check_databases(["a", "b", "c"], {"a": True, "b": False}))
    assert [finding.severity for finding in findings] == [Severity.OK, Severity.PROBLEM, Severity.PROBLEM]
    assert findings[1].remedy == 'GRANT CONNECT ON DATABASE "b" TO PUBLIC;'


@pytest.mark.parametrize(
    ("host", "sslmode", "tls", "severity"),
    [
        ("db.example.com", "verify-full", True, Severity.OK),
        ("db.example.com", "require", True, Severity.WARNING),
        ("db.example.com", "disable", False, Severity.WARNING),
        ("db.example.com", "verify-full", False, Severity.PROBLEM),
        ("127.0.0.1", "prefer", False, Severity.OK),
        ("/run/postgresql", "verify-full", False, Severity.OK),
    ],
)
def test_encryption(host, sslmode, tls, severity):
    assert check_encryption(replace(READY, server_tls=tls), host, sslmode).severity is severity


@pytest.mark.parametrize(
    ("seconds", "severity"), [(1, Severity.OK), (-1, Severity.OK), (-7, Severity.WARNING), (61, Severity.PROBLEM)]
)
def test_clocks(seconds, severity):
    assert check_clock(NOW + timedelta(seconds=seconds), NOW).severity is severity


def test_the_setup_grants_without_giving():
    text = setup_sql('broker"s', ["sales", "finance", "sales"], 170004)
    assert 'CREATE ROLE "broker""s" LOGIN CREATEROLE;' in text
    assert text.count("WITH ADMIN TRUE, INHERIT FALSE, SET FALSE;") == 2
    assert "PASSWORD '" not in text


def test_the_setup_before_16_warns():
    text = setup_sql("broker", ["sales"], 150018)
    assert "WITH ADMIN" not in text
    assert "pg_execute_server_program" in text
