from datetime import timedelta
from pathlib import Path

import pytest

from broker.audit import AuditEvent
from broker.credentials.lease import CUT_OFF
from broker.credentials.model import Lease, LeaseState
from broker.errors import SessionError, SessionExpired, SessionRevoked
from broker.login.model import ApprovedLogin
from broker.secrets import Secret
from broker.store.memory import memory_store
from broker.store.model import Store
from broker.sts.keys import KeyRing
from broker.sts.service import SessionService
from broker.sts.token import seal
from roles.principal import Principal, SessionTag
from tests.simulators.sign_in import NOW

PRINCIPAL = Principal(
    "okta", "ethan", "ethan", "analyst", "ethan", ("sales",), (SessionTag("Größe", "süß"),), ("Größe",), "urn:password"
)
APPROVED = ApprovedLogin(PRINCIPAL, 3600, NOW + timedelta(hours=12))
HOUR = timedelta(hours=1)


@pytest.fixture
def store() -> Store:
    return memory_store()


@pytest.fixture
def service(store: Store, tmp_path: Path) -> SessionService:
    return SessionService(KeyRing.create(tmp_path / "keys"), store.sessions, store.leases, store.audit)


def test_a_session_comes_back_from_its_token_whole(service: SessionService) -> None:
    issued = service.issue(APPROVED, "broker-cli", "r1", NOW)
    assert service.open(issued.session_token, NOW + HOUR - timedelta(seconds=1)) == issued.session
    assert issued.session.principal == PRINCIPAL
    assert issued.session.expires_at == NOW + HOUR


def test_the_triple_looks_like_aws_own(service: SessionService) -> None:
    issued = service.issue(APPROVED, "broker-cli", "r1", NOW)
    assert issued.access_key_id.startswith("WABA")
    assert len(issued.access_key_id) == 20
    assert issued.access_key_id.isalnum()
    assert issued.access_key_id.isupper()
    assert len(issued.secret_access_key.reveal()) == 40


def test_the_end_is_cut_at_the_latest_that_the_login_allows(service: SessionService) -> None:
    soon = ApprovedLogin(PRINCIPAL, 3600, NOW + timedelta(minutes=20))
    assert service.issue(soon, "broker-cli", "r1", NOW).session.expires_at == soon.session_ends_by
    with pytest.raises(SessionExpired):
        service.issue(soon, "broker-cli", "r1", soon.session_ends_by)


def test_a_session_is_dead_at_its_end(service: SessionService) -> None:
    issued = service.issue(APPROVED, "broker-cli", "r1", NOW)
    with pytest.raises(SessionExpired):
        service.open(issued.session_token, NOW + HOUR)


def test_a_revoked_session_is_dead_at_once_and_its_leases_end(service: SessionService, store: Store) -> None:
    issued = service.issue(APPROVED, "broker-cli", "r1", NOW)
    lease = Lease(
        "l1",
        "w",
        "d",
        "ethan",
        "bk_a",
        "okta",
        "ethan",
        issued.session.session_id,
        "r2",
        LeaseState.INTENT,
        NOW,
        NOW + HOUR,
    )
    store.leases.add_intent(lease)
    assert store.leases.move("l1", LeaseState.ACTIVE, NOW)
    assert service.revoke(issued.session, "r3", NOW)
    with pytest.raises(SessionRevoked):
        service.open(issued.session_token, NOW)
    found = store.leases.get("l1")
    assert found is not None
    assert found.state is LeaseState.ENDING
    record = store.audit.by_request("r3")[0]
    assert (record.event, record.detail["leases"]) == (AuditEvent.SESSION_REVOKED, ["l1"])
    assert not service.revoke(issued.session, "r4", NOW)
    assert store.audit.by_request("r4") == []


def test_a_logout_amid_an_issue_leaves_the_mark_of_one_that_was_cut_off(service: SessionService, store: Store) -> None:
    """The process that issues may be dead: only the reaper then ends sessions that hold a role which was revoked."""
    issued = service.issue(APPROVED, "broker-cli", "r1", NOW)
    person = ("ethan", "bk_a", "okta", "ethan", issued.session.session_id, "r2")
    store.leases.add_intent(Lease("l1", "w", "d", *person, LeaseState.INTENT, NOW, NOW + HOUR))
    service.revoke(issued.session, "r3", NOW)
    found = store.leases.get("l1")
    assert found
    assert (found.state, found.reason) == (LeaseState.ENDING, CUT_OFF)


def test_a_session_that_the_store_does_not_know_is_dead(service: SessionService, tmp_path: Path) -> None:
    issued = service.issue(APPROVED, "broker-cli", "r1", NOW)
    other = memory_store()
    stranger = SessionService(service.ring, other.sessions, other.leases, other.audit)
    with pytest.raises(SessionRevoked):
        stranger.open(issued.session_token, NOW)


def test_another_text_of_ours_is_no_session(service: SessionService) -> None:
    for text in ("", "wab1.x.y", seal(service.ring, "approved-login-at-rest", b"{}")):
        with pytest.raises(SessionError):
            service.open(Secret(text), NOW)


def test_nothing_secret_is_audited_or_shown(service: SessionService, store: Store) -> None:
    issued = service.issue(APPROVED, "broker-cli", "r1", NOW)
    shown = repr(store.audit.by_request("r1")) + repr(issued)
    assert issued.session_token.reveal() not in shown
    assert issued.secret_access_key.reveal() not in shown
