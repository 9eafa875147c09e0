"""What signed-in clients call, and what every answer has in common."""

import logging
from typing import Any

import pytest

from broker.audit import AuditEvent
from broker.credentials.model import LeaseState
from broker.errors import WarehouseUnavailable
from tests.integration.http.conftest import Browser
from tests.unit.broker.credentials.double import WarehouseDouble, raising


def call(browser: Browser, path: str, body: Any, token: str | None = None) -> Any:
    headers = {"Authorization": f"Bearer {token or browser.token()}"}
    return browser.http.post(path, json=body, headers=headers)


def test_whoami_says_who_and_what_is_offered(browser: Browser) -> None:
    said = browser.http.get("/v1/whoami", headers={"Authorization": f"bearer {browser.token()}"}).json()
    assert said["asserted_database_roles"] == ["sales", "finance"]
    assert said["identity_provider"] == "okta"
    assert said["workgroups"] == [{"name": "demo", "databases": ["dev", "prod"]}]


def test_credentials_are_handed_out_with_what_was_not_granted(browser: Browser) -> None:
    response = call(browser, "/v1/credentials", {"workgroup": "demo", "duration_seconds": 900, "scram_iterations": 1})
    assert response.headers["cache-control"] == "no-store"
    issued = response.json()
    password = issued.pop("password")
    assert issued.pop("user").startswith("bk_")
    assert issued.pop("lease_id")
    assert issued == {
        "workgroup": "demo",
        "host": "127.0.0.1",
        "port": 5432,
        "database": "dev",
        "database_user": "ethan@example.com",
        "expires_at": "2026-03-01T12:15:00+00:00",
        "expires_in": 900,
        "database_roles": ["sales"],
        "unknown_database_roles": ["finance"],
        "refused_database_roles": [],
        "sslmode": "verify-full",
        "ssl_root_certificate": "",
    }
    records = browser.world.store.audit.by_request(response.headers["x-request-id"])
    assert [record.event for record in records] == [AuditEvent.CREDENTIALS_ALLOWED, AuditEvent.CREDENTIALS_ISSUED]
    assert password not in repr(records)


def test_a_logout_ends_the_logins_of_the_session(browser: Browser) -> None:
    token = browser.token()
    lease_id = call(browser, "/v1/credentials", {"workgroup": "demo"}, token).json()["lease_id"]
    browser.http.post("/oauth/revoke", data={"token": token})
    lease = browser.world.store.leases.get(lease_id)
    assert lease is not None
    assert lease.state is LeaseState.ENDING


def test_an_explanation_names_the_role(browser: Browser) -> None:
    asked = {"workgroup": "demo", "schema": "finance_schema", "name": "revenue", "privilege": "select"}
    assert call(browser, "/v1/explain", asked).json() == {
        "exists": True,
        "allowed": False,
        "missing": ["SELECT on finance_schema.revenue"],
        "database_roles": ["finance"],
    }


def test_a_warehouse_that_is_down_says_when_to_come_back(browser: Browser, warehouse: WarehouseDouble) -> None:
    warehouse.before["issue"] = raising(WarehouseUnavailable("It does not answer.", retry_after=7))
    refused = call(browser, "/v1/credentials", {"workgroup": "demo"})
    assert (refused.status_code, refused.json()["code"]) == (503, "warehouse-unavailable")
    assert (refused.headers["retry-after"], refused.json()["retry_after"]) == ("7", 7)


def test_a_defect_shows_nothing_of_itself(browser: Browser, warehouse: WarehouseDouble) -> None:
    warehouse.before["issue"] = raising(ValueError("password=hunter2"))
    refused = call(browser, "/v1/credentials", {"workgroup": "demo"})
    assert (refused.status_code, refused.json()["code"]) == (500, "internal-error")
    assert "hunter2" not in refused.text


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer ", "Basic YTpi", "Bearer wab1.x.y"])
def test_no_session_no_answer(browser: Browser, authorization: str | None) -> None:
    headers = {"Authorization": authorization} if authorization is not None else {}
    refused = browser.http.get("/v1/whoami", headers=headers)
    assert refused.status_code == 401
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["www-authenticate"].startswith("Bearer")
    assert refused.json()["code"] == "session-invalid"
    assert refused.json()["type"] == "urn:warehouse-access-broker:problem:session-invalid"
    assert refused.json()["request_id"] == refused.headers["x-request-id"]


def test_a_session_ends_by_time_and_by_logout(browser: Browser) -> None:
    token = browser.token()
    assert browser.http.post("/oauth/revoke", data={"token": token}).status_code == 200
    headers = {"Authorization": f"Bearer {token}"}
    assert browser.http.get("/v1/whoami", headers=headers).json()["code"] == "session-revoked"
    browser.world.clock.advance(hours=1)
    assert browser.http.get("/v1/whoami", headers=headers).json()["code"] == "session-expired"


def test_revoking_junk_tells_nothing(browser: Browser) -> None:
    good = browser.http.post("/oauth/revoke", data={"token": browser.token()})
    junk = browser.http.post("/oauth/revoke", data={"token": "junk"})
    assert (good.status_code, good.content) == (junk.status_code, junk.content)


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, "workgroup"),
        ({"workgroup": ""}, "workgroup"),
        ({"workgroup": 1}, "workgroup"),
        ({"workgroup": "demo", "database": None}, "database"),
        ({"workgroup": "demo", "duration_seconds": "900"}, "duration_seconds"),
        ({"workgroup": "demo", "duration_seconds": True}, "duration_seconds"),
        ({"workgroup": "demo", "duration_seconds": 900.5}, "duration_seconds"),
        ({"workgroup": "demo", "duration_seconds": 10**30}, "duration_seconds"),
        ({"workgroup": "demo", "scram_iterations": 0}, "scram_iterations"),
        ({"workgroup": "demo", "client": "x\ny"}, "client"),
        ({"workgroup": "demo", "color": "red"}, "color"),
        ([], "object"),
        ("demo", "object"),
    ],
)
def test_a_bad_request_is_refused_by_field(browser: Browser, body: Any, named: str) -> None:
    refused = call(browser, "/v1/credentials", body)
    assert (refused.status_code, refused.json()["code"]) == (400, "request-malformed")
    assert named in refused.json()["detail"]


@pytest.mark.parametrize(
    "content",
    ["", "{", '{"workgroup":"a","workgroup":"b"}', "[" * 100_000, '{"workgroup": NaN}', "\xff", '{"a":1e999}'],
)
def test_what_is_no_json_is_refused(browser: Browser, content: str) -> None:
    headers = {"Authorization": f"Bearer {browser.token()}", "Content-Type": "application/json"}
    refused = browser.http.post("/v1/credentials", content=content.encode("latin-1"), headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (400, "request-malformed")


def test_json_is_taken_as_json_only(browser: Browser) -> None:
    headers = {"Authorization": f"Bearer {browser.token()}", "Content-Type": "text/plain"}
    assert browser.http.post("/v1/credentials", content=b'{"workgroup":"demo"}', headers=headers).status_code == 400


def test_a_body_over_the_limit_is_not_read(browser: Browser) -> None:
    refused = call(browser, "/v1/credentials", {"workgroup": "x" * 600_000})
    assert (refused.status_code, refused.json()["code"]) == (413, "request-too-large")

    def endless() -> Any:
        for _ in range(100):
            yield b" " * 10_000

    headers = {"Authorization": f"Bearer {browser.token()}", "Content-Type": "application/json"}
    assert browser.http.post("/v1/credentials", content=endless(), headers=headers).status_code == 413


def test_an_unknown_workgroup_is_refused_by_name(browser: Browser) -> None:
    refused = call(browser, "/v1/credentials", {"workgroup": "nowhere"})
    assert (refused.status_code, refused.json()["code"]) == (404, "workgroup-unknown")


@pytest.mark.parametrize("path", ["/", "/device", "/nowhere", "/healthz", "/v1/whoami", "/saml/okta/metadata"])
def test_every_answer_is_safe(browser: Browser, path: str) -> None:
    headers = browser.http.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert headers["strict-transport-security"]
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


def test_a_reference_number_is_ours_alone(browser: Browser) -> None:
    first = browser.http.get("/healthz", headers={"X-Request-Id": "mine"}).headers["x-request-id"]
    second = browser.http.get("/healthz").headers["x-request-id"]
    assert "mine" != first != second


def test_pages_hold_no_script_and_no_style_of_their_own(browser: Browser) -> None:
    for path in ("/", "/device", "/nowhere"):
        text = browser.http.get(path).text
        assert "<script" not in text
        assert "style=" not in text
        assert "<style" not in text
    assert browser.http.get("/static/broker.css").headers["content-type"].startswith("text/css")


def test_health(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    assert browser.http.get("/healthz").json() == {"status": "alive"}
    assert browser.http.get("/readyz").json() == {"status": "ready"}


def test_the_metadata_names_what_there_is(browser: Browser) -> None:
    metadata = browser.http.get("/.well-known/oauth-authorization-server").json()
    assert metadata["issuer"] == "https://broker.example.com"
    assert metadata["code_challenge_methods_supported"] == ["S256"]
    for name in ("token_endpoint", "revocation_endpoint", "device_authorization_endpoint"):
        path = metadata[name].removeprefix(metadata["issuer"])
        assert browser.http.get(path).status_code == 405


def test_a_client_s_not_found_is_a_problem_document(browser: Browser) -> None:
    refused = browser.http.get("/v1/nowhere")
    assert (refused.status_code, refused.json()["type"]) == (404, "about:blank")


def test_no_secret_is_logged(browser: Browser, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "broker")
    token = browser.token()
    assert "/oauth/token" in caplog.text
    assert token not in caplog.text
    assert "xyz" not in caplog.text
