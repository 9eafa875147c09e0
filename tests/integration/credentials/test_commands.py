"""`broker doctor` and `broker warehouse setup-sql` on a real warehouse."""

import json
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from broker.cli.doctor import doctor
from broker.cli.warehouse import warehouse
from broker.errors import UnknownWorkgroup
from broker.sts.keys import KeyRing
from tests.integration.credentials.ground import Ground
from tests.simulators.identity_provider import SimulatedIdentityProvider

pytestmark = pytest.mark.integration


def configuration(ground: Ground, admin: str, *allow: str) -> Path:
    """A broker.toml beside everything that it names."""
    server = conninfo_to_dict(ground.superuser)
    KeyRing.create(ground.folder / "keys.json")
    provider = SimulatedIdentityProvider("https://idp.example.com", "https://idp.invalid/sso")
    (ground.folder / "okta.xml").write_bytes(provider.metadata())
    root = f'ssl_root_certificate = "{server["sslrootcert"]}"' if "sslrootcert" in server else ""
    path = ground.folder / "broker.toml"
    path.write_text(f"""
        [server]
        public_url = "https://broker.example.com"
        [store]
        url = "sqlite:///broker.db"
        [keys]
        file = "keys.json"
        [identity_providers.okta]
        metadata_file = "okta.xml"
        [access_roles.analyst]
        arn = "arn:aws:iam::123456789012:role/analyst"
        trusted_identity_providers = ["okta"]
        workgroups = ["*"]
        [workgroups.analytics]
        host = "{server["host"]}"
        port = {server.get("port", 5432)}
        admin_conninfo = {json.dumps(admin)}
        databases = ["{ground.database}"]
        allow_database_roles = {json.dumps(allow)}
        alias_prefix = "{ground.alias_prefix}"
        sslmode = "{server.get("sslmode", "prefer")}"
        {root}
    """)
    return path


def examined(path: Path) -> tuple[int, dict[tuple[str, str], str]]:
    """The exit code, and every finding's severity by subject and check."""
    done = CliRunner().invoke(doctor, ["--config", str(path), "--format", "json"], standalone_mode=False)
    assert done.exception is None, done.output
    return done.return_value, {(each["subject"], each["check"]): each["severity"] for each in json.loads(done.stdout)}


def test_the_doctor_finds_a_warehouse_that_is_ready(ground: Ground) -> None:
    code, found = examined(configuration(ground, ground.admin, ground.sales, ground.finance))
    assert found["warehouse analytics", "alias-canary"] == "ok"
    assert found["broker", "configuration"] == "ok"
    assert "problem" not in found.values()
    assert code == 0


def test_the_doctor_finds_a_warehouse_that_does_not_answer(ground: Ground) -> None:
    dead = make_conninfo(ground.admin, port=1)
    code, found = examined(configuration(ground, dead, ground.sales))
    assert found["warehouse analytics", "readiness"] == "problem"
    assert code == 1


def test_the_doctor_says_why_a_login_is_not_let_in(ground: Ground) -> None:
    path = configuration(
        ground, make_conninfo(ground.admin, user="nobody_there", password="wrong-secret"), ground.sales
    )
    done = CliRunner().invoke(doctor, ["--config", str(path)])
    assert "nobody_there" in done.stdout
    assert "admin_conninfo" in done.stdout
    assert "wrong-secret" not in done.output


def test_the_setup_sql_is_what_the_server_needs(ground: Ground) -> None:
    path = configuration(ground, ground.superuser, f"sales_{ground.mark}*")
    role = f"broker_admin_{ground.mark}_2"
    done = CliRunner().invoke(warehouse, ["setup-sql", "analytics", "--config", str(path), "--admin-role", role])
    assert done.exit_code == 0
    with psycopg.connect(ground.superuser, autocommit=True) as superuser:
        superuser.execute(done.stdout)  # type: ignore[call-overload]
    ((createrole, is_superuser),) = ground.catalogue(
        "SELECT rolcreaterole, rolsuper FROM pg_roles WHERE rolname = %s", role
    )
    assert (createrole, is_superuser) == (True, False)


def test_before_the_login_is_there_the_setup_sql_comes_from_the_configuration(ground: Ground) -> None:
    path = configuration(ground, make_conninfo(ground.admin, port=1), "sales", "finance_*")
    done = CliRunner().invoke(warehouse, ["setup-sql", "analytics", "--config", str(path)])
    assert done.exit_code == 0
    assert 'CREATE ROLE "warehouse_broker" LOGIN CREATEROLE;' in done.stdout
    assert 'GRANT "sales" TO "warehouse_broker"' in done.stdout
    assert "finance_*" in done.stderr
    assert "finance" not in done.stdout
    assert "--postgres-version 15" in done.stderr


def test_before_the_login_is_there_an_older_server_gets_what_it_understands(ground: Ground) -> None:
    path = configuration(ground, make_conninfo(ground.admin, port=1), "sales")
    done = CliRunner().invoke(warehouse, ["setup-sql", "analytics", "--config", str(path), "--postgres-version", "15"])
    assert "WITH ADMIN TRUE" not in done.stdout
    assert "guard this login" in done.stdout


def test_a_workgroup_that_is_not_configured_is_refused_with_those_that_are(ground: Ground) -> None:
    path = configuration(ground, ground.admin, "sales")
    done = CliRunner().invoke(warehouse, ["setup-sql", "nowhere", "--config", str(path)])
    assert isinstance(done.exception, UnknownWorkgroup)
    assert "analytics" in done.exception.remedy
