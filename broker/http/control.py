"""Orders of the administrator at the broker's own machine (`broker.control`)."""

from dataclasses import dataclass

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from broker.audit import AuditEvent, AuditLog, AuditRecord
from broker.control import Control
from broker.errors import SessionError
from broker.http.call import Call, Endpoints, bearer_token


@dataclass(frozen=True, slots=True)
class ControlEndpoints:
    """What `broker policy reload` calls."""

    control: Control
    audit: AuditLog

    def routes(self, endpoints: Endpoints) -> list[Route]:
        """The routes."""
        return [endpoints.post("/v1/policy/reload", self.reload_policy)]

    def reload_policy(self, call: Call) -> Response:
        """Read the policy anew; what is in force afterwards."""
        try:
            policy = self.control.reload_policy(bearer_token(call.request), call.request_id, call.now)
        except SessionError as refusal:
            self.audit.record(AuditRecord(AuditEvent.POLICY_REFUSED, call.now, call.request_id, code=refusal.code))
            raise
        return JSONResponse({"rules": len(policy.rules), "denials": len(policy.denials)})
