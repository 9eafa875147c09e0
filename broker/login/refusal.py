"""What the person at the browser may read about a refused sign-in.

A SAML refusal names only its public reason, so that it is no oracle for whoever forged the answer; the audit has the
rest under the reference number. The broker's own refusals come after the signature held, and speak to their owner.
"""

from types import MappingProxyType
from typing import Final

from broker.errors import Refusal
from saml.errors import PublicReason, SamlError

PUBLIC_REASONS: Final = MappingProxyType(
    {
        PublicReason.REFUSED: "The identity provider's answer could not be accepted.",
        PublicReason.EXPIRED: "The identity provider's answer came too late, or the clocks disagree.",
        PublicReason.NOT_PERMITTED: "The identity provider's answer does not permit this sign-in.",
        PublicReason.PROVIDER_FAILED: "The identity provider could not sign you in.",
    }
)


def public_text(refusal: Refusal) -> str:
    """One or two sentences for the person."""
    return PUBLIC_REASONS[refusal.public] if isinstance(refusal, SamlError) else refusal.what


def public_remedy(refusal: Refusal) -> str:
    """What the person can do."""
    if isinstance(refusal, SamlError):
        return "Start the sign-in again. If it keeps failing, tell the administrator the reference number."
    return refusal.remedy
