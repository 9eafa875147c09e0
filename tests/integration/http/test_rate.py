"""Too many requests from one address, or sessions of one person: refused by each face in its own words."""

from dataclasses import replace

from starlette.testclient import TestClient

from broker.config.model import ServerConfig
from tests.integration.http.conftest import Browser, application, query
from tests.simulators.sign_in import SignInWorld


def browsers(world: SignInWorld, *addresses: str, **limits: int | tuple[str, ...]) -> list[Browser]:
    app = application(world, server=replace(ServerConfig(world.public_url), **limits))
    return [
        Browser(world, TestClient(app, base_url=world.public_url, follow_redirects=False, client=(address, 50_000)))
        for address in addresses
    ]


def test_one_address_is_held_and_another_is_not(world: SignInWorld) -> None:
    loud, quiet = browsers(world, "192.0.2.1", "192.0.2.2", requests_per_minute=40)
    answers = [loud.post({"SAMLResponse": "!!!"}) for _ in range(12)]
    assert [answer.status_code for answer in answers] == [403] * 10 + [429] * 2
    refused = answers[-1]
    assert refused.headers["content-type"].startswith("text/html")
    assert refused.headers["retry-after"] == "2"
    assert "Wait a moment" in refused.text
    assert "code" in query(quiet.sign_in())
    world.clock.advance(seconds=2)
    assert loud.post({"SAMLResponse": "!!!"}).status_code == 403


def test_the_token_endpoint_answers_in_its_own_words(world: SignInWorld) -> None:
    (client,) = browsers(world, "192.0.2.1", requests_per_minute=4)
    assert client.redeem("no-such-code").status_code == 400
    refused = client.redeem("no-such-code")
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "15"
    assert (refused.json()["error"], refused.json()["code"]) == ("temporarily_unavailable", "too-many-requests")


def test_one_person_begins_only_so_many_sessions(world: SignInWorld) -> None:
    here, there = browsers(world, "192.0.2.1", "192.0.2.2", sessions_per_minute=8)
    for browser in (here, there):
        assert browser.token()
    refused = there.redeem(query(there.sign_in())["code"])
    assert refused.status_code == 429
    assert world.store.audit.by_request(refused.headers["x-request-id"])[0].code == "too-many-requests"
    rosa = there.redeem(query(there.sign_in(name_id="rosa@example.com"))["code"])
    assert rosa.status_code == 200


def test_a_forwarded_address_counts_only_behind_a_proxy_of_ours(world: SignInWorld) -> None:
    (direct,) = browsers(world, "192.0.2.1", requests_per_minute=4)
    made_up = [direct.http.get("/", headers={"X-Forwarded-For": f"198.51.100.{n}"}).status_code for n in range(3)]
    assert made_up == [200, 429, 429]
    (behind,) = browsers(world, "10.0.0.7", requests_per_minute=4, trusted_proxies=("10.0.0.0/8",))
    real = [behind.http.get("/", headers={"X-Forwarded-For": f"198.51.100.{n}"}).status_code for n in range(3)]
    assert real == [200, 200, 200]


def test_health_and_credentials_are_not_counted(world: SignInWorld) -> None:
    (client,) = browsers(world, "192.0.2.1", requests_per_minute=4)
    assert [client.http.get("/healthz").status_code for _ in range(5)] == [200] * 5
    assert [client.http.get("/v1/whoami").status_code for _ in range(5)] == [401] * 5
