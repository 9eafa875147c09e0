"""What may stand where: the Web Browser SSO profile as a table (SAML Profiles 4.1.4, Core 2 and 3, XML Signature 4).

Stricter than the schemas: what the profile does not need is not there, so no extension point is left in which a second
assertion, a second signature or a reference to elsewhere could hide.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from saml import names
from saml.names import assertion, protocol, signature


@dataclass(frozen=True, slots=True)
class Rule:
    """One element.

    Attributes:
        required: XML attributes that must be there.
        optional: XML attributes that may be there.
        children: tag to (rule, least, most).
        foreign_attributes: XML attributes of other namespaces may be there; nobody reads them.
    """

    required: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    children: Mapping[str, "tuple[Rule, int, int]"] = field(default_factory=dict)
    foreign_attributes: bool = False


MANY: Final = 10_000


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _once(rule: Rule) -> tuple[Rule, int, int]:
    return rule, 1, 1


def _perhaps(rule: Rule) -> tuple[Rule, int, int]:
    return rule, 0, 1


def _any_number(rule: Rule) -> tuple[Rule, int, int]:
    return rule, 0, MANY


def _some(rule: Rule) -> tuple[Rule, int, int]:
    return rule, 1, MANY


_TEXT: Final = Rule()
_ALGORITHM: Final = Rule(required=_words("Algorithm"))
_NAME: Final = Rule(optional=_words("Format NameQualifier SPNameQualifier SPProvidedID"))

# --- XML Signature -------------------------------------------------------------------------------------------------

_C14N: Final = Rule(
    required=_words("Algorithm"),
    children={names.INCLUSIVE_NAMESPACES: _perhaps(Rule(required=_words("PrefixList")))},
)
_REFERENCE: Final = Rule(
    required=_words("URI"),
    children={
        names.TRANSFORMS: _once(Rule(children={names.TRANSFORM: (_C14N, 2, 2)})),
        names.DIGEST_METHOD: _once(_ALGORITHM),
        names.DIGEST_VALUE: _once(_TEXT),
    },
)
_SIGNED_INFO: Final = Rule(
    children={
        names.CANONICALIZATION_METHOD: _once(_C14N),
        names.SIGNATURE_METHOD: _once(_ALGORITHM),
        names.REFERENCE: _once(_REFERENCE),
    }
)
_X509_DATA: Final = Rule(
    children={
        names.X509_CERTIFICATE: _any_number(_TEXT),
        signature("X509SubjectName"): _any_number(_TEXT),
        signature("X509SKI"): _any_number(_TEXT),
        signature("X509IssuerSerial"): _any_number(
            Rule(
                children={signature("X509IssuerName"): _once(_TEXT), signature("X509SerialNumber"): _once(_TEXT)},
            )
        ),
    }
)
_RSA_KEY_VALUE: Final = Rule(children={signature("Modulus"): _once(_TEXT), signature("Exponent"): _once(_TEXT)})
_KEY_VALUE: Final = Rule(children={signature("RSAKeyValue"): _once(_RSA_KEY_VALUE)})
_NAMED_KEYS: Final = {
    names.X509_DATA: _any_number(_X509_DATA),
    signature("KeyName"): _perhaps(_TEXT),
    signature("KeyValue"): _perhaps(_KEY_VALUE),
}
_KEY_INFO: Final = Rule(optional=_words("Id"), children=_NAMED_KEYS)
SIGNATURE: Final = Rule(
    optional=_words("Id"),
    children={
        names.SIGNED_INFO: _once(_SIGNED_INFO),
        signature("SignatureValue"): _once(Rule(optional=_words("Id"))),
        names.KEY_INFO: _perhaps(_KEY_INFO),  # never trusted, so never read
    },
)

# --- XML Encryption ------------------------------------------------------------------------------------------------

_CIPHER_DATA: Final = Rule(children={names.CIPHER_VALUE: _once(_TEXT)})  # so no CipherReference
_KEY_TRANSPORT: Final = Rule(
    required=_words("Algorithm"),
    children={names.DIGEST_METHOD: _perhaps(_ALGORITHM), names.MASK_GENERATION: _perhaps(_ALGORITHM)},
)
_ENCRYPTED_KEY: Final = Rule(
    optional=_words("Id Recipient"),
    children={
        names.ENCRYPTION_METHOD: _once(_KEY_TRANSPORT),
        names.KEY_INFO: _perhaps(_KEY_INFO),
        names.CIPHER_DATA: _once(_CIPHER_DATA),
    },
)
_ENCRYPTED_DATA: Final = Rule(
    optional=_words("Id Type MimeType"),
    children={
        names.ENCRYPTION_METHOD: _once(_ALGORITHM),
        names.KEY_INFO: _perhaps(
            Rule(optional=_words("Id"), children={**_NAMED_KEYS, names.ENCRYPTED_KEY: _perhaps(_ENCRYPTED_KEY)})
        ),
        names.CIPHER_DATA: _once(_CIPHER_DATA),
    },
)
_ENCRYPTED_ASSERTION: Final = Rule(
    children={names.ENCRYPTED_DATA: _once(_ENCRYPTED_DATA), names.ENCRYPTED_KEY: _perhaps(_ENCRYPTED_KEY)}
)

# --- assertion -----------------------------------------------------------------------------------------------------

_CONFIRMATION_DATA: Final = Rule(optional=_words("InResponseTo NotBefore NotOnOrAfter Recipient Address"))
_SUBJECT: Final = Rule(
    children={
        names.NAME_ID: _once(_NAME),
        names.SUBJECT_CONFIRMATION: _once(
            Rule(
                required=_words("Method"),
                children={names.SUBJECT_CONFIRMATION_DATA: _perhaps(_CONFIRMATION_DATA)},
            )
        ),
    }
)
_CONDITIONS: Final = Rule(
    optional=_words("NotBefore NotOnOrAfter"),
    children={  # an unknown condition makes an assertion invalid (Core 2.5.1)
        names.AUDIENCE_RESTRICTION: _any_number(Rule(children={names.AUDIENCE: _any_number(_TEXT)})),
        assertion("OneTimeUse"): _perhaps(Rule()),  # every assertion is used once
        assertion("ProxyRestriction"): _perhaps(
            Rule(optional=_words("Count"), children={names.AUDIENCE: _any_number(_TEXT)})
        ),  # we are no identity provider, so this binds nothing
    },
)
_AUTHN_STATEMENT: Final = Rule(
    required=_words("AuthnInstant"),
    optional=_words("SessionIndex SessionNotOnOrAfter"),
    children={
        assertion("SubjectLocality"): _perhaps(Rule(optional=_words("Address DNSName"))),
        names.AUTHN_CONTEXT: _once(
            Rule(
                children={
                    names.AUTHN_CONTEXT_CLASS: _perhaps(_TEXT),
                    assertion("AuthnContextDeclRef"): _perhaps(_TEXT),
                    assertion("AuthenticatingAuthority"): _any_number(_TEXT),
                }
            )
        ),
    },
)
_XSI: Final = frozenset(f"{{{names.SCHEMA_INSTANCE_NS}}}{name}" for name in ("type", "nil"))
_ATTRIBUTE: Final = Rule(
    required=_words("Name"),
    optional=_words("NameFormat FriendlyName"),
    foreign_attributes=True,
    children={names.ATTRIBUTE_VALUE: _any_number(Rule(optional=_XSI))},
)
ASSERTION: Final = Rule(
    required=_words("ID Version IssueInstant"),
    children={
        names.ISSUER: _once(_NAME),
        names.SIGNATURE: _perhaps(SIGNATURE),
        names.SUBJECT: _once(_SUBJECT),
        names.CONDITIONS: _once(_CONDITIONS),
        names.AUTHN_STATEMENT: _once(_AUTHN_STATEMENT),
        names.ATTRIBUTE_STATEMENT: _perhaps(Rule(children={names.ATTRIBUTE: _some(_ATTRIBUTE)})),
    },
)

# --- response ------------------------------------------------------------------------------------------------------

_INNER_STATUS_CODE: Final = Rule(required=_words("Value"))
_STATUS: Final = Rule(
    children={
        names.STATUS_CODE: _once(
            Rule(required=_words("Value"), children={names.STATUS_CODE: _perhaps(_INNER_STATUS_CODE)})
        ),
        protocol("StatusMessage"): _perhaps(_TEXT),
    }
)
RESPONSE: Final = Rule(
    required=_words("ID Version IssueInstant"),
    optional=_words("Destination InResponseTo Consent"),
    children={
        names.ISSUER: _perhaps(_NAME),
        names.SIGNATURE: _perhaps(SIGNATURE),
        names.STATUS: _once(_STATUS),
        # How many assertions there are is decided after the status, since a failure has none.
        names.ASSERTION: _any_number(ASSERTION),
        names.ENCRYPTED_ASSERTION: _any_number(_ENCRYPTED_ASSERTION),
    },
)

# --- single logout -------------------------------------------------------------------------------------------------

LOGOUT_REQUEST: Final = Rule(
    required=_words("ID Version IssueInstant"),
    optional=_words("Destination NotOnOrAfter Reason Consent"),
    children={
        names.ISSUER: _once(_NAME),
        names.SIGNATURE: _perhaps(SIGNATURE),
        names.NAME_ID: _once(_NAME),
        names.SESSION_INDEX: _any_number(_TEXT),
    },
)
LOGOUT_RESPONSE: Final = Rule(
    required=_words("ID Version IssueInstant InResponseTo"),
    optional=_words("Destination Consent"),
    children={
        names.ISSUER: _once(_NAME),
        names.SIGNATURE: _perhaps(SIGNATURE),
        names.STATUS: _once(_STATUS),
    },
)
