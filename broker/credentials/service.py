"""Issues database credentials: decide, announce, change the warehouse, hand out; each step on record.

The order is what makes a crash at any point safe (house rules: access shrinks before it grows, the intent is committed
before the change). Whatever stops an issue on its way, the password was handed to nobody, and the lease that stays
behind tells the reaper what to look for.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime

from broker.audit import AuditEvent, AuditLog, Detail
from broker.config.model import AccessRoleConfig, WorkgroupConfig
from broker.credentials.lease import NOT_HANDED_OUT
from broker.credentials.logins import AliasLogins, Login, LoginsOf
from broker.credentials.model import (
    CredentialRequest,
    DatabaseCredentials,
    Lease,
    LeaseState,
    OfferedWorkgroup,
    PlannedLogin,
    RefusedRole,
)
from broker.credentials.password import new_alias, new_lease_id
from broker.credentials.ports import Issued, Leases, Warehouse
from broker.credentials.request import Terms, offered_database, terms
from broker.credentials.trail import Trail
from broker.errors import (
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
from broker.policy import database_user_of, limited, list_policy, scope_of
from broker.sts.model import Session
from roles.chains import AccessTarget
from roles.decision import Decision, RefusedDatabaseRole, decide, no_database_role
from roles.desired import DesiredLogin, Owner
from roles.errors import NoDatabaseRole, RolesError
from roles.explain import AccessExplanation
from roles.names import DatabaseRoleName, DatabaseUserName
from roles.policy import Policy

ALL_WORKGROUPS = "*"


@dataclass(frozen=True, slots=True)
class _Approved:
    """A request that was held against every rule; nothing was changed for it yet."""

    workgroup: WorkgroupConfig
    terms: Terms
    database_user: DatabaseUserName
    decision: Decision


class CredentialService:
    """The one place that hands out database credentials, whichever face asks. Thread-safe: it keeps no state."""

    def __init__(
        self,
        *,
        workgroups: Sequence[WorkgroupConfig],
        access_roles: Sequence[AccessRoleConfig],
        warehouses: Mapping[str, Warehouse],
        leases: Leases,
        audit: AuditLog,
        root_certificates: Mapping[str, str],
        is_live: Callable[[str, datetime], bool],
        policy: Callable[[], Policy] | None = None,
        logins: LoginsOf | None = None,
    ) -> None:
        """Take what an issue needs.

        Args:
            workgroups: as configured; their order is the order in which they are offered.
            access_roles: as configured; which workgroups each may use.
            warehouses: by workgroup name.
            leases: remembers what was promised, and until when.
            audit: keeps every decision.
            root_certificates: PEM of the warehouse's CA by workgroup name; absent where clients know it already.
            policy: the one in force at the moment; without it, what the workgroups' own lists mean.
            is_live: whether a session, by its id, has not ended at that moment (`Sessions.is_live`).
            logins: how each workgroup's leases become logins; without it, by aliases.
        """
        of_lists = list_policy(workgroups)
        self._policy = policy or (lambda: of_lists)
        self._workgroups = tuple(workgroups)
        self._access_roles = {role.name: role for role in access_roles}
        self._warehouses = warehouses
        self._leases = leases
        self._audit = audit
        self._root_certificates = root_certificates
        self._is_live = is_live
        by_aliases = AliasLogins()
        self._logins = logins or (lambda _workgroup: by_aliases)

    def offered(self, session: Session) -> tuple[OfferedWorkgroup, ...]:
        """What the session's access role and the policy let the person use."""
        found = ((each.name, self._decide(session, each).databases) for each in self._granted(session))
        return tuple(OfferedWorkgroup(name, databases) for name, databases in found if databases)

    def _granted(self, session: Session) -> tuple[WorkgroupConfig, ...]:
        """The workgroups of the session's access role, as far as the session itself is not narrower."""
        role = self._access_roles.get(session.principal.access_role)
        names = role.workgroups if role else ()
        opened = (each for each in self._workgroups if ALL_WORKGROUPS in names or each.name in names)
        return tuple(each for each in opened if session.workgroups is None or each.name in session.workgroups)

    def _decide(self, session: Session, workgroup: WorkgroupConfig) -> Decision:
        return decide(session.principal, self._policy(), scope_of(workgroup))

    def place(self, session: Session, workgroup: str, now: datetime) -> WorkgroupConfig:
        """The workgroup of that name, and so where its warehouse is.

        Raises:
            SessionExpired: the session ended.
            UnknownWorkgroup: not configured, or not offered: the text doesn't say which.
        """
        return self._offered_workgroup(session, workgroup, now)

    def issue(
        self, session: Session, request: CredentialRequest, request_id: str, now: datetime
    ) -> DatabaseCredentials:
        """Make a temporary login for the person behind `session`.

        Raises:
            SessionExpired, SessionRevoked: the session ended, or ends too soon for a login.
            UnknownWorkgroup: not configured, or not for this access role: the text doesn't say which.
            UnknownDatabase, BadDuration, RequestMalformed: the request lies outside the workgroup's limits.
            DatabaseUserTaken: the database user belongs to somebody else.
            RolesError: a name is refused, or no database role is left.
            WarehouseUnavailable, WarehouseRefused, StoreUnavailable: the login could not be made.
        """
        trail = Trail(self._audit, session, request.workgroup, request_id, now)
        try:
            approved = self._approve(session, request, now)
        except Exception as refusal:
            trail.failure(AuditEvent.CREDENTIALS_REFUSED, refusal)
            raise
        lease = _intent(session, approved, request_id, now)
        if approved.decision.candidates:
            trail.record(AuditEvent.CREDENTIALS_ALLOWED, lease=lease, detail=_decision_detail(approved, request))
        try:
            issued, login = self._carry_out(lease, approved, trail)
            trail.record(AuditEvent.CREDENTIALS_ISSUED, lease=lease, detail=_issued_detail(issued, approved))
        except Exception as failure:
            self._give_up(lease, failure, trail)
            raise
        return self._credentials(lease, approved, issued, login)

    def plan(self, session: Session, request: CredentialRequest, request_id: str, now: datetime) -> PlannedLogin:
        """What `issue` would do at this moment, by the same steps; neither store nor warehouse is changed.

        Raises:
            As `issue`; somebody who would be left without a database role shows as `PlannedLogin.refusal`.
        """
        trail = Trail(self._audit, session, request.workgroup, request_id, now)
        try:
            approved = self._approve(session, request, now)
            lease = _intent(session, approved, request_id, now)
            login = self._logins(approved.workgroup).preview(lease, approved.terms, approved.workgroup)
            planned = self._warehouses[lease.workgroup].plan(_desired(lease, approved, login))
        except Exception as refusal:
            trail.failure(AuditEvent.PLANNED, refusal)
            raise
        detail: dict[str, Detail] = {"plan": planned.plan.describe()}
        trail.record(AuditEvent.PLANNED, database=lease.database, database_user=lease.database_user, detail=detail)
        refused = _refused(approved.decision, planned)
        nothing_left = no_database_role(
            (RefusedDatabaseRole(*astuple(role)) for role in refused), map(DatabaseRoleName, planned.unknown_roles)
        )
        return PlannedLogin(
            workgroup=lease.workgroup,
            database=lease.database,
            database_user=lease.database_user,
            expires_at=lease.expires_at,
            changes=tuple(change.describe() for change in planned.plan.changes),
            ends_sessions=planned.shrank,
            database_roles=planned.database_roles,
            unknown_roles=planned.unknown_roles,
            refused_roles=refused,
            foreign_roles=planned.foreign_roles,
            grounds=tuple(each.describe() for each in approved.decision.grounds),
            refusal="" if planned.database_roles else f"{nothing_left.code}: {nothing_left.what}",
        )

    def explain(
        self,
        session: Session,
        workgroup: str,
        database: str,
        target: AccessTarget,
        request_id: str,
        now: datetime,
    ) -> AccessExplanation:
        """Say whether the person may use `target`, and which database roles would allow it.

        Raises:
            SessionExpired, UnknownWorkgroup, UnknownDatabase, RolesError: as for `issue`.
            WarehouseUnavailable: it does not answer.
        """
        trail = Trail(self._audit, session, workgroup, request_id, now)
        try:
            offered = self._offered_workgroup(session, workgroup, now)
            chosen = offered_database(database, offered)
            user = database_user_of(session.principal.database_user, offered)
            explanation = self._warehouses[offered.name].explain_access(user, chosen, target)
        except Exception as refusal:
            trail.failure(AuditEvent.EXPLAINED, refusal)
            raise
        trail.record(
            AuditEvent.EXPLAINED,
            database=chosen,
            database_user=user,
            detail={
                "target": f"{target.privilege} on {target.schema}.{target.name}",
                "allowed": "yes" if explanation.allowed else "no",
                "database_roles": list(explanation.database_roles),
            },
        )
        return explanation

    def _offered_workgroup(self, session: Session, name: str, now: datetime) -> WorkgroupConfig:
        if session.expires_at <= now:
            raise SessionExpired("The session came to its end.")
        for workgroup in self._granted(session):
            if workgroup.name == name:
                return workgroup
        raise UnknownWorkgroup(f"No workgroup {name[:64]!r} is offered to you.")

    def _approve(self, session: Session, request: CredentialRequest, now: datetime) -> _Approved:
        workgroup = self._offered_workgroup(session, request.workgroup, now)
        decision = self._decide(session, workgroup)
        strict = limited(workgroup, decision)
        agreed = terms(request, strict, session.expires_at, now)
        if decision.databases and agreed.database not in decision.databases:
            # Of somebody to whom no database is open, what the broker granted before is taken away: no refusal here.
            raise UnknownDatabase(f"Workgroup {workgroup.name} does not offer you the database {agreed.database!r}.")
        return _Approved(strict, agreed, database_user_of(session.principal.database_user, workgroup), decision)

    def _carry_out(self, lease: Lease, approved: _Approved, trail: Trail) -> tuple[Issued, Login]:
        """From the committed intent to the active lease.

        Somebody without a candidate goes this way too, up to the refusal: what the broker granted before is taken
        away, and a crash on the way is found like any other.
        """
        self._leases.add_intent(lease)
        if not self._is_live(lease.session_id, trail.now):
            # Whoever ends a session ends its leases after it: this one may have come too late to be found.
            self._leases.move(lease.lease_id, LeaseState.FAILED, trail.now, SessionRevoked.code)
            raise SessionRevoked("The session was ended.")
        warehouse = self._warehouses[lease.workgroup]
        login = self._logins(approved.workgroup).draw(lease, approved.terms, approved.workgroup)
        try:
            issued = warehouse.issue(_desired(lease, approved, login))
        except WarehouseOutcomeUnknown:
            raise  # the lease stays an intent, and the reaper looks into the warehouse; so it does after a defect
        except (RolesError, WarehouseRefused, WarehouseUnavailable) as refusal:
            self._leases.move(lease.lease_id, LeaseState.FAILED, trail.now, refusal.code)
            raise
        if issued.shrank:
            ended = warehouse.end_person_sessions(lease.database_user, spare_alias=lease.alias)
            detail: dict[str, Detail] = {"plan": issued.plan.describe(), "sessions": ended}
            trail.record(AuditEvent.SESSIONS_ENDED, lease=lease, detail=detail)
        if not issued.database_roles:
            self._leases.move(lease.lease_id, LeaseState.FAILED, trail.now, NoDatabaseRole.code)
            refused = (RefusedDatabaseRole(*astuple(role)) for role in _refused(approved.decision, issued))
            raise no_database_role(refused, issued.unknown_roles)
        if not self._leases.move(lease.lease_id, LeaseState.ACTIVE, trail.now):
            raise WarehouseUnavailable("The login took so long to make that it was ended again.", retry_after=1)
        return issued, login

    def _give_up(self, lease: Lease, failure: Exception, trail: Trail) -> None:
        """Record the failure. A lease that is active by then ends at once: nobody ever got its password."""
        refused = isinstance(failure, (RolesError, DatabaseUserTaken))
        event = AuditEvent.CREDENTIALS_REFUSED if refused else AuditEvent.CREDENTIALS_FAILED
        try:
            kept = self._leases.get(lease.lease_id)
            if kept and kept.state is LeaseState.ACTIVE:
                self._leases.move(lease.lease_id, LeaseState.ENDING, trail.now, NOT_HANDED_OUT)
            trail.failure(event, failure, lease=lease)
        except StoreUnavailable as lost:
            # The reason why the credentials are refused is worth more than that it can't be recorded now.
            failure.add_note(f"Not recorded: {lost.what}")

    def _credentials(self, lease: Lease, approved: _Approved, issued: Issued, login: Login) -> DatabaseCredentials:
        workgroup = approved.workgroup
        return DatabaseCredentials(
            lease_id=lease.lease_id,
            workgroup=workgroup.name,
            host=workgroup.host,
            port=workgroup.port,
            database=lease.database,
            user=login.user,
            password=login.password,
            database_user=lease.database_user,
            expires_at=lease.expires_at,
            database_roles=issued.database_roles,
            unknown_roles=issued.unknown_roles,
            refused_roles=_refused(approved.decision, issued),
            sslmode=workgroup.sslmode,
            ssl_root_certificate=self._root_certificates.get(workgroup.name, ""),
        )


def _intent(session: Session, approved: _Approved, request_id: str, now: datetime) -> Lease:
    return Lease(
        lease_id=new_lease_id(),
        workgroup=approved.workgroup.name,
        database=approved.terms.database,
        database_user=approved.database_user,
        alias=new_alias(approved.workgroup.alias_prefix),
        identity_provider=session.principal.identity_provider,
        subject=session.principal.subject,
        session_id=session.session_id,
        request_id=request_id,
        state=LeaseState.INTENT,
        created_at=now,
        expires_at=approved.terms.expires_at,
    )


def _desired(lease: Lease, approved: _Approved, login: Login) -> DesiredLogin:
    """The warehouse sees the verifier; the password stays here. No login for somebody without a database role."""
    candidates = approved.decision.candidates
    owner = Owner(lease.identity_provider, lease.subject)
    user, database = approved.database_user, lease.database
    if not candidates:
        return DesiredLogin(user, owner, candidates, None, database)
    return DesiredLogin(user, owner, candidates, login.alias, database, login.shared)


def _refused(decision: Decision, issued: Issued) -> tuple[RefusedRole, ...]:
    """Refused by the policy, then by the warehouse."""
    return (*(RefusedRole(name, reason) for name, reason in decision.refused), *issued.refused_roles)


def _decision_detail(approved: _Approved, request: CredentialRequest) -> dict[str, Detail]:
    return {
        "client": request.client[:100],
        "expires_at": approved.terms.expires_at.isoformat(),
        "candidate_database_roles": list(approved.decision.candidates),
        "grounds": [grounds.describe() for grounds in approved.decision.grounds],
        "refused_database_roles": [f"{name}: {reason}" for name, reason in approved.decision.refused],
    }


def _issued_detail(issued: Issued, approved: _Approved) -> dict[str, Detail]:
    return {
        "plan": issued.plan.describe(),
        "database_roles": list(issued.database_roles),
        "unknown_database_roles": list(issued.unknown_roles),
        "refused_database_roles": [f"{role.name}: {role.reason}" for role in _refused(approved.decision, issued)],
        "foreign_database_roles": list(issued.foreign_roles),
    }
