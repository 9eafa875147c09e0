"""The values of SAML: settings in, expectations beside them, a validated assertion out."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

CLOCK_SKEW: Final = timedelta(seconds=60)
"""The one tolerance between the identity provider's clock and ours (SAML Core 2.5.1.2 leaves it to us)."""

NAMEID_TRANSIENT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds that are checked before anything is parsed; sizes in bytes."""

    response: int = 256 * 1024
    elements: int = 4_000
    depth: int = 40
    attributes_per_element: int = 32
    namespaces_per_element: int = 16
    attribute_values: int = 1_000


@dataclass(frozen=True, slots=True)
class IdentityProvider:
    """One identity provider, from its metadata and our configuration.

    Attributes:
        name: our name for it, used in URLs and audit.
        entity_id: its exact Issuer.
        sign_in_url: its HTTP-Redirect single sign-on location.
        sign_out_url: its HTTP-Redirect single logout location, or "".
        sign_out_response_url: where answers to its logout requests go, "" for the same (Metadata 2.2.2).
        certificates: PEM signing certificates; the only keys that are trusted.
        wants_signed_requests: it takes no unsigned AuthnRequest.
        valid_until: when its metadata end, and our trust with them, or None.
        cache_duration: how long its metadata may be kept without asking again, or None.
    """

    name: str
    entity_id: str
    sign_in_url: str
    certificates: tuple[str, ...]
    sign_out_url: str = ""
    sign_out_response_url: str = ""
    wants_signed_requests: bool = False
    valid_until: datetime | None = None
    cache_duration: timedelta | None = None


@dataclass(frozen=True, slots=True)
class ServiceProvider:
    """What we are towards one identity provider.

    Attributes:
        entity_id: our name, the audience that an assertion must be for.
        acs_url: where responses must be sent (assertion consumer service), exact.
        slo_url: where logout requests must be sent (single logout service), exact; "" for none.
        name_id_format: what we ask for, or "" for no wish.
        certificate: PEM, published in our metadata, or "".
        private_key: PEM; decrypts assertions and signs requests; never printed. "" for none.
        next_certificate, next_private_key: those that will take their place: published and decrypting already, not yet
            signing, so that the provider may load our metadata at any time of the roll-over.
    """

    entity_id: str
    acs_url: str
    name_id_format: str = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
    certificate: str = ""
    private_key: str = ""
    next_certificate: str = ""
    next_private_key: str = ""
    slo_url: str = ""

    @property
    def certificates(self) -> tuple[str, ...]:
        """What our metadata publishes."""
        return tuple(filter(None, (self.certificate, self.next_certificate)))

    @property
    def decryption_keys(self) -> tuple[str, ...]:
        """The keys for which an assertion may be encrypted."""
        return tuple(filter(None, (self.private_key, self.next_private_key)))

    def __repr__(self) -> str:
        return f"ServiceProvider(entity_id={self.entity_id!r}, acs_url={self.acs_url!r})"


@dataclass(frozen=True, slots=True)
class Wish:
    """How we want a person to be signed in (SAML Core 3.4.1). A wish only: the assertion says what was done.

    Attributes:
        force_authn: anew, whatever session they have at the provider.
        authn_contexts: by one of these (AuthnContextClassRef); () for no wish.
    """

    force_authn: bool = False
    authn_contexts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RawResponse:
    """An unverified SAMLResponse form value: base64, as it came."""

    unverified_form_value: bytes


@dataclass(frozen=True, slots=True)
class ExpectedResponse:
    """What the response must be, decided before it is read.

    Attributes:
        provider: who must have issued it.
        service_provider: whom it must be for.
        request_id: the AuthnRequest that it must answer; None only where an unsolicited response is allowed.
    """

    provider: IdentityProvider
    service_provider: ServiceProvider
    request_id: str | None


@dataclass(frozen=True, slots=True)
class ProviderSession:
    """A person's session at the provider, as a logout names it (SAML Core 3.7.1); "" for what was left out."""

    name_id: str
    name_id_format: str = ""
    session_index: str = ""


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of the signed assertion; values in document order."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ValidatedAssertion:
    """Facts that the identity provider signed for us, now. Only `saml.validate` makes one.

    Attributes:
        assertion_id: key of the replay check.
        not_on_or_after: the end of the assertion itself; a replay record is kept until then plus `CLOCK_SKEW`.
        session_not_on_or_after: the provider's end of the session, or None.
        authn_context: AuthnContextClassRef, or "".
    """

    assertion_id: str
    issuer: str
    audience: str
    in_response_to: str | None
    name_id: str
    name_id_format: str
    session_index: str
    authn_instant: datetime
    authn_context: str
    not_on_or_after: datetime
    session_not_on_or_after: datetime | None
    attributes: tuple[Attribute, ...]
