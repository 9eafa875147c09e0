"""The native interface: database credentials, who am I, why not. Every call carries the session as a bearer token."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Final

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from broker.audit import AuditEvent, AuditLog, AuditRecord
from broker.credentials.access import AccessChain, AccessService, Question
from broker.credentials.model import DEFAULT_SCRAM_ITERATIONS, CredentialRequest, DatabaseCredentials
from broker.credentials.service import CredentialService
from broker.errors import SessionError
from broker.http.call import Call, Endpoints, Fields, bearer_token
from broker.sts.model import Session
from broker.sts.service import SessionService
from roles.chains import AccessTarget
from roles.explain import AccessExplanation

_DAY: Final = 86_400
_MOST_ITERATIONS: Final = 1_000_000
_LONGEST_NAME: Final = 63 * 4


@dataclass(frozen=True, slots=True)
class CredentialEndpoints:
    """What signed-in clients call."""

    sessions: SessionService
    credentials: CredentialService
    audit: AuditLog
    access: AccessService | None = None

    def routes(self, endpoints: Endpoints) -> list[Route]:
        """The routes."""
        return [
            endpoints.post("/v1/credentials", self._signed_in(self.issue)),
            endpoints.post("/v1/explain", self._signed_in(self.explain)),
            endpoints.get("/v1/whoami", self._signed_in(self.whoami)),
            endpoints.post("/v1/session-credentials", self._signed_in(self.session_credentials)),
        ]

    def issue(self, call: Call, session: Session) -> Response:
        """A temporary database login."""
        fields = Fields(call.json())
        seconds = fields.integer("duration_seconds", low=1, high=_DAY)
        request = CredentialRequest(
            workgroup=fields.text("workgroup"),
            database=fields.text("database", ""),
            duration=timedelta(seconds=seconds) if seconds else None,
            scram_iterations=fields.integer("scram_iterations", low=1, high=_MOST_ITERATIONS)
            or DEFAULT_SCRAM_ITERATIONS,
            client=fields.text("client", ""),
        )
        fields.done()
        issued = self.credentials.issue(session, request, call.request_id, call.now)
        seconds_left = int((issued.expires_at - call.now).total_seconds())
        return JSONResponse(_credentials_document(issued) | {"expires_in": seconds_left})

    def explain(self, call: Call, session: Session) -> Response:
        """Whether the person may, over which chain, or which database role would allow it."""
        fields = Fields(call.json())
        workgroup, database = fields.text("workgroup"), fields.text("database", "")
        target = AccessTarget(
            schema=fields.text("schema", longest=_LONGEST_NAME),
            name=fields.text("name", longest=_LONGEST_NAME),
            privilege=fields.text("privilege", "SELECT").upper(),
        )
        person = fields.text("person", "")
        fields.done()
        # Also where it is about somebody else: nobody asks about a workgroup that is not offered to them.
        own = self.credentials.explain(session, workgroup, database, target, call.request_id, call.now)
        question = Question(workgroup, database, target)
        chain = self.access.answer(session, question, person, call.request_id, call.now) if self.access else None
        return JSONResponse(_explanation_document(own, chain))

    def session_credentials(self, call: Call, _session: Session) -> Response:
        """The session as access key, secret and token, for clients that sign their requests (`broker.http.aws`)."""
        whole = self.sessions.credentials(bearer_token(call.request))
        return JSONResponse(
            {
                "access_key_id": whole.access_key_id,
                "secret_access_key": whole.secret_access_key.reveal(),
                "session_token": whole.session_token.reveal(),
                "expires_at": whole.session.expires_at.isoformat(),
            }
        )

    def whoami(self, _call: Call, session: Session) -> Response:
        """What the session says, and which workgroups it may use."""
        who = session.principal
        return JSONResponse(
            {
                "subject": who.subject,
                "source_identity": who.source_identity,
                "identity_provider": who.identity_provider,
                "access_role": who.access_role,
                "database_user": who.database_user,
                "asserted_database_roles": list(who.asserted_roles),
                "session_id": session.session_id,
                "issued_at": session.issued_at.isoformat(),
                "expires_at": session.expires_at.isoformat(),
                "workgroups": [
                    {"name": workgroup.name, "databases": list(workgroup.databases)}
                    for workgroup in self.credentials.offered(session)
                ],
            }
        )

    def _signed_in(self, handler: Callable[[Call, Session], Response]) -> Callable[[Call], Response]:
        def checked(call: Call) -> Response:
            try:
                session = self.sessions.open(bearer_token(call.request), call.now)
            except SessionError as refusal:
                self.audit.record(AuditRecord(AuditEvent.SESSION_REFUSED, call.now, call.request_id, code=refusal.code))
                raise
            return handler(call, session)

        return checked


def _explanation_document(own: AccessExplanation, chain: AccessChain | None) -> dict[str, object]:
    if chain is None:
        return {
            "exists": own.exists,
            "allowed": own.allowed,
            "missing": list(own.missing),
            "database_roles": list(own.database_roles),
        }
    return asdict(chain) | {"database_roles": list(chain.database_roles)}


def _credentials_document(issued: DatabaseCredentials) -> dict[str, object]:
    return {
        "lease_id": issued.lease_id,
        "workgroup": issued.workgroup,
        "host": issued.host,
        "port": issued.port,
        "database": issued.database,
        "user": issued.user,
        "password": issued.password.reveal(),
        "database_user": issued.database_user,
        "expires_at": issued.expires_at.isoformat(),
        "database_roles": list(issued.database_roles),
        "unknown_database_roles": list(issued.unknown_roles),
        "refused_database_roles": [{"name": role.name, "reason": role.reason} for role in issued.refused_roles],
        "sslmode": issued.sslmode,
        "ssl_root_certificate": issued.ssl_root_certificate,
    }
