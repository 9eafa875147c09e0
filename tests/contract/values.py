"""Values for the contract tests: whole ones, with random keys, so that no test meets another's rows."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

from broker.audit import AuditEvent, AuditRecord
from broker.credentials.model import Lease, LeaseState
from broker.login.model import ApprovedLogin, AuthorizationCode, DeviceGrant, DeviceState, LoopbackRequest, PendingLogin
from broker.secrets import random_name
from broker.sts.model import Session
from roles.principal import Principal, SessionTag
from saml.model import ProviderSession

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
LATER = NOW + 10 * MINUTE

PRINCIPAL = Principal(
    identity_provider="okta",
    subject="ethan@example.com",
    source_identity="ethan",
    access_role="analyst",
    database_user="ethan@example.com",
    asserted_roles=("sales", "finance"),
    tags=(SessionTag("RedshiftDbUser", "ethan@example.com"), SessionTag("Größe", "süß")),
    transitive_tag_keys=("RedshiftDbUser",),
    authn_context="urn:oasis:names:tc:SAML:2.0:ac:classes:Password",
)
APPROVED = ApprovedLogin(
    principal=PRINCIPAL,
    session_seconds=3600,
    session_ends_by=NOW + timedelta(hours=12),
    provider_session=ProviderSession("ethan@example.com", "urn:format", "_session"),
)
LOOPBACK = LoopbackRequest("broker-cli", "http://127.0.0.1:50000/callback", "state", "challenge")


def pending_login(**changes: Any) -> PendingLogin:
    fields = {
        "handle": random_name(20),
        "identity_provider": "okta",
        "request_id": "_request",
        "browser_digest": "browser",
        "created_at": NOW,
        "expires_at": LATER,
        "loopback": LOOPBACK,
        "preferred_access_role": "analyst",
    }
    return PendingLogin(**(fields | changes))


def authorization_code(**changes: Any) -> AuthorizationCode:
    fields = {
        "code_digest": random_name(20),
        "client_id": "broker-cli",
        "redirect_uri": LOOPBACK.redirect_uri,
        "code_challenge": "challenge",
        "approved": APPROVED,
        "expires_at": LATER,
    }
    return AuthorizationCode(**(fields | changes))


def device_grant(**changes: Any) -> DeviceGrant:
    fields = {
        "device_code_digest": random_name(20),
        "user_code_digest": random_name(20),
        "client_id": "broker-cli",
        "state": DeviceState.PENDING,
        "expires_at": LATER,
    }
    return DeviceGrant(**(fields | changes))


def session(**changes: Any) -> Session:
    fields = {
        "session_id": random_name(20),
        "principal": PRINCIPAL,
        "client_id": "broker-cli",
        "issued_at": NOW,
        "expires_at": LATER,
        "access_key_id": "WABA" + random_name(16).upper(),
    }
    return Session(**(fields | changes))


def lease(**changes: Any) -> Lease:
    fields = {
        "lease_id": random_name(20),
        "workgroup": "main",
        "database": "dev",
        "database_user": "ethan@example.com",
        "alias": "bk_" + random_name(20),
        "identity_provider": "okta",
        "subject": "ethan@example.com",
        "session_id": "session",
        "request_id": "request",
        "state": LeaseState.INTENT,
        "created_at": NOW,
        "expires_at": LATER,
    }
    return Lease(**(fields | changes))


def audit_record(**changes: Any) -> AuditRecord:
    fields = {
        "event": AuditEvent.CREDENTIALS_ISSUED,
        "at": NOW,
        "request_id": random_name(20),
        "subject": "ethan@example.com",
        "lease_id": "lease",
        "detail": {"plan": "GRANT sales TO ethan", "unknown_database_roles": ["a", "b"], "seconds": 900},
    }
    return AuditRecord(**(fields | changes))


def at_once(calls: list[Callable[[], Any]]) -> list[Any]:
    """What each call returned, all of them begun at the same moment."""
    start = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        start.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))
