"""`broker service-token` and what its tokens open, on a real warehouse."""

import json
import os
import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result

from broker.audit import AuditEvent, AuditQuery
from broker.cli.revoke import offboard
from broker.cli.service_token import service_token
from broker.client.service_token import read_service_token
from broker.client.settings import ClientSettings
from broker.clock import utc_now
from broker.config.load import load
from broker.credentials.model import CredentialRequest
from broker.errors import AccessRoleRefused, PersonUnknown, SessionRevoked
from broker.secrets import Secret
from broker.sts.errors import ServiceTokenInvalid, ServiceTokenRefused, ServiceTokenUnknown
from broker.sts.model import SessionCredentials
from broker.wiring import Broker, open_broker
from tests.integration.credentials.ground import WORKGROUP, Ground, is_alive
from tests.integration.credentials.test_commands import configuration

pytestmark = pytest.mark.integration


@pytest.fixture
def path(ground: Ground) -> Path:
    path = configuration(ground, ground.admin, ground.sales)
    text = path.read_text()
    path.write_text(text.replace('trusted_identity_providers = ["okta"]', 'trusted_identity_providers = ["service"]'))
    return path


@pytest.fixture
def running(path: Path) -> Iterator[Broker]:
    with open_broker(load(path, os.environ)) as broker:
        yield broker


def call(path: Path, command: str, *arguments: str) -> Result:
    return CliRunner().invoke(service_token, [command, "--config", str(path), *arguments], standalone_mode=False)


def create(ground: Ground, path: Path, *arguments: str) -> Result:
    name = f"nightly{ground.mark}"
    wanted = ["--access-role", "analyst", "-w", WORKGROUP, "--database-role", ground.sales]
    return call(path, "create", name, *wanted, "--database-role", ground.finance, *arguments)


def session_of(running: Broker, path: Path, text: str) -> SessionCredentials:
    settings = ClientSettings("https://broker", path.parent, token=Secret(text))
    grant = running.services.service_tokens
    assert grant
    token = grant.authenticate(*read_service_token(settings), utc_now())
    return grant.issue(token, "request", utc_now())


def test_a_service_works_until_its_token_is_revoked(ground: Ground, path: Path, running: Broker) -> None:
    made = create(ground, path, "--expires", "30d")
    assert f"The policy gives it at {WORKGROUP}: {ground.sales}." in made.stderr
    assert f"not {ground.finance}: No rule of the policy gives it." in made.stderr
    credentials = session_of(running, path, made.stdout)
    services = running.services
    request = CredentialRequest(WORKGROUP, duration=timedelta(minutes=15), scram_iterations=1)
    session = services.sessions.open(credentials.session_token, utc_now())
    login = services.credentials.issue(session, request, "request", utc_now())
    with ground.log_in(login) as connection:
        assert connection.execute("SELECT amount FROM sales_schema.store_sales").fetchall() == [(1,)]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT * FROM finance_schema.revenue")
        assert connection.execute("SELECT current_user").fetchall() == [(f"nightly{ground.mark}",)]

        (listed,) = json.loads(call(path, "list", "--format", "json").stdout)
        assert (listed["state"], listed["last_used_at"] is not None) == ("good", True)
        ended = call(path, "revoke", listed["token_id"])
        assert (ended.return_value, "1 sessions, 1 leases" in ended.stdout) == (0, True)
        assert not is_alive(connection)
    assert ground.usable_aliases() == set()
    with pytest.raises(SessionRevoked):
        services.sessions.open(credentials.session_token, utc_now())
    with pytest.raises(ServiceTokenRefused, match="revoked"):
        session_of(running, path, made.stdout)


def test_who_is_offboarded_has_no_token_any_more(ground: Ground, path: Path, running: Broker) -> None:
    made, other = create(ground, path, "--expires", "30d"), create(ground, path, "--expires", "30d")
    credentials = session_of(running, path, made.stdout)
    session = running.services.sessions.open(credentials.session_token, utc_now())
    request = CredentialRequest(WORKGROUP, duration=timedelta(minutes=15), scram_iterations=1)
    login = running.services.credentials.issue(session, request, "request", utc_now())
    with ground.log_in(login) as connection:
        done = leave(path, f"nightly{ground.mark}")
        assert not is_alive(connection)
    said = json.loads(done.stdout)
    assert (done.return_value, len(said["service_tokens"])) == (0, 2)
    assert [user["dropped"] for user in said["database_users"]] == [True]
    for text in (made.stdout, other.stdout):
        with pytest.raises(ServiceTokenRefused, match="revoked"):
            session_of(running, path, text)
    records = running.services.audit.find(AuditQuery(user=f"nightly{ground.mark}"))  # type: ignore[attr-defined]
    ended = [record for record in records if record.event is AuditEvent.SERVICE_TOKEN_REVOKED]
    assert len({record.detail["token"] for record in ended}) == 2
    assert json.loads(leave(path, f"nightly{ground.mark}").stdout)["service_tokens"] == []


def test_a_service_that_never_used_its_token_can_be_offboarded(ground: Ground, path: Path, running: Broker) -> None:
    made = create(ground, path, "--expires", "30d")
    done = leave(path, f"nightly{ground.mark}")
    assert (done.return_value, len(json.loads(done.stdout)["service_tokens"])) == (0, 1)
    with pytest.raises(ServiceTokenRefused, match="revoked"):
        session_of(running, path, made.stdout)
    assert isinstance(leave(path, f"nightly{ground.mark}").exception, PersonUnknown)


def leave(path: Path, name: str) -> Result:
    return CliRunner().invoke(offboard, [name, "--config", str(path), "--format", "json"], standalone_mode=False)


def test_the_text_is_shown_once_and_the_store_has_a_digest(ground: Ground, path: Path) -> None:
    text = create(ground, path).stdout.strip()
    store = b"".join(each.read_bytes() for each in ground.folder.glob("broker.db*"))
    assert text.split("_")[1].encode() in store
    assert text.encode() not in store
    assert text.split("_", 2)[2].encode() not in store
    assert text.split("_", 2)[2] not in call(path, "list").stdout + call(path, "list", "--format", "json").stdout


def test_a_token_goes_into_a_file_of_its_own(ground: Ground, path: Path) -> None:
    file = ground.folder / "token"
    made = create(ground, path, "--output", str(file))
    assert (made.stdout, stat.S_IMODE(file.stat().st_mode)) == ("", 0o600)
    assert read_service_token(ClientSettings("https://broker", path.parent, token_file=file))
    again = create(ground, path, "--output", str(file))
    assert "File exists" in str(again.exception)
    assert len(json.loads(call(path, "list", "--format", "json").stdout)) == 1


@pytest.mark.parametrize(
    ("arguments", "refusal", "says"),
    [
        (("--expires", "91d"), ServiceTokenInvalid, "at most 90 days"),
        (("--expires", "0d"), ServiceTokenInvalid, "at most 90 days"),
        (("--access-role", "root"), AccessRoleRefused, "no access role root"),
        (("-w", "elsewhere"), ServiceTokenInvalid, "opens no workgroup 'elsewhere'"),
        (("--database-role", "a:b"), ServiceTokenInvalid, "colon"),
        (("--database-user", "pg_monitor"), ServiceTokenInvalid, "reserved"),
    ],
)
def test_what_does_not_fit_is_refused(
    ground: Ground, path: Path, arguments: tuple[str, ...], refusal: type[Exception], says: str
) -> None:
    file = ground.folder / "token"
    refused = create(ground, path, *arguments, "--output", str(file))
    assert isinstance(refused.exception, refusal)
    assert says in str(refused.exception)
    assert not file.exists()
    assert call(path, "list").stdout == "There is no service token.\n"


def test_an_access_role_must_trust_services(ground: Ground, path: Path) -> None:
    path.write_text(path.read_text().replace('["service"]', '["okta"]'))
    refused = create(ground, path).exception
    assert isinstance(refused, AccessRoleRefused)
    assert 'Add "service"' in refused.remedy


def test_a_token_is_renewed_beside_the_old_one_with_the_same_rights_only(ground: Ground, path: Path) -> None:
    assert create(ground, path).exception is None
    assert create(ground, path).exception is None
    refused = create(ground, path, "--database-role", "more").exception
    assert isinstance(refused, ServiceTokenInvalid)
    ended = call(path, "revoke", f"nightly{ground.mark}")
    assert ended.return_value == 0
    assert [each["state"] for each in json.loads(call(path, "list", "--format", "json").stdout)] == ["revoked"] * 2
    assert create(ground, path, "--database-role", "more").exception is None
    assert isinstance(call(path, "revoke", "nobody").exception, ServiceTokenUnknown)
