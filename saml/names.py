"""The names of the specifications: namespaces, elements, and the algorithms that we accept."""

from typing import Final

PROTOCOL_NS: Final = "urn:oasis:names:tc:SAML:2.0:protocol"
ASSERTION_NS: Final = "urn:oasis:names:tc:SAML:2.0:assertion"
METADATA_NS: Final = "urn:oasis:names:tc:SAML:2.0:metadata"
SIGNATURE_NS: Final = "http://www.w3.org/2000/09/xmldsig#"
ENCRYPTION_NS: Final = "http://www.w3.org/2001/04/xmlenc#"
ENCRYPTION11_NS: Final = "http://www.w3.org/2009/xmlenc11#"
EXCLUSIVE_C14N: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
SCHEMA_INSTANCE_NS: Final = "http://www.w3.org/2001/XMLSchema-instance"

POST_BINDING: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
REDIRECT_BINDING: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
BEARER: Final = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
ENTITY_FORMAT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"
STATUS_PREFIX: Final = "urn:oasis:names:tc:SAML:2.0:status:"
STATUS_SUCCESS: Final = STATUS_PREFIX + "Success"


def protocol(name: str) -> str:
    """A tag of the protocol schema, in Clark notation; likewise the functions below for their schemas."""
    return f"{{{PROTOCOL_NS}}}{name}"


def assertion(name: str) -> str:
    return f"{{{ASSERTION_NS}}}{name}"


def metadata(name: str) -> str:
    return f"{{{METADATA_NS}}}{name}"


def signature(name: str) -> str:
    return f"{{{SIGNATURE_NS}}}{name}"


def encryption(name: str) -> str:
    return f"{{{ENCRYPTION_NS}}}{name}"


RESPONSE: Final = protocol("Response")
LOGOUT_REQUEST: Final = protocol("LogoutRequest")
LOGOUT_RESPONSE: Final = protocol("LogoutResponse")
SESSION_INDEX: Final = protocol("SessionIndex")
STATUS: Final = protocol("Status")
STATUS_CODE: Final = protocol("StatusCode")
ASSERTION: Final = assertion("Assertion")
ENCRYPTED_ASSERTION: Final = assertion("EncryptedAssertion")
ISSUER: Final = assertion("Issuer")
SUBJECT: Final = assertion("Subject")
NAME_ID: Final = assertion("NameID")
SUBJECT_CONFIRMATION: Final = assertion("SubjectConfirmation")
SUBJECT_CONFIRMATION_DATA: Final = assertion("SubjectConfirmationData")
CONDITIONS: Final = assertion("Conditions")
AUDIENCE_RESTRICTION: Final = assertion("AudienceRestriction")
AUDIENCE: Final = assertion("Audience")
AUTHN_STATEMENT: Final = assertion("AuthnStatement")
AUTHN_CONTEXT: Final = assertion("AuthnContext")
AUTHN_CONTEXT_CLASS: Final = assertion("AuthnContextClassRef")
ATTRIBUTE_STATEMENT: Final = assertion("AttributeStatement")
ATTRIBUTE: Final = assertion("Attribute")
ATTRIBUTE_VALUE: Final = assertion("AttributeValue")

SIGNATURE: Final = signature("Signature")
SIGNED_INFO: Final = signature("SignedInfo")
CANONICALIZATION_METHOD: Final = signature("CanonicalizationMethod")
SIGNATURE_METHOD: Final = signature("SignatureMethod")
REFERENCE: Final = signature("Reference")
TRANSFORMS: Final = signature("Transforms")
TRANSFORM: Final = signature("Transform")
DIGEST_METHOD: Final = signature("DigestMethod")
DIGEST_VALUE: Final = signature("DigestValue")
KEY_INFO: Final = signature("KeyInfo")
X509_DATA: Final = signature("X509Data")
X509_CERTIFICATE: Final = signature("X509Certificate")
INCLUSIVE_NAMESPACES: Final = f"{{{EXCLUSIVE_C14N}}}InclusiveNamespaces"

ENCRYPTED_DATA: Final = encryption("EncryptedData")
ENCRYPTED_KEY: Final = encryption("EncryptedKey")
ENCRYPTION_METHOD: Final = encryption("EncryptionMethod")
CIPHER_DATA: Final = encryption("CipherData")
CIPHER_VALUE: Final = encryption("CipherValue")
MASK_GENERATION: Final = f"{{{ENCRYPTION11_NS}}}MGF"

ENVELOPED_SIGNATURE: Final = SIGNATURE_NS + "enveloped-signature"
_MORE: Final = "http://www.w3.org/2001/04/xmldsig-more#"

SIGNATURE_ALGORITHMS: Final = frozenset(
    _MORE + name for name in ("rsa-sha256", "rsa-sha384", "rsa-sha512", "ecdsa-sha256", "ecdsa-sha384", "ecdsa-sha512")
)
DIGEST_ALGORITHMS: Final = {
    ENCRYPTION_NS + "sha256": "sha256",
    _MORE + "sha384": "sha384",
    ENCRYPTION_NS + "sha512": "sha512",
}
"""Digest algorithm to its name in hashlib."""
