"""The AWS-compatible face: what AWS clients need of Redshift Serverless, signed with our session credentials.

JSON 1.1 over `POST /` (`X-Amz-Target: RedshiftServerless.<operation>`): GetCredentials and GetWorkgroup. It decides
nothing itself: the same services answer that answer the native interface.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from broker.audit import AuditEvent, AuditLog, AuditRecord
from broker.credentials.model import CredentialRequest
from broker.credentials.service import CredentialService
from broker.errors import SessionError
from broker.http.call import Call, Endpoints, Fields
from broker.http.problems import as_refusal, retry_headers, status_of
from broker.sts.errors import OperationUnknown
from broker.sts.model import Session
from broker.sts.service import SessionService
from broker.sts.sigv4 import UnverifiedRequest, parse, verify

MEDIA_TYPE: Final = "application/x-amz-json-1.1"

_SERVICE: Final = "redshift-serverless"
_TARGET: Final = "RedshiftServerless."
_CLIENT: Final = "aws"
_SHORTEST, _LONGEST = 900, 3600
_LONGEST_NAME: Final = 64

_TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "signature-incomplete": "IncompleteSignatureException",
        "signature-invalid": "InvalidSignatureException",
        "operation-unknown": "UnknownOperationException",
        "session-invalid": "UnrecognizedClientException",
        "session-expired": "ExpiredTokenException",
        "session-revoked": "ExpiredTokenException",
        "session-superseded": "ExpiredTokenException",
        "request-malformed": "ValidationException",
        "request-too-large": "ValidationException",
        "duration-out-of-range": "ValidationException",
        "database-unknown": "ValidationException",
        "workgroup-unknown": "ResourceNotFoundException",
        "too-many-requests": "ThrottlingException",
    }
)
"""The codes that AWS clients tell apart; of the rest, the broker's own failures are InternalServerException (which
clients try again), and refusals AccessDeniedException."""


@dataclass(frozen=True, slots=True)
class AwsEndpoints:
    """What AWS clients call."""

    sessions: SessionService
    credentials: CredentialService
    audit: AuditLog

    def routes(self, endpoints: Endpoints) -> list[Route]:
        """The routes."""
        return [endpoints.post("/", self.operation)]

    def operation(self, call: Call) -> Response:
        """Whatever X-Amz-Target names, for whoever signed."""
        request = UnverifiedRequest(call.request.headers.items(), call.body(), call.request.scope["query_string"])
        target, session = self._signed_in(request, call)
        operations: dict[str, Callable[[Call, Session], Response]] = {
            "GetCredentials": self._get_credentials,
            "GetWorkgroup": self._get_workgroup,
        }
        wanted = operations.get(target.removeprefix(_TARGET)) if target.startswith(_TARGET) else None
        if wanted is None:
            raise OperationUnknown(f"The broker offers no operation {target[:128]!r}.")
        return wanted(call, session)

    def _signed_in(self, request: UnverifiedRequest, call: Call) -> tuple[str, Session]:
        """The operation and the live session; its signature comes first, so that a mere token learns nothing."""
        try:
            claimed = parse(request)
            credentials = self.sessions.credentials(claimed.unverified_token)
            verify(claimed, request, credentials, _SERVICE, call.now)
            self.sessions.require_live(credentials.session, call.now)
        except SessionError as refusal:
            self.audit.record(AuditRecord(AuditEvent.SESSION_REFUSED, call.now, call.request_id, code=refusal.code))
            raise
        return claimed.unverified_target, credentials.session

    def _get_credentials(self, call: Call, session: Session) -> Response:
        fields = Fields(call.json(MEDIA_TYPE))
        seconds = fields.integer("durationSeconds", low=_SHORTEST, high=_LONGEST)
        request = CredentialRequest(
            workgroup=fields.text("workgroupName", longest=_LONGEST_NAME),
            database=fields.text("dbName", "", longest=_LONGEST_NAME),
            duration=timedelta(seconds=seconds) if seconds else None,
            client=_CLIENT,
        )
        fields.done()
        issued = self.credentials.issue(session, request, call.request_id, call.now)
        return _answer(
            {
                "dbUser": issued.user,
                "dbPassword": issued.password.reveal(),
                "expiration": int(issued.expires_at.timestamp()),
            }
        )

    def _get_workgroup(self, call: Call, session: Session) -> Response:
        fields = Fields(call.json(MEDIA_TYPE))
        name = fields.text("workgroupName", longest=_LONGEST_NAME)
        fields.done()
        place = self.credentials.place(session, name, call.now)
        endpoint = {"address": place.host, "port": place.port}
        return _answer({"workgroup": {"workgroupName": place.name, "status": "AVAILABLE", "endpoint": endpoint}})


def aws_problem(call: Call, error: Exception) -> JSONResponse:
    """A refusal in the words of AWS' JSON protocol, with our code, remedy and number in the message."""
    refusal = as_refusal(error, call.request_id)
    status = status_of(refusal.code)
    name = _TYPES.get(refusal.code) or ("InternalServerException" if status >= 500 else "AccessDeniedException")
    status = 400 if name == "ValidationException" else status
    text = f"{refusal.what} {refusal.remedy} [{refusal.code}, {call.request_id}]"
    headers = {"x-amzn-RequestId": call.request_id, "x-amzn-ErrorType": name} | retry_headers(refusal)
    return JSONResponse({"__type": name, "message": text}, status, headers, media_type=MEDIA_TYPE)


def _answer(document: dict[str, object]) -> JSONResponse:
    return JSONResponse(document, media_type=MEDIA_TYPE)
