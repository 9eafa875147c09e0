"""Why a SAML message is refused: one class, one stable code, per cause.

`what` and `remedy` are for the administrator who reads the audit record; the person at the browser sees only the public
reason (`broker.http.pages`), so that a refusal is no oracle.
"""

from enum import StrEnum
from typing import ClassVar


class PublicReason(StrEnum):
    """As much as an unauthenticated sender may learn."""

    REFUSED = "refused"
    EXPIRED = "expired"
    NOT_PERMITTED = "not-permitted"
    PROVIDER_FAILED = "provider-failed"


class SamlError(Exception):
    """Root of the refusals of SAML messages.

    Attributes:
        code: stable, lower case with hyphens; documented in docs/errors.md.
        public: as much as the sender may learn.
        what: what happened; never holds the message itself.
        remedy: what the administrator can do.
    """

    code: ClassVar[str] = "saml-refused"
    public: ClassVar[PublicReason] = PublicReason.REFUSED
    default_remedy: ClassVar[str] = "Compare the identity provider's application settings with the broker's metadata."

    def __init__(self, what: str, *, remedy: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy or self.default_remedy
