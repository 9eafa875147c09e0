"""A service token at the token endpoint, and what its session may do."""

from dataclasses import replace
from datetime import timedelta

import pytest
from httpx import Response
from starlette.testclient import TestClient

from broker.config.model import ServerConfig
from broker.credentials.ports import Warehouse
from broker.secrets import digest
from broker.sts.service_token import ServiceToken, new_service_token_text
from tests.integration.http.conftest import application
from tests.simulators.sign_in import ANALYST, NOW, SignInWorld

TOKEN_ID, TEXT = new_service_token_text()
FORM = {"grant_type": "client_credentials", "client_id": TOKEN_ID, "client_secret": TEXT.reveal()}


def keep(world: SignInWorld, **changes: object) -> None:
    fields: dict[str, object] = {
        "token_id": TOKEN_ID,
        "token_digest": digest(TEXT.reveal()),
        "subject": "nightly",
        "access_role": "analyst",
        "workgroups": ("demo",),
        "database_user": "nightly",
        "database_roles": ("sales",),
        "created_by": "root",
        "created_at": NOW,
        "expires_at": NOW + timedelta(days=30),
    }
    world.store.service_tokens.add(ServiceToken(**(fields | changes)))  # type: ignore[arg-type]


@pytest.fixture
def world(world: SignInWorld) -> SignInWorld:
    return replace(
        world,
        key_file=world.key_file.with_name("other"),
        access_roles=(replace(ANALYST, trusted_identity_providers=("okta", "service")),),
    )


def client_of(world: SignInWorld, warehouse: Warehouse | None = None, **limits: int) -> TestClient:
    app = application(
        world, {"demo": warehouse} if warehouse else None, replace(ServerConfig(world.public_url), **limits)
    )
    return TestClient(app, base_url=world.public_url)


def exchange(client: TestClient, **changes: str) -> Response:
    return client.post("/oauth/token", data=FORM | changes)


def test_a_service_gets_a_session_and_a_login(world: SignInWorld, warehouse: Warehouse) -> None:
    keep(world)
    client = client_of(world, warehouse)
    answer = exchange(client)
    assert (answer.status_code, answer.json()["subject"], answer.json()["expires_in"]) == (200, "nightly", 3600)
    bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    who = client.get("/v1/whoami", headers=bearer).json()
    assert (who["identity_provider"], who["workgroups"]) == (
        "service",
        [{"name": "demo", "databases": ["dev", "prod"]}],
    )
    login = client.post("/v1/credentials", json={"workgroup": "demo"}, headers=bearer)
    assert login.json()["database_roles"] == ["sales"]


def test_a_service_sees_no_workgroup_but_its_own(world: SignInWorld, warehouse: Warehouse) -> None:
    keep(world, workgroups=("another",))
    client = client_of(world, warehouse)
    bearer = {"Authorization": f"Bearer {exchange(client).json()['access_token']}"}
    assert client.get("/v1/whoami", headers=bearer).json()["workgroups"] == []
    refused = client.post("/v1/credentials", json={"workgroup": "demo"}, headers=bearer)
    assert (refused.status_code, refused.json()["code"]) == (404, "workgroup-unknown")


@pytest.mark.parametrize(
    ("changes", "status", "error", "code"),
    [
        ({"client_secret": TEXT.reveal()[:-1] + "?"}, 401, "invalid_client", "service-token-refused"),
        ({"client_id": "broker-cli"}, 401, "invalid_client", "service-token-refused"),
        ({"client_secret": ""}, 400, "invalid_request", "oauth-invalid-request"),
        ({"client_secret": "x" * 513}, 400, "invalid_request", "oauth-invalid-request"),
    ],
)
def test_one_lie_is_refused(world: SignInWorld, changes: dict[str, str], status: int, error: str, code: str) -> None:
    keep(world)
    refused = exchange(client_of(world), **changes)
    assert (refused.status_code, refused.json()["error"], refused.json()["code"]) == (status, error, code)
    (record,) = world.store.audit.by_request(refused.headers["x-request-id"])
    assert (record.event, record.code) == ("session.refused", code)
    assert TEXT.reveal()[:-1] not in refused.text + str(record)


def test_an_access_role_that_trusts_no_services_lets_none_in(world: SignInWorld) -> None:
    keep(world, access_role="administrator")
    refused = exchange(client_of(world))
    assert (refused.status_code, refused.json()["error"]) == (403, "unauthorized_client")
    assert refused.json()["code"] == "access-role-refused"


def test_a_service_begins_only_so_many_sessions(world: SignInWorld) -> None:
    keep(world)
    client = client_of(world, sessions_per_minute=8)
    assert [exchange(client).status_code for _ in range(3)] == [200, 200, 429]


def test_the_metadata_name_the_grant(world: SignInWorld) -> None:
    document = client_of(world).get("/.well-known/oauth-authorization-server").json()
    assert "client_credentials" in document["grant_types_supported"]
    assert "client_secret_post" in document["token_endpoint_auth_methods_supported"]
