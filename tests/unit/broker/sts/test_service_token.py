from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from broker.audit import AuditEvent
from broker.config.model import AccessRoleConfig
from broker.errors import AccessRoleRefused, SessionRevoked
from broker.secrets import Secret, digest
from broker.store.memory import memory_store
from broker.store.model import Store
from broker.sts.errors import ServiceTokenRefused
from broker.sts.keys import KeyRing
from broker.sts.service import SessionService
from broker.sts.service_token import ServiceToken, ServiceTokenGrant, new_service_token_text
from tests.simulators.sign_in import NOW

HOUR = timedelta(hours=1)
TOKEN_ID, TEXT = new_service_token_text()
ROLE = AccessRoleConfig("loader", "arn:x", ("okta", "service"), workgroups=("*",))
TOKEN = ServiceToken(
    TOKEN_ID,
    digest(TEXT.reveal()),
    "nightly",
    "loader",
    ("analytics",),
    "nightly_user",
    ("sales",),
    "root",
    NOW,
    NOW + timedelta(days=30),
)


@pytest.fixture
def store() -> Store:
    kept = memory_store()
    kept.service_tokens.add(TOKEN)
    return kept


def grant(store: Store, tmp_path: Path, role: AccessRoleConfig | None = ROLE) -> ServiceTokenGrant:
    sessions = SessionService(KeyRing.create(tmp_path / "keys"), store.sessions, store.leases, store.audit)
    roles = {role.name: role} if role else {}
    return ServiceTokenGrant(store.service_tokens, sessions, roles, HOUR, store.audit)


def test_a_token_begins_a_short_narrow_session_of_its_principal(store: Store, tmp_path: Path) -> None:
    service = grant(store, tmp_path)
    token = service.authenticate(TOKEN_ID, TEXT, NOW)
    session = service.sessions.open(service.issue(token, "r1", NOW).session_token, NOW)
    who = session.principal
    assert (who.identity_provider, who.subject, who.source_identity) == ("service", "nightly", "nightly")
    assert (who.access_role, who.database_user, who.asserted_roles) == ("loader", "nightly_user", ("sales",))
    assert (who.tags, who.authn_context) == ((), "")
    assert (session.workgroups, session.expires_at) == (("analytics",), NOW + HOUR)
    used = store.service_tokens.get(TOKEN_ID)
    assert used
    assert used.last_used_at == NOW


def test_its_use_is_on_record_and_its_text_is_not(store: Store, tmp_path: Path) -> None:
    service = grant(store, tmp_path)
    service.issue(service.authenticate(TOKEN_ID, TEXT, NOW), "r1", NOW)
    records = store.audit.by_request("r1")
    assert [each.event for each in records] == [AuditEvent.SESSION_ISSUED, AuditEvent.SERVICE_TOKEN_USED]
    assert records[1].detail["token"] == TOKEN_ID
    assert TEXT.reveal().rpartition("_")[2] not in str(records)
    assert TOKEN.token_digest not in str(records)


@pytest.mark.parametrize(
    ("token_id", "text"),
    [
        ("abcdefghijkl", TEXT),
        (TOKEN_ID, Secret(TEXT.reveal() + "x")),
        (TOKEN_ID, Secret(TEXT.reveal()[:-1])),
        (TOKEN_ID, Secret("")),
        (TOKEN_ID, Secret(TOKEN.token_digest)),
    ],
    ids=["another id", "longer", "shorter", "empty", "the digest"],
)
def test_another_text_is_refused_and_says_nothing(store: Store, tmp_path: Path, token_id: str, text: Secret) -> None:
    store.service_tokens.revoke(TOKEN_ID, NOW)  # who has not the text does not learn of it
    with pytest.raises(ServiceTokenRefused) as refused:
        grant(store, tmp_path).authenticate(token_id, text, NOW)
    assert refused.value.what == "The service token is not one of this broker's."


def test_a_token_is_dead_at_its_end(store: Store, tmp_path: Path) -> None:
    service = grant(store, tmp_path)
    service.authenticate(TOKEN_ID, TEXT, TOKEN.expires_at - timedelta(seconds=1))
    with pytest.raises(ServiceTokenRefused, match="ended at 2026"):
        service.authenticate(TOKEN_ID, TEXT, TOKEN.expires_at)


def test_a_revoked_token_is_dead(store: Store, tmp_path: Path) -> None:
    store.service_tokens.revoke(TOKEN_ID, NOW)
    with pytest.raises(ServiceTokenRefused, match="revoked at 2026"):
        grant(store, tmp_path).authenticate(TOKEN_ID, TEXT, NOW)


def test_no_session_outlives_the_token_or_the_access_roles_limit(store: Store, tmp_path: Path) -> None:
    service = grant(store, tmp_path, replace(ROLE, maximum_session=timedelta(minutes=20)))
    assert service.issue(TOKEN, "r1", NOW).session.expires_at == NOW + timedelta(minutes=20)
    late = TOKEN.expires_at - timedelta(minutes=5)
    assert service.issue(TOKEN, "r2", late).session.expires_at == TOKEN.expires_at


@pytest.mark.parametrize(
    "role",
    [
        None,
        replace(ROLE, trusted_identity_providers=("okta",)),
        replace(ROLE, required_authn_contexts=("urn:mfa",)),
    ],
    ids=["gone", "trusts no service", "wants a second factor"],
)
def test_the_access_role_may_close_itself_to_services(
    store: Store, tmp_path: Path, role: AccessRoleConfig | None
) -> None:
    with pytest.raises(AccessRoleRefused):
        grant(store, tmp_path, role).issue(TOKEN, "r1", NOW)
    assert store.sessions.of_person("service", "nightly", NOW) == []


def test_a_token_that_ends_while_it_begins_a_session_leaves_none(store: Store, tmp_path: Path) -> None:
    service = grant(store, tmp_path)
    token = service.authenticate(TOKEN_ID, TEXT, NOW)
    store.service_tokens.revoke(TOKEN_ID, NOW)  # by somebody whose look for sessions is over
    with pytest.raises(ServiceTokenRefused):
        service.issue(token, "r1", NOW)
    assert store.sessions.of_person("service", "nightly", NOW) == []


def test_its_sessions_are_found_by_the_token_and_die_alone(store: Store, tmp_path: Path) -> None:
    service = grant(store, tmp_path)
    other = replace(TOKEN, token_id="other4567abc")
    store.service_tokens.add(other)
    mine, theirs = service.issue(TOKEN, "r1", NOW), service.issue(other, "r2", NOW)
    (found,) = store.sessions.at_provider("service", TOKEN_ID, (), NOW)
    assert found.session_id == mine.session.session_id
    store.sessions.revoke(found.session_id, NOW, "test")
    with pytest.raises(SessionRevoked):
        service.sessions.open(mine.session_token, NOW)
    service.sessions.open(theirs.session_token, NOW)
