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


# --- before anything is parsed -------------------------------------------------------------------------------------


class ResponseTooLarge(SamlError):
    """The form value is over the size limit."""

    code = "saml-too-large"


class ResponseNotBase64(SamlError):
    """The form value is not strict base64."""

    code = "saml-not-base64"


class ResponseNotUtf8(SamlError):
    """The document is, or declares, another encoding than UTF-8."""

    code = "saml-not-utf8"


class MarkupForbidden(SamlError):
    """A document type, CDATA section, comment or processing instruction: no identity provider needs one here."""

    code = "saml-markup-forbidden"


class NamespaceForbidden(SamlError):
    """A namespace that is no absolute URI, on which canonicalisation fails open (CVE-2025-66568), or too many."""

    code = "saml-namespace-forbidden"


class NotWellFormed(SamlError):
    """The bytes are no well-formed XML."""

    code = "saml-not-well-formed"


class TooComplex(SamlError):
    """Too many elements, too deep, or too many attributes."""

    code = "saml-too-complex"


# --- shape, before any cryptography --------------------------------------------------------------------------------


class ElementUnexpected(SamlError):
    """An element in a place where the profile has none."""

    code = "saml-element-unexpected"


class ElementMissing(SamlError):
    """An element that the profile requires is not there."""

    code = "saml-element-missing"


class ElementRepeated(SamlError):
    """An element is there more often than the profile lets it be."""

    code = "saml-element-repeated"


class XmlAttributeUnexpected(SamlError):
    """An XML attribute on an element that has none of that name."""

    code = "saml-xml-attribute-unexpected"


class XmlAttributeMissing(SamlError):
    """An XML attribute that the profile requires is not there."""

    code = "saml-xml-attribute-missing"


class TextUnexpected(SamlError):
    """Text beside child elements, where a reader could see more or less than another."""

    code = "saml-text-unexpected"


class IdInvalid(SamlError):
    """An ID that is no plain name."""

    code = "saml-id-invalid"


class IdRepeated(SamlError):
    """One ID on two elements: a signature over it would be ambiguous."""

    code = "saml-id-repeated"


class VersionUnsupported(SamlError):
    """The message is not of SAML 2.0."""

    code = "saml-version-unsupported"


class AssertionMissing(SamlError):
    """The response holds no assertion."""

    code = "saml-assertion-missing"


class AssertionRepeated(SamlError):
    """The response holds more than one assertion."""

    code = "saml-assertion-repeated"


class SignatureMissing(SamlError):
    """Neither the response nor the assertion is signed."""

    code = "saml-signature-missing"
    default_remedy = "Let the identity provider sign the assertion."


class SignatureReferenceWrong(SamlError):
    """A signature that does not refer to the element that it stands in (SAML Core 5.4.2)."""

    code = "saml-signature-reference-wrong"


class TransformForbidden(SamlError):
    """Other transforms than enveloped-signature and exclusive canonicalisation (SAML Core 5.4.4)."""

    code = "saml-transform-forbidden"


class AlgorithmForbidden(SamlError):
    """A signature or digest algorithm that is not on our list."""

    code = "saml-algorithm-forbidden"
    default_remedy = "Let the identity provider sign with RSA-SHA256 (or stronger) and a SHA-256 digest."


# --- cryptography --------------------------------------------------------------------------------------------------


class SignatureInvalid(SamlError):
    """No configured certificate of the provider made this signature over these bytes."""

    code = "saml-signature-invalid"
    default_remedy = "Load the identity provider's current metadata: its signing certificate may have changed."


class EncryptionForbidden(SamlError):
    """A cipher or key transport that is not on our list, or CBC without a signature around it."""

    code = "saml-encryption-forbidden"
    default_remedy = "Let the identity provider encrypt with AES-GCM and RSA-OAEP."


class DecryptionKeyMissing(SamlError):
    """The assertion is encrypted, and the broker has no private key."""

    code = "saml-decryption-key-missing"
    default_remedy = "Configure `saml.private_key`, or let the identity provider send the assertion unencrypted."


class DecryptionFailed(SamlError):
    """The assertion was not encrypted for our key, or was changed; which one is not told (padding oracles)."""

    code = "saml-decryption-failed"
    default_remedy = "Load the broker's current metadata at the identity provider: its certificate may have changed."


class PrivateKeyInvalid(SamlError):
    """Our own private key is not a PEM RSA key."""

    code = "saml-private-key-invalid"
    default_remedy = "Configure a PEM RSA key as `saml.private_key`."


# --- what the assertion says ---------------------------------------------------------------------------------------


class StatusNotSuccess(SamlError):
    """The identity provider reports that the sign-in failed (SAML Core 3.2.2.2)."""

    code = "saml-status-not-success"
    public = PublicReason.PROVIDER_FAILED
    default_remedy = "Look at the identity provider's own log: it refused the sign-in."


class IssuerWrong(SamlError):
    """The Issuer is not, to the letter, the entity that this sign-in was sent to."""

    code = "saml-issuer-wrong"
    default_remedy = "Compare the provider's entity ID with its metadata."


class DestinationWrong(SamlError):
    """The response was not, to the letter, addressed to our assertion consumer service."""

    code = "saml-destination-wrong"
    default_remedy = "Set the application's ACS URL to the one in the broker's metadata."


class RecipientWrong(SamlError):
    """The confirmation is not, to the letter, for our assertion consumer service (SAML Profiles 4.1.4.2)."""

    code = "saml-recipient-wrong"
    default_remedy = "Set the application's ACS URL (recipient) to the one in the broker's metadata."


class InResponseToWrong(SamlError):
    """The response does not answer the request of this sign-in, or answers one where there was none."""

    code = "saml-in-response-to-wrong"
    default_remedy = "Start the sign-in again; if that fails, let the application answer SP-initiated requests."


class AudienceMissing(SamlError):
    """The assertion is restricted to no audience."""

    code = "saml-audience-missing"
    default_remedy = "Set the application's audience (SP entity ID) to the one in the broker's metadata."


class AudienceWrong(SamlError):
    """An audience restriction does not name us; each must (SAML Core 2.5.1.4)."""

    code = "saml-audience-wrong"
    default_remedy = "Set the application's audience (SP entity ID) to the one in the broker's metadata."


class ConfirmationWrong(SamlError):
    """The subject is not confirmed by exactly one bearer confirmation (SAML Profiles 4.1.4.2)."""

    code = "saml-confirmation-wrong"


class TimeMissing(SamlError):
    """A bound in time that the profile requires is not there."""

    code = "saml-time-missing"


class TimeInvalid(SamlError):
    """A time that is not written in UTC as SAML Core 1.3.3 has it."""

    code = "saml-time-invalid"


class NotYetValid(SamlError):
    """A time that has not come, even with the clock skew that we grant."""

    code = "saml-not-yet-valid"
    default_remedy = "Compare the clocks of the identity provider and the broker (NTP)."


class Expired(SamlError):
    """A time that has passed, even with the clock skew that we grant."""

    code = "saml-expired"
    public = PublicReason.EXPIRED
    default_remedy = "Start the sign-in again; if that fails, compare the clocks of both machines (NTP)."


class LifetimeTooLong(SamlError):
    """An assertion that would stay good for longer than we remember it."""

    code = "saml-lifetime-too-long"
    default_remedy = "Shorten the assertion's lifetime at the identity provider."


class NameIdInvalid(SamlError):
    """A NameID that is empty or holds characters that no name has."""

    code = "saml-name-id-invalid"
    default_remedy = "Correct the person's name at the identity provider."


# --- attributes ----------------------------------------------------------------------------------------------------


class AttributeRefused(SamlError):
    """An attribute that cannot be used; the text names it."""

    code = "saml-attribute-invalid"
    public = PublicReason.NOT_PERMITTED
    default_remedy = "Correct the named attribute statement at the identity provider."


class AttributeMissing(AttributeRefused):
    """The assertion does not carry the attribute."""

    code = "saml-attribute-missing"


class AttributeRepeated(AttributeRefused):
    """An attribute of one value has several."""

    code = "saml-attribute-repeated"


class AttributeTextForbidden(AttributeRefused):
    """A value is empty, has white space at an end, or characters that are not what they look like."""

    code = "saml-attribute-text-forbidden"


class TagLimitExceeded(AttributeRefused):
    """A session tag breaks the limits of the contract: how many, how long, which characters."""

    code = "saml-tag-limit-exceeded"


# --- metadata ------------------------------------------------------------------------------------------------------


class MetadataInvalid(SamlError):
    """The metadata document does not describe an identity provider that we can use."""

    code = "saml-metadata-invalid"
    default_remedy = "Download the metadata of the application from the identity provider again."


class MetadataExpired(MetadataInvalid):
    """The metadata's validUntil has passed."""

    code = "saml-metadata-expired"


class MetadataEntityUnknown(MetadataInvalid):
    """The document holds several identity providers, or not the one that the configuration names."""

    code = "saml-metadata-entity-unknown"
    default_remedy = "Name the provider with `metadata_entity_id` in its configuration."


class CertificateInvalid(MetadataInvalid):
    """A signing certificate that cannot be read, or whose key is too weak."""

    code = "saml-certificate-invalid"


def refusal_classes() -> list[type[SamlError]]:
    """Every error class of this package, root first, for docs/errors.md and its test."""

    def below(cls: type[SamlError]) -> list[type[SamlError]]:
        return [cls, *(found for sub in cls.__subclasses__() for found in below(sub))]

    return below(SamlError)
