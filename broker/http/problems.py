"""From an error to an answer: the only code -> HTTP status table, and problem documents (RFC 9457)."""

import logging
import traceback
from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Final

from starlette.responses import JSONResponse

from broker.errors import BrokerError, Refusal
from broker.http.call import Call

_LOG: Final = logging.getLogger("broker.http")

PROBLEM_TYPE: Final = "urn:warehouse-access-broker:problem:"

_CODES: Final[Mapping[int, tuple[str, ...]]] = MappingProxyType(
    {
        400: (
            "request-malformed",
            "workgroup-needed",
            "service-token-invalid",
            "privilege-unknown",
            "duration-out-of-range",
            "login-not-pending",
            "oauth-invalid-request",
            "oauth-invalid-grant",
            "oauth-unsupported-grant-type",
            "oauth-unsupported-response-type",
            "oauth-redirect-refused",
            "oauth-authorization-pending",
            "oauth-slow-down",
            "oauth-expired-token",
            "oauth-access-denied",
        ),
        401: (
            "session-invalid",
            "session-expired",
            "session-revoked",
            "session-superseded",
            "oauth-invalid-client",
            "service-token-refused",
            "signature-incomplete",
            "signature-invalid",
        ),
        403: (
            "login-failed",
            "login-from-another-browser",
            "login-at-another-provider",
            "assertion-replayed",
            "logout-unconfirmed",
            "unsolicited-login-refused",
            "access-role-refused",
            "database-user-refused",
            "step-up-required",
            "session-tagging-refused",
            "principal-tag-invalid",
            "credentials-refused",
            "administrator-needed",
            "roles-refused",
            "no-database-role",
            "database-user-name-invalid",
            "database-user-name-too-long",
            "database-user-name-reserved",
            "database-user-privileged",
            "database-role-name-invalid",
            "database-role-name-too-long",
        ),
        404: (
            "identity-provider-unknown",
            "workgroup-unknown",
            "database-unknown",
            "person-unknown",
            "service-token-unknown",
            "operation-unknown",
        ),
        409: (
            "database-user-taken",
            "database-user-of-another",
            "database-user-not-managed",
            "database-closed",
            "person-ambiguous",
            "reassign-target-refused",
        ),
        413: ("request-too-large",),
        429: ("too-many-requests",),
        500: (
            "internal-error",
            "configuration-invalid",
            "policy-invalid",
            "saml-metadata-invalid",
            "saml-metadata-expired",
            "saml-metadata-entity-unknown",
            "saml-certificate-invalid",
            "saml-private-key-invalid",
        ),
        502: ("warehouse-refused",),
        503: (
            "warehouse-unavailable",
            "warehouse-busy",
            "warehouse-outcome-unknown",
            "store-unavailable",
            "store-too-new",
            "metadata-unavailable",
            "key-ring-unusable",
        ),
    }
)

STATUS: Final[Mapping[str, int]] = MappingProxyType(
    {code: status for status, codes in _CODES.items() for code in codes}
)

_SAML: Final = "saml-"
_SAML_STATUS: Final = 403
"""One for every refusal of a SAML response: the status is no oracle either."""


def status_of(code: str) -> int:
    """The HTTP status of a refusal; a code that is not in the table is a defect, so 500."""
    return STATUS.get(code, _SAML_STATUS if code.startswith(_SAML) else HTTPStatus.INTERNAL_SERVER_ERROR)


def as_refusal(error: Exception, request_id: str) -> Refusal:
    """The error itself if it is one of the product's, else a plain internal error.

    A defect is logged by its place alone: the text of a foreign exception may hold what it was working on.
    """
    if isinstance(error, Refusal):
        return error
    places = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
    _LOG.error("request %s failed: %s at %s", request_id, type(error).__qualname__, " < ".join(reversed(places[-6:])))
    return BrokerError("The broker failed at this request.")


def retry_headers(refusal: Refusal) -> dict[str, str]:
    """When to ask again, if the refusal knows (RFC 9110 10.2.3)."""
    retry_after: int | None = getattr(refusal, "retry_after", None)
    return {} if retry_after is None else {"Retry-After": str(retry_after)}


def problem(call: Call, error: Exception) -> JSONResponse:
    """The problem document for a refusal."""
    refusal = as_refusal(error, call.request_id)
    status = status_of(refusal.code)
    retry_after: int | None = getattr(refusal, "retry_after", None)
    document: dict[str, str | int] = {
        "type": PROBLEM_TYPE + refusal.code,
        "title": refusal.code.replace("-", " ").capitalize(),
        "status": status,
        "detail": refusal.what,
        "remedy": refusal.remedy,
        "code": refusal.code,
        "request_id": call.request_id,
    }
    headers = retry_headers(refusal)
    if retry_after is not None:
        document["retry_after"] = retry_after
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'  # RFC 6750 3
    return JSONResponse(document, status, headers, media_type="application/problem+json")
