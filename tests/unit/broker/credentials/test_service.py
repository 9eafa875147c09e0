"""The issue, step by step: what is refused, in which order things happen, and what an interruption leaves behind."""

from dataclasses import replace
from datetime import timedelta

import pytest

from broker.audit import AuditEvent, AuditRecord
from broker.config.model import AccessRoleConfig
from broker.credentials.lease import NOT_HANDED_OUT
from broker.credentials.model import CredentialRequest, DatabaseCredentials, Lease, LeaseState, OfferedWorkgroup
from broker.credentials.service import CredentialService
from broker.errors import (
    BadDuration,
    DatabaseUserTaken,
    SessionExpired,
    SessionRevoked,
    StoreUnavailable,
    UnknownDatabase,
    UnknownWorkgroup,
    WarehouseOutcomeUnknown,
    WarehouseRefused,
    WarehouseUnavailable,
)
from broker.store.memory import memory_store
from broker.sts.model import Session
from roles.chains import AccessTarget
from roles.errors import DatabaseUserNameReserved, NoDatabaseRole
from tests.unit.broker.credentials.double import (
    ANALYST,
    ANALYTICS,
    ETHAN,
    NOW,
    OTHER,
    WarehouseDouble,
    raising,
    session,
)

REQUEST = CredentialRequest("analytics", client="test")
SALARIES = AccessTarget("finance_schema", "revenue")


class Bench:
    """A service on memory and one double."""

    def __init__(self, access_role: AccessRoleConfig = ANALYST) -> None:
        self.warehouse = WarehouseDouble()
        self.store = memory_store()
        self.ended_sessions: set[str] = set()
        self.service = CredentialService(
            workgroups=(ANALYTICS, OTHER),
            access_roles=(access_role,),
            warehouses={"analytics": self.warehouse, "other": self.warehouse},
            leases=self.store.leases,
            audit=self.store.audit,
            root_certificates={"analytics": "PEM of the CA"},
            is_live=lambda session_id, _now: session_id not in self.ended_sessions,
        )

    def issue(self, request: CredentialRequest = REQUEST, who: Session | None = None) -> DatabaseCredentials:
        return self.service.issue(who or session(), request, "request-1", NOW)

    @property
    def records(self) -> list[AuditRecord]:
        return self.store.audit.by_request("request-1")

    @property
    def events(self) -> list[AuditEvent]:
        return [record.event for record in self.records]

    @property
    def lease(self) -> Lease:
        """The one that the records speak of."""
        lease = self.store.leases.get(next(record.lease_id for record in self.records if record.lease_id))
        assert lease
        return lease


@pytest.fixture
def bench() -> Bench:
    return Bench()


# --- what is handed out --------------------------------------------------------------------------------------------


def test_a_login_names_everything_that_a_client_needs(bench: Bench) -> None:
    got = bench.issue()
    assert (got.host, got.port, got.database, got.sslmode) == ("db.example.com", 5432, "sales", "verify-full")
    assert got.ssl_root_certificate == "PEM of the CA"
    assert got.database_user == "ethan@example.com"
    assert got.user.startswith("bk_")
    assert got.expires_at == NOW + timedelta(seconds=900)
    assert bench.lease == replace(bench.lease, lease_id=got.lease_id, alias=got.user, state=LeaseState.ACTIVE)


def test_every_asserted_role_is_answered_for(bench: Bench) -> None:
    got = bench.issue(who=session(replace(ETHAN, asserted_roles=("sales", "marketing", "hr", "root_all"))))
    assert got.database_roles == ("sales",)
    assert got.unknown_roles == ("marketing",)
    assert [(role.name, role.reason) for role in got.refused_roles] == [
        ("hr", "No rule of the policy gives it."),
        ("root_all", "The rule workgroups.analytics.deny_database_roles denies it."),
    ]


def test_the_warehouse_gets_a_verifier_and_never_the_password(bench: Bench) -> None:
    got = bench.issue(replace(REQUEST, scram_iterations=7))
    (login,) = bench.warehouse.desired
    assert login.alias
    assert login.alias.verifier.text.startswith("SCRAM-SHA-256$7:")
    assert got.password.reveal() not in login.alias.verifier.text


def test_no_record_holds_a_secret(bench: Bench) -> None:
    got = bench.issue()
    (login,) = bench.warehouse.desired
    assert login.alias
    shown = repr(bench.records) + repr(got)
    assert got.password.reveal() not in shown
    assert login.alias.verifier.text not in shown
    assert "of-the-admin" not in shown


def test_the_records_name_the_human_the_login_and_the_roles(bench: Bench) -> None:
    got = bench.issue(who=session(replace(ETHAN, asserted_roles=("sales", "marketing", "hr"))))
    allowed, issued = bench.records
    assert (allowed.event, issued.event) == (AuditEvent.CREDENTIALS_ALLOWED, AuditEvent.CREDENTIALS_ISSUED)
    for record in (allowed, issued):
        assert (record.subject, record.source_identity, record.identity_provider) == (
            "ethan@example.com",
            "ethan",
            "okta",
        )
        assert (record.alias, record.lease_id, record.database_user) == (got.user, got.lease_id, "ethan@example.com")
    assert allowed.detail["candidate_database_roles"] == ["marketing", "sales"]
    assert issued.detail["unknown_database_roles"] == ["marketing"]
    assert issued.detail["refused_database_roles"] == ["hr: No rule of the policy gives it."]
    assert issued.detail["foreign_database_roles"] == ["hand_granted"]
    assert "plan" in issued.detail


# --- what is offered -----------------------------------------------------------------------------------------------


def test_only_what_the_access_role_grants_is_offered(bench: Bench) -> None:
    assert bench.service.offered(session()) == (OfferedWorkgroup("analytics", ("sales", "finance")),)


def test_a_star_offers_all() -> None:
    bench = Bench(replace(ANALYST, workgroups=("*",)))
    assert [each.name for each in bench.service.offered(session())] == ["analytics", "other"]


@pytest.mark.parametrize("role", [replace(ANALYST, workgroups=()), replace(ANALYST, name="somebody-else")])
def test_an_access_role_without_workgroups_or_unknown_is_offered_nothing(role: AccessRoleConfig) -> None:
    assert Bench(role).service.offered(session()) == ()


def test_a_workgroup_of_others_and_one_that_does_not_exist_get_the_same_answer(bench: Bench) -> None:
    texts = []
    for name in ("other", "no_it"):
        with pytest.raises(UnknownWorkgroup) as refusal:
            bench.issue(replace(REQUEST, workgroup=name))
        texts.append(refusal.value.what.replace(name, "X"))
    assert texts[0] == texts[1]


# --- what is refused, before anything is changed -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("refusal", "request_", "who"),
    [
        (UnknownWorkgroup, replace(REQUEST, workgroup="other"), session()),
        (UnknownDatabase, replace(REQUEST, database="postgres"), session()),
        (BadDuration, replace(REQUEST, duration=timedelta(seconds=1)), session()),
        (SessionExpired, REQUEST, session(ends_in=timedelta(0))),
        (SessionExpired, REQUEST, session(ends_in=timedelta(seconds=59))),
        (DatabaseUserNameReserved, REQUEST, session(replace(ETHAN, database_user="bk_ethan"))),
    ],
)
def test_a_refusal_is_recorded_with_its_code_and_changes_nothing(
    bench: Bench, refusal: type[WarehouseRefused], request_: CredentialRequest, who: Session
) -> None:
    with pytest.raises(refusal) as raised:
        bench.issue(request_, who)
    (record,) = bench.records
    assert (record.event, record.code) == (AuditEvent.CREDENTIALS_REFUSED, raised.value.code)
    assert (record.subject, record.detail["what"]) == ("ethan@example.com", raised.value.what)
    assert bench.warehouse.calls == []
    assert bench.store.leases.live() == []


# --- nobody without a database role --------------------------------------------------------------------------------


@pytest.mark.parametrize("asserted", [(), ("hr", "root_all")])
def test_who_has_no_role_gets_no_alias(bench: Bench, asserted: tuple[str, ...]) -> None:
    with pytest.raises(NoDatabaseRole):
        bench.issue(who=session(replace(ETHAN, asserted_roles=asserted)))
    (login,) = bench.warehouse.desired
    assert (login.database_roles, login.alias) == ((), None)
    assert bench.lease.state is LeaseState.FAILED
    assert bench.events == [AuditEvent.CREDENTIALS_REFUSED]


def test_who_lost_every_role_loses_the_open_sessions_too(bench: Bench) -> None:
    bench.warehouse.shrank = True
    with pytest.raises(NoDatabaseRole):
        bench.issue(who=session(replace(ETHAN, asserted_roles=("hr",))))
    assert len(bench.warehouse.calls) == 2
    assert bench.warehouse.calls[1].startswith("end_person_sessions(ethan@example.com")
    assert bench.events == [AuditEvent.SESSIONS_ENDED, AuditEvent.CREDENTIALS_REFUSED]


def test_who_is_left_without_a_role_learns_why_for_each(bench: Bench) -> None:
    with pytest.raises(NoDatabaseRole, match=r"'hr': No rule of the policy gives it.*'root_all': .* denies it"):
        bench.issue(who=session(replace(ETHAN, asserted_roles=("hr", "root_all"))))


def test_the_policys_reasons_stand_beside_the_warehouses(bench: Bench) -> None:
    with pytest.raises(NoDatabaseRole, match=r"'hr': No rule of the policy gives it.*'marketing': The warehouse"):
        bench.issue(who=session(replace(ETHAN, asserted_roles=("marketing", "hr"))))
    assert bench.lease.state is LeaseState.FAILED
    assert bench.warehouse.found == {}


def test_who_lost_every_role_in_the_warehouse_loses_the_open_sessions_on_record(bench: Bench) -> None:
    bench.warehouse.shrank = True
    with pytest.raises(NoDatabaseRole):
        bench.issue(who=session(replace(ETHAN, asserted_roles=("marketing",))))
    ended = next(record for record in bench.records if record.event is AuditEvent.SESSIONS_ENDED)
    assert (ended.detail["sessions"], ended.detail["plan"]) == (2, "no changes")


# --- the order, and what cannot be recorded ------------------------------------------------------------------------


def test_a_decision_that_cannot_be_recorded_is_not_taken(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench.store.audit, "record", lambda _record: raising(StoreUnavailable("down"))())
    with pytest.raises(StoreUnavailable):
        bench.issue()
    assert bench.warehouse.calls == []


def test_another_persons_database_user_is_refused(bench: Bench) -> None:
    bench.issue()
    with pytest.raises(DatabaseUserTaken):
        bench.issue(who=session(replace(ETHAN, subject="ethan@evil.example.com")))
    assert bench.warehouse.calls == ["issue"]
    assert (bench.events[-1], bench.records[-1].code) == (AuditEvent.CREDENTIALS_REFUSED, "database-user-taken")


# --- the order -----------------------------------------------------------------------------------------------------


def test_the_intent_is_committed_before_the_warehouse_changes(bench: Bench) -> None:
    seen: list[LeaseState] = []
    bench.warehouse.before["issue"] = lambda: seen.append(bench.lease.state)
    bench.issue()
    assert seen == [LeaseState.INTENT]


def test_older_sessions_end_before_the_login_is_active(bench: Bench) -> None:
    seen: list[LeaseState] = []
    bench.warehouse.shrank = True
    bench.warehouse.after["end_person_sessions"] = lambda: seen.append(bench.lease.state)
    got = bench.issue()
    assert bench.warehouse.calls == ["issue", f"end_person_sessions(ethan@example.com, spare={got.user})"]
    assert seen == [LeaseState.INTENT]
    assert bench.events == [
        AuditEvent.CREDENTIALS_ALLOWED,
        AuditEvent.SESSIONS_ENDED,
        AuditEvent.CREDENTIALS_ISSUED,
    ]


def test_nobody_is_disturbed_when_nothing_was_taken_away(bench: Bench) -> None:
    bench.issue()
    assert bench.warehouse.calls == ["issue"]


# --- interruptions -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error", [WarehouseRefused("no right"), WarehouseUnavailable("never connected"), NoDatabaseRole("none left")]
)
def test_a_change_that_surely_did_not_happen_fails_the_lease(bench: Bench, error: Exception) -> None:
    bench.warehouse.before["issue"] = raising(error)
    with pytest.raises(type(error)):
        bench.issue()
    assert bench.lease.state is LeaseState.FAILED
    assert bench.records[-1].code == error.code  # type: ignore[attr-defined]


@pytest.mark.parametrize("error", [WarehouseOutcomeUnknown("the connection broke"), RuntimeError("a defect")])
@pytest.mark.parametrize("step", ["issue", "end_person_sessions"])
def test_a_change_of_unknown_fate_is_left_to_the_reaper(bench: Bench, error: Exception, step: str) -> None:
    bench.warehouse.shrank = True
    bench.warehouse.after[step] = raising(error)
    with pytest.raises(type(error)):
        bench.issue()
    assert bench.lease.state is LeaseState.INTENT
    assert bench.events[-1] is AuditEvent.CREDENTIALS_FAILED


def test_the_text_of_a_defect_is_not_recorded(bench: Bench) -> None:
    bench.warehouse.before["issue"] = raising(RuntimeError("password=hunter2"))
    with pytest.raises(RuntimeError):
        bench.issue()
    assert bench.records[-1].code == "internal-error"
    assert "hunter2" not in repr(bench.records)


def test_a_login_that_the_reaper_ended_meanwhile_is_not_handed_out(bench: Bench) -> None:
    bench.warehouse.after["issue"] = lambda: bench.store.leases.move(bench.lease.lease_id, LeaseState.ENDING, NOW)  # type: ignore[assignment,return-value]
    with pytest.raises(WarehouseUnavailable):
        bench.issue()
    assert bench.lease.state is LeaseState.ENDING


def test_a_session_that_ends_meanwhile_gets_no_login(bench: Bench) -> None:
    """Whoever ends a session looks for its leases after it: the intent is there by then, or the session is not."""
    bench.ended_sessions.add("session-1")
    with pytest.raises(SessionRevoked):
        bench.issue()
    assert bench.lease.state is LeaseState.FAILED
    assert bench.warehouse.calls == []


def test_a_login_that_cannot_be_recorded_is_not_handed_out_and_ends(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = bench.store.audit.record

    def record(record: AuditRecord) -> None:
        if record.event is AuditEvent.CREDENTIALS_ISSUED:
            raise StoreUnavailable("the disk is full")
        keep(record)

    monkeypatch.setattr(bench.store.audit, "record", record)
    with pytest.raises(StoreUnavailable):
        bench.issue()
    assert (bench.lease.state, bench.lease.reason) == (LeaseState.ENDING, NOT_HANDED_OUT)


def test_a_failure_outweighs_that_it_cannot_be_recorded(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def lose_store() -> None:
        monkeypatch.setattr(bench.store.leases, "get", lambda _lease: raising(StoreUnavailable("down"))())
        raise WarehouseUnavailable("the connection broke")

    bench.warehouse.before["issue"] = lose_store
    with pytest.raises(WarehouseUnavailable) as failure:
        bench.issue()
    assert failure.value.__notes__ == ["Not recorded: down"]


# --- explain -------------------------------------------------------------------------------------------------------


def test_an_explanation_is_for_the_persons_own_user_and_on_record(bench: Bench) -> None:
    got = bench.service.explain(session(), "analytics", "finance", SALARIES, "request-1", NOW)
    assert got.database_roles == ("finance",)
    assert bench.warehouse.calls == ["explain_access(ethan@example.com, finance)"]
    (record,) = bench.records
    assert (record.event, record.database, record.code) == (AuditEvent.EXPLAINED, "finance", "")
    assert record.detail["target"] == "SELECT on finance_schema.revenue"


@pytest.mark.parametrize(
    ("refusal", "workgroup", "database"),
    [(UnknownWorkgroup, "other", ""), (UnknownDatabase, "analytics", "postgres")],
)
def test_an_explanation_is_refused_like_a_login(
    bench: Bench, refusal: type[UnknownWorkgroup], workgroup: str, database: str
) -> None:
    with pytest.raises(refusal):
        bench.service.explain(session(), workgroup, database, SALARIES, "request-1", NOW)
    assert bench.warehouse.calls == []
    assert bench.records[-1].code == refusal.code


def test_an_ended_session_gets_no_explanation(bench: Bench) -> None:
    with pytest.raises(SessionExpired):
        bench.service.explain(session(ends_in=timedelta(0)), "analytics", "", SALARIES, "request-1", NOW)
    assert bench.warehouse.calls == []
