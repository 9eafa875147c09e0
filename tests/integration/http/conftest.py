"""The real application over a store in memory, driven as a browser and as a client would drive it."""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from httpx import Response
from starlette.applications import Starlette
from starlette.testclient import TestClient

from broker.config.model import ServerConfig, WorkgroupConfig
from broker.credentials.ports import Warehouse
from broker.credentials.service import CredentialService
from broker.http.app import Services, create_app
from broker.secrets import Secret
from broker.sts.model import DEFAULT_SESSION
from broker.sts.service_token import ServiceTokenGrant
from tests.simulators.identity_provider import read_request
from tests.simulators.sign_in import ETHAN, SignInWorld
from tests.unit.broker.credentials.double import WarehouseDouble

VERIFIER = "v" * 43
CALLBACK = "http://127.0.0.1:50000/callback"
WAREHOUSE = WorkgroupConfig("demo", "127.0.0.1", 5432, Secret("user=admin"), ("dev", "prod"), ("sales", "finance"))


@dataclass
class Browser:
    """A browser at the broker, and the person who signs in at the simulated provider."""

    world: SignInWorld
    http: TestClient = field(repr=False)

    def authorize(self, **changes: str) -> Response:
        challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
        parameters = {
            "response_type": "code",
            "client_id": "broker-cli",
            "redirect_uri": CALLBACK,
            "state": "xyz",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "identity_provider": "okta",
        } | changes
        given = {name: value for name, value in parameters.items() if value}
        return self.http.get("/oauth/authorize?" + urlencode(given))

    def answer(self, redirect_url: str, name: str = "okta", **facts: Any) -> dict[str, str]:
        """The form that the provider's page would post."""
        request = read_request(redirect_url)
        facts.setdefault("attributes", ETHAN)
        value = self.world.simulated(name).respond(
            request.request_id, request.acs_url, request.issuer, self.world.clock(), **facts
        )
        return {"SAMLResponse": value, "RelayState": request.relay_state}

    def unasked(self, name: str) -> dict[str, str]:
        value = self.world.simulated(name).respond(
            None, self.world.acs_url(name), self.world.entity_id(name), self.world.clock(), attributes=ETHAN
        )
        return {"SAMLResponse": value, "RelayState": ""}

    def post(self, form: dict[str, str], name: str = "okta") -> Response:
        return self.http.post(f"/saml/{name}/acs", data=form)

    def sign_in(self, **facts: Any) -> Response:
        return self.post(self.answer(self.authorize().headers["location"], **facts))

    def redeem(self, code: str, /, **changes: str) -> Response:
        form = {
            "grant_type": "authorization_code",
            "client_id": "broker-cli",
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
        }
        return self.http.post("/oauth/token", data=form | changes)

    def token(self) -> str:
        answer: str = self.redeem(query(self.sign_in())["code"]).json()["access_token"]
        return answer


def query(response: Response) -> dict[str, str]:
    """The parameters that a redirect hands to the loopback client."""
    assert response.status_code == 303, response.text
    location = response.headers["location"]
    assert location.startswith(CALLBACK + "?")
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


@pytest.fixture
def world(tmp_path: Path) -> SignInWorld:
    return SignInWorld(tmp_path / "keys")


@pytest.fixture
def warehouse() -> WarehouseDouble:
    return WarehouseDouble(known_roles=frozenset({"sales"}))


def application(
    world: SignInWorld, warehouses: Mapping[str, Warehouse] | None = None, server: ServerConfig | None = None
) -> Starlette:
    """The real application over the world's services; without a warehouse nobody may come as far as one."""
    services = Services(
        login=world.login,
        codes=world.codes,
        devices=world.devices,
        sessions=world.sessions,
        credentials=CredentialService(
            workgroups=(WAREHOUSE,),
            access_roles=world.access_roles,
            warehouses=warehouses or {},
            leases=world.store.leases,
            audit=world.store.audit,
            root_certificates={},
            is_live=world.store.sessions.is_live,
        ),
        audit=world.store.audit,
        ping=world.store.ping,
        service_tokens=ServiceTokenGrant(
            tokens=world.store.service_tokens,
            sessions=world.sessions,
            access_roles={role.name: role for role in world.access_roles},
            session_length=DEFAULT_SESSION,
            audit=world.store.audit,
        ),
    )
    return create_app(services, server or ServerConfig(world.public_url), world.clock)


@pytest.fixture
def app_client(world: SignInWorld, warehouse: WarehouseDouble) -> Iterator[TestClient]:
    with TestClient(
        application(world, {WAREHOUSE.name: warehouse}), base_url=world.public_url, follow_redirects=False
    ) as client:
        yield client


@pytest.fixture
def browser(world: SignInWorld, app_client: TestClient) -> Browser:
    return Browser(world, app_client)
