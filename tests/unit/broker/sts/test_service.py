from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from broker.audit import AuditEvent
from broker.credentials.lease import CUT_OFF
from broker.credentials.model import Lease, LeaseState
from broker.errors import SessionError, SessionExpired, SessionRevoked, SessionSuperseded
from broker.login.model import ApprovedLogin
from broker.secrets import Secret
from broker.store.memory import memory_store
from broker.store.model import Store
from broker.sts.keys import KeyRing
from broker.sts.service import SUPERSEDED, SessionService
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


def _approved(*roles: str, **changes: object) -> ApprovedLogin:
    return replace(APPROVED, principal=replace(PRINCIPAL, asserted_roles=roles, **changes))  # type: ignore[arg-type]


def _lease(service: SessionService, session_id: str, subject: str = "ethan") -> None:
    who = (subject, f"bk_{session_id}", "okta", subject, session_id, "r2")
    service.leases.add_intent(Lease(session_id, "w", "d", *who, LeaseState.INTENT, NOW, NOW + HOUR))
    service.leases.move(session_id, LeaseState.ACTIVE, NOW)


@pytest.mark.parametrize(
    ("later", "goes_on", "leases_go_on"),
    [
        (_approved("sales"), True, True),
        (_approved("sales", "sales", authn_context="urn:another"), True, True),
        (_approved("sales", "finance"), False, True),
        (_approved("finance"), False, False),
        (_approved(), False, False),
        (_approved("sales", access_role="admin"), False, False),
        (_approved("sales", database_user="other"), False, False),
        (_approved("sales", tags=(SessionTag("Größe", "klein"),)), False, False),
        (_approved("finance", subject="emma"), True, True),
        (_approved("finance", identity_provider="entra"), True, True),
    ],
)
def test_the_latest_accepted_sign_in_counts(
    service: SessionService, store: Store, later: ApprovedLogin, *, goes_on: bool, leases_go_on: bool
) -> None:
    service.accept(APPROVED, "r0", NOW)
    issued = service.issue(APPROVED, "broker-cli", "r1", NOW)
    _lease(service, issued.session.session_id)
    _lease(service, "mias", "mia")
    service.accept(later, "r3", NOW)
    lease, mias = store.leases.get(issued.session.session_id), store.leases.get("mias")
    assert lease
    assert mias
    assert mias.state is LeaseState.ACTIVE
    assert (lease.state is LeaseState.ACTIVE) is leases_go_on
    if goes_on:
        assert service.open(issued.session_token, NOW) == issued.session
        return
    with pytest.raises(SessionSuperseded):
        service.open(issued.session_token, NOW)
    (record,) = store.audit.by_request("r3")
    assert (record.event, record.detail["reason"]) == (AuditEvent.SESSION_REVOKED, SUPERSEDED)
    assert service.issue(later, "broker-cli", "r4", NOW)


def test_an_older_sign_in_that_fetches_its_session_too_late_gets_none(service: SessionService, store: Store) -> None:
    service.accept(APPROVED, "r0", NOW)
    service.accept(_approved("finance"), "r1", NOW)
    with pytest.raises(SessionSuperseded):
        service.issue(APPROVED, "broker-cli", "r2", NOW)
    assert store.sessions.of_person("okta", "ethan", NOW) == []


def test_a_session_from_before_the_first_record_goes_on(service: SessionService) -> None:
    """After an upgrade nobody must sign in anew for nothing."""
    issued = service.issue(APPROVED, "broker-cli", "r1", NOW)
    assert service.open(issued.session_token, NOW)


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
