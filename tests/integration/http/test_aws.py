"""A real AWS client at the AWS-compatible face, its credentials from `broker credentials` by `credential_process`."""

import os
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import botocore.session
import httpx
import pytest
import uvicorn
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import ClientError

from broker.clock import utc_now
from broker.config.model import ServerConfig
from broker.credentials.ports import Warehouse
from tests.integration.http.conftest import WAREHOUSE, application
from tests.integration.http.test_service_token import TEXT, TOKEN_ID, keep
from tests.simulators.sign_in import ANALYST, SignInWorld

ROOT = Path(__file__).parents[3]


class Running:
    """The application on a port of this machine, at this very moment."""

    def __init__(self, world: SignInWorld, warehouse: Warehouse) -> None:
        self.world = world
        world.clock.now = utc_now()
        app = application(world, {WAREHOUSE.name: warehouse}, ServerConfig(world.public_url))
        self._server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def __enter__(self) -> "Running":
        self._thread.start()
        waiting = threading.Event()
        while not self._server.started:
            waiting.wait(0.02)
        (socket,) = (each for server in self._server.servers for each in server.sockets)
        self.url = f"http://127.0.0.1:{socket.getsockname()[1]}"
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(20)


@pytest.fixture
def running(world: SignInWorld, warehouse: Warehouse) -> Iterator[Running]:
    services = replace(
        world,
        key_file=world.key_file.with_name("other"),
        access_roles=(replace(ANALYST, trusted_identity_providers=("okta", "service")),),
    )
    with Running(services, warehouse) as server:
        keep(services, created_at=utc_now(), expires_at=utc_now().replace(year=utc_now().year + 1))
        yield server


@pytest.fixture
def client(running: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BaseClient:
    """What docs/aws.md says to write, in the hands of botocore."""
    token = tmp_path / "token"
    token.touch(0o600)
    token.write_text(TEXT.reveal())
    program = tmp_path / "broker"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m broker "$@"\n')
    program.chmod(0o700)
    (tmp_path / "config").write_text(f"""
[profile warehouse]
region = eu-central-1
credential_process = {program} credentials --format aws-credential-process
services = broker

[services broker]
redshift_serverless =
  endpoint_url = {running.url}
""")
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("BROKER_URL", running.url)
    monkeypatch.setenv("BROKER_TOKEN_FILE", str(token))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    session = botocore.session.Session(profile="warehouse")
    return session.create_client("redshift-serverless", config=Config(retries={"total_max_attempts": 1}))


def refused(client: BaseClient, operation: str, **parameters: object) -> tuple[str, int, str]:
    """Error code, status, and our own code in the message."""
    with pytest.raises(ClientError) as error:
        getattr(client, operation)(**parameters)
    answer = error.value.response
    message = answer["Error"]["Message"]
    number = answer["ResponseMetadata"]["RequestId"]
    assert message.endswith(f", {number}]")
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"], message.split("[")[-1].split(",")[0]


def test_a_real_client_gets_a_login(client: BaseClient) -> None:
    place = client.get_workgroup(workgroupName="demo")["workgroup"]
    assert (place["endpoint"]["address"], place["endpoint"]["port"], place["status"]) == (
        "127.0.0.1",
        5432,
        "AVAILABLE",
    )
    login = client.get_credentials(workgroupName="demo", dbName="prod", durationSeconds=1800)
    assert login["dbUser"].startswith("bk_")
    assert len(login["dbPassword"]) > 20
    assert 1790 < (login["expiration"] - utc_now()).total_seconds() <= 1800


def test_one_session_serves_every_call(client: BaseClient, running: Running) -> None:
    for _ in range(2):
        client.get_workgroup(workgroupName="demo")
    assert len(running.world.store.sessions.of_person("service", "nightly", utc_now())) == 1


def test_what_can_not_be_met_is_refused_in_aws_words(client: BaseClient) -> None:
    unknown = ("ResourceNotFoundException", 404, "workgroup-unknown")
    assert refused(client, "get_credentials", workgroupName="other") == unknown
    assert refused(client, "get_workgroup", workgroupName="other") == unknown
    malformed = ("ValidationException", 400, "request-malformed")
    assert refused(client, "get_credentials") == malformed
    assert refused(client, "get_credentials", workgroupName="demo", durationSeconds=899) == malformed
    assert refused(client, "get_credentials", customDomainName="x") == malformed
    no_database = ("ValidationException", 400, "database-unknown")
    assert refused(client, "get_credentials", workgroupName="demo", dbName="secret") == no_database
    assert refused(client, "list_workgroups") == ("UnknownOperationException", 404, "operation-unknown")


def test_a_revoked_session_is_refused(client: BaseClient, running: Running) -> None:
    client.get_workgroup(workgroupName="demo")
    store = running.world.store
    (known,) = store.sessions.at_provider("service", TOKEN_ID, (), utc_now())
    store.sessions.revoke(known.session_id, running.world.clock(), "test")
    assert refused(client, "get_workgroup", workgroupName="demo")[0::2] == (
        "ExpiredTokenException",
        "session-revoked",
    )


def test_a_clock_that_is_wrong_is_named(client: BaseClient, running: Running) -> None:
    client.get_workgroup(workgroupName="demo")
    running.world.clock.advance(minutes=6)
    code, status, ours = refused(client, "get_credentials", workgroupName="demo")
    assert (code, status, ours) == ("InvalidSignatureException", 401, "signature-invalid")


def test_the_keys_of_another_session_are_refused(client: BaseClient) -> None:
    keys = client._request_signer._credentials
    frozen = keys.get_frozen_credentials()
    foreign = botocore.session.Session()
    foreign.set_credentials("WABA" + "A" * 16, frozen.secret_key, frozen.token)
    other = foreign.create_client("redshift-serverless", "eu-central-1", endpoint_url=client.meta.endpoint_url)
    assert refused(other, "get_workgroup", workgroupName="demo")[2] == "signature-invalid"
    foreign.set_credentials(frozen.access_key, frozen.secret_key, frozen.token[:-2])
    other = foreign.create_client("redshift-serverless", "eu-central-1", endpoint_url=client.meta.endpoint_url)
    assert refused(other, "get_workgroup", workgroupName="demo")[::2] == (
        "UnrecognizedClientException",
        "session-invalid",
    )


def test_a_mere_token_is_not_enough(running: Running) -> None:
    answer = httpx.post(running.url, content=b"{}", headers={"Authorization": "Bearer x"}, trust_env=False)
    assert (answer.status_code, answer.json()["__type"]) == (401, "IncompleteSignatureException")
    assert answer.headers["content-type"] == "application/x-amz-json-1.1"
    records = running.world.store.audit.by_request(answer.headers["x-amzn-requestid"])
    assert [(each.event, each.code) for each in records] == [("session.refused", "signature-incomplete")]
