"""Named lies about a SAML response, each with the refusal that it must meet.

`HOSTILE` maps a name to a `Case`. Each breaks one thing in a response that is otherwise good for the service provider
of `tests.simulators.saml_world`.
"""

import base64
import copy
from collections.abc import Callable
from datetime import timedelta

import xmlsec
from lxml import etree

from saml import errors
from tests.simulators.identity_provider import DS, SAML, SAMLP, XENC, Lie, Shape, Tree
from tests.simulators.saml_keys import key_pair
from tests.simulators.saml_lie_kit import (
    SIGNED_BOTH,
    UNSIGNED,
    Case,
    at,
    attribute,
    drop,
    put,
    replaced,
    said,
    tampered,
    text,
    twice,
    written,
)
from tests.simulators.saml_wrapping import WRAPPING

# --- signatures ----------------------------------------------------------------------------------------------------

_SIGNATURE = "saml:Assertion/ds:Signature"
_INFO = f"{_SIGNATURE}/ds:SignedInfo"
_REFERENCE = f"{_INFO}/ds:Reference"
_TRANSFORMS = f"{_REFERENCE}/ds:Transforms"
_XSLT = "http://www.w3.org/TR/1999/REC-xslt-19991116"
_XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"

SIGNATURES = {
    "no signature": said(errors.SignatureMissing, sign=UNSIGNED),
    "signature removed": tampered(errors.SignatureMissing, drop(_SIGNATURE)),
    "signature emptied": tampered(errors.ElementMissing, lambda tree: at(tree, _SIGNATURE).clear()),
    "signature value emptied": tampered(errors.SignatureInvalid, text(f"{_SIGNATURE}/ds:SignatureValue", "")),
    "signature doubled": tampered(errors.ElementRepeated, twice(_SIGNATURE)),
    "signature in the subject": tampered(
        errors.ElementUnexpected, lambda tree: at(tree, "//saml:Subject").append(at(tree, _SIGNATURE))
    ),
    "foreign key": said(errors.SignatureInvalid, keys=key_pair("somebody else")),
    "name changed": tampered(errors.SignatureInvalid, text("//saml:NameID", "admin@example.com")),
    "attribute changed": tampered(errors.SignatureInvalid, text("//saml:AttributeValue", "admin")),
    "attribute added": tampered(errors.SignatureInvalid, twice("//saml:Attribute")),
    "unsigned attribute statement beside": tampered(errors.ElementRepeated, twice("//saml:AttributeStatement")),
    "one of two signatures bad": tampered(
        errors.SignatureInvalid, attribute(".", "Consent", "urn:evil"), sign=SIGNED_BOTH
    ),
    "reference to the whole document": tampered(errors.SignatureReferenceWrong, attribute(_REFERENCE, "URI", "")),
    "reference to a file": tampered(errors.SignatureReferenceWrong, attribute(_REFERENCE, "URI", "file:///dev/zero")),
    "reference by XPointer": tampered(errors.SignatureReferenceWrong, attribute(_REFERENCE, "URI", "#xpointer(/)")),
    "reference of no URI": tampered(errors.XmlAttributeMissing, attribute(_REFERENCE, "URI", None)),
    "two references": tampered(errors.ElementRepeated, twice(_REFERENCE)),
    "no reference": tampered(errors.ElementMissing, drop(_REFERENCE)),
    "two digest values": tampered(errors.ElementRepeated, twice(f"{_REFERENCE}/ds:DigestValue")),
    "manifest in an object": tampered(
        errors.ElementUnexpected, put(_SIGNATURE, f'<Object xmlns="{DS}"><Manifest/></Object>')
    ),
    "retrieval method": tampered(
        errors.ElementUnexpected,
        put(f"{_SIGNATURE}/ds:KeyInfo", f'<RetrievalMethod xmlns="{DS}" URI="http://127.0.0.1:9/key"/>'),
    ),
    "rsa-sha1": said(errors.AlgorithmForbidden, signature_method=xmlsec.Transform.RSA_SHA1),
    "sha1 digest": said(errors.AlgorithmForbidden, digest_method=xmlsec.Transform.SHA1),
    "hmac with the public key": tampered(
        errors.AlgorithmForbidden,
        attribute(f"{_INFO}/ds:SignatureMethod", "Algorithm", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"),
    ),
    "truncated hmac": tampered(
        errors.ElementUnexpected,
        put(f"{_INFO}/ds:SignatureMethod", f'<HMACOutputLength xmlns="{DS}">1</HMACOutputLength>'),
    ),
    "no algorithm": tampered(errors.XmlAttributeMissing, attribute(f"{_INFO}/ds:SignatureMethod", "Algorithm", None)),
    "another algorithm": tampered(
        errors.SignatureInvalid,
        attribute(f"{_INFO}/ds:SignatureMethod", "Algorithm", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512"),
    ),
    "xslt transform": tampered(
        errors.TransformForbidden, attribute(f"{_TRANSFORMS}/ds:Transform[2]", "Algorithm", _XSLT)
    ),
    "xpath transform": tampered(
        errors.TransformForbidden, attribute(f"{_TRANSFORMS}/ds:Transform[1]", "Algorithm", _XPATH)
    ),
    "xpath expression": tampered(
        errors.ElementUnexpected, put(f"{_TRANSFORMS}/ds:Transform[2]", f'<XPath xmlns="{DS}">1</XPath>')
    ),
    "third transform": tampered(errors.ElementRepeated, twice(f"{_TRANSFORMS}/ds:Transform[2]")),
    "one transform": tampered(errors.ElementMissing, drop(f"{_TRANSFORMS}/ds:Transform[2]")),
    "canonicalisation with comments": tampered(
        errors.TransformForbidden,
        attribute(
            f"{_INFO}/ds:CanonicalizationMethod", "Algorithm", "http://www.w3.org/2001/10/xml-exc-c14n#WithComments"
        ),
    ),
    "prefix list of junk": tampered(
        errors.TransformForbidden,
        put(
            f"{_TRANSFORMS}/ds:Transform[2]",
            '<InclusiveNamespaces xmlns="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="&amp;"/>',
        ),
    ),
}

# --- encryption ----------------------------------------------------------------------------------------------------

_FOR_US = key_pair("service provider").certificate
_DATA = "saml:EncryptedAssertion/xenc:EncryptedData"
_KEY_METHOD = "//xenc:EncryptedKey/xenc:EncryptionMethod"


def _two_encrypted_keys(tree: Tree) -> None:
    at(tree, "saml:EncryptedAssertion").append(copy.deepcopy(at(tree, "//xenc:EncryptedKey")))


def _flipped(tree: Tree) -> None:
    value = at(tree, f"{_DATA}/xenc:CipherData/xenc:CipherValue")
    raw = bytearray(base64.b64decode(value.text))
    raw[-20] ^= 1
    value.text = base64.b64encode(raw).decode()


def _commented_name(tree: Tree) -> None:
    at(tree, "//saml:NameID").append(etree.Comment("x"))


def _cdata_name(tree: Tree) -> None:
    at(tree, "//saml:NameID").text = etree.CDATA("ethan@example.com")


ENCRYPTION = {
    "comment in an encrypted name": written(errors.MarkupForbidden, _commented_name, encrypt_for=_FOR_US),
    "cdata in an encrypted name": written(errors.MarkupForbidden, _cdata_name, encrypt_for=_FOR_US),
    "encrypted and unsigned": said(errors.SignatureMissing, sign=UNSIGNED, encrypt_for=_FOR_US),
    "encrypted for another": said(errors.DecryptionFailed, encrypt_for=key_pair("somebody else").certificate),
    "ciphertext changed": tampered(errors.DecryptionFailed, _flipped, encrypt_for=_FOR_US),
    "cbc without a signed response": said(
        errors.EncryptionForbidden, encrypt_for=_FOR_US, cipher=xmlsec.Transform.AES256
    ),
    "rsa 1.5": said(errors.EncryptionForbidden, encrypt_for=_FOR_US, key_transport=xmlsec.Transform.RSA_PKCS1),
    "unknown oaep digest": tampered(
        errors.EncryptionForbidden,
        put(_KEY_METHOD, f'<DigestMethod xmlns="{DS}" Algorithm="http://www.w3.org/2001/04/xmldsig-more#md5"/>'),
        encrypt_for=_FOR_US,
    ),
    "cipher reference": tampered(
        errors.ElementUnexpected,
        put(f"{_DATA}/xenc:CipherData", f'<CipherReference xmlns="{XENC}" URI="file:///dev/zero"/>'),
        encrypt_for=_FOR_US,
    ),
    "no encrypted key": tampered(errors.EncryptionForbidden, drop("//xenc:EncryptedKey"), encrypt_for=_FOR_US),
    "two encrypted keys": tampered(errors.EncryptionForbidden, _two_encrypted_keys, encrypt_for=_FOR_US),
    "two encrypted assertions": tampered(
        errors.AssertionRepeated, twice("saml:EncryptedAssertion"), encrypt_for=_FOR_US
    ),
    "wrong audience, encrypted": said(
        errors.AudienceWrong, truth={"encrypt_for": _FOR_US}, audiences=(("urn:another",),)
    ),
    "encrypted for us under a foreign signature": said(
        errors.SignatureInvalid, truth={"encrypt_for": _FOR_US}, keys=key_pair("somebody else")
    ),
}

# --- what the provider says ----------------------------------------------------------------------------------------

_SKEWED = timedelta(seconds=61)

CLAIMS = {
    "wrong issuer": said(errors.IssuerWrong, issuer="https://another.example.com/metadata"),
    "issuer and more": said(errors.IssuerWrong, issuer="https://idp.example.com/metadata/x"),
    "empty issuer": said(errors.IssuerWrong, issuer=""),
    "no issuer": said(errors.ElementMissing, issuer=None),
    "wrong response issuer": said(errors.IssuerWrong, response_issuer="https://another.example.com/metadata"),
    "no destination": said(errors.DestinationWrong, destination=None),
    "destination and more": said(errors.DestinationWrong, destination="https://broker.example.com/saml/okta/acs/x"),
    "destination of another": said(errors.DestinationWrong, destination="https://another.example.com/acs"),
    "no recipient": said(errors.RecipientWrong, recipient=None),
    "recipient and more": said(errors.RecipientWrong, recipient="https://broker.example.com/saml/okta/acs?x"),
    "recipient that contains us": said(
        errors.RecipientWrong, recipient="https://evil.example.com/https://broker.example.com/saml/okta/acs"
    ),
    "no in-response-to": said(errors.InResponseToWrong, in_response_to=None),
    "another in-response-to": said(errors.InResponseToWrong, in_response_to="_another"),
    "no confirmed in-response-to": said(errors.InResponseToWrong, confirmation_in_response_to=None),
    "another confirmed in-response-to": said(errors.InResponseToWrong, confirmation_in_response_to="_another"),
    "no audience restriction": said(errors.AudienceMissing, audiences=()),
    "empty audience restriction": said(errors.AudienceWrong, audiences=((),)),
    "another audience": said(errors.AudienceWrong, audiences=(("urn:another",),)),
    "second restriction is another's": said(
        errors.AudienceWrong, audiences=(("urn:broker:example",), ("urn:another",))
    ),
    "audience with white space": said(errors.AudienceWrong, audiences=((" urn:broker:example",),)),
    "holder of key": said(errors.ConfirmationWrong, method="urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"),
    "sender vouches": said(errors.ConfirmationWrong, method="urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"),
    "no confirmation": written(errors.ElementMissing, drop("//saml:SubjectConfirmation")),
    "two confirmations": written(errors.ElementRepeated, twice("//saml:SubjectConfirmation")),
    "no confirmation data": written(errors.ConfirmationWrong, drop("//saml:SubjectConfirmationData")),
    "failed": said(errors.StatusNotSuccess, status="urn:oasis:names:tc:SAML:2.0:status:Responder"),
    "failed without an assertion": written(
        errors.StatusNotSuccess,
        drop("saml:Assertion"),
        sign=UNSIGNED,
        status="urn:oasis:names:tc:SAML:2.0:status:Requester",
    ),
    "no assertion": written(errors.AssertionMissing, drop("saml:Assertion"), sign=UNSIGNED),
    "no name": said(errors.ElementMissing, name_id=None),
    "empty name": said(errors.NameIdInvalid, name_id=""),
    "name with a line end": said(errors.NameIdInvalid, name_id="ethan\n@example.com"),
    "name with a zero-width space": said(errors.NameIdInvalid, name_id="ethan\u200b@example.com"),
    "name with reordering": said(errors.NameIdInvalid, name_id="\u202eethan@example.com"),
    "long name": said(errors.NameIdInvalid, name_id="e" * 257),
    "saml 1.1": written(errors.VersionUnsupported, attribute("saml:Assertion", "Version", "1.1")),
    "response of saml 1.1": written(errors.VersionUnsupported, attribute(".", "Version", "1.1")),
    "no authentication": written(errors.ElementMissing, drop("//saml:AuthnStatement")),
    "two authentications": written(errors.ElementRepeated, twice("//saml:AuthnStatement")),
    "no conditions": written(errors.ElementMissing, drop("//saml:Conditions")),
    "unknown condition": written(errors.ElementUnexpected, put("//saml:Conditions", '<x xmlns="urn:x"/>')),
    "encrypted name": written(errors.ElementUnexpected, put("//saml:Subject", f'<EncryptedID xmlns="{SAML}"/>')),
}

TIMES = {
    "not yet valid": said(errors.NotYetValid, not_before=_SKEWED),
    "no longer valid": said(errors.Expired, not_on_or_after=-timedelta(seconds=60)),
    "no NotBefore": said(errors.TimeMissing, not_before=None),
    "no NotOnOrAfter": said(errors.TimeMissing, not_on_or_after=None),
    "valid for days": said(errors.LifetimeTooLong, not_on_or_after=timedelta(hours=25)),
    "confirmation ended": said(errors.Expired, confirmation_not_on_or_after=-timedelta(seconds=60)),
    "confirmation without end": said(errors.TimeMissing, confirmation_not_on_or_after=None),
    "confirmation with a beginning": said(errors.ConfirmationWrong, confirmation_not_before=-timedelta(seconds=5)),
    "issued in the future": said(errors.NotYetValid, issue_instant=_SKEWED),
    "issued long ago": said(errors.Expired, issue_instant=-timedelta(minutes=6, seconds=1)),
    "response issued in the future": said(errors.NotYetValid, response_issue_instant=_SKEWED),
    "response issued long ago": said(errors.Expired, response_issue_instant=-timedelta(hours=1)),
    "signed in in the future": said(errors.NotYetValid, authn_instant=_SKEWED),
    "session ended": said(errors.Expired, session_not_on_or_after=-timedelta(seconds=60)),
    "time with an offset": said(errors.TimeInvalid, not_on_or_after="2026-01-01T12:05:00+00:00"),
    "time without a zone": said(errors.TimeInvalid, not_on_or_after="2026-01-01T12:05:00"),
    "no such day": said(errors.TimeInvalid, not_on_or_after="2026-02-30T12:05:00Z"),
    "time in other digits": said(errors.TimeInvalid, not_on_or_after="٢٠٢٦-01-01T12:05:00Z"),
    "year 9999": said(errors.TimeInvalid, confirmation_not_on_or_after="9999-12-31T23:59:59Z"),
    "empty time": said(errors.TimeInvalid, not_before=""),
}

# --- markup --------------------------------------------------------------------------------------------------------


def _prefixed(prefix: bytes) -> Lie:
    return Lie(raw=lambda raw: prefix + raw)


def _nested(depth: int) -> Callable[[Tree], None]:
    return put(".", "<x>" * depth + "</x>" * depth)


MARKUP = {
    "comment in the name": replaced(errors.MarkupForbidden, "ethan@", "ethan@<!-- -->"),
    "comment in an attribute": replaced(errors.MarkupForbidden, ">sales<", ">sa<!---->les<"),
    "comment in the digest": replaced(errors.MarkupForbidden, "<ds:DigestValue>", "<ds:DigestValue><!--x-->"),
    "cdata in the name": replaced(errors.MarkupForbidden, "ethan@", "<![CDATA[ethan]]>@"),
    "instruction in the name": replaced(errors.MarkupForbidden, "ethan@", "ethan<?x y?>@"),
    "stylesheet instruction": Case(
        _prefixed(b'<?xml-stylesheet href="http://127.0.0.1:9/x"?>'), errors.MarkupForbidden
    ),
    "document type": Case(_prefixed(b"<!DOCTYPE x>"), errors.MarkupForbidden),
    "entity bomb": Case(
        _prefixed(b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>'), errors.MarkupForbidden
    ),
    "external entity": Case(
        _prefixed(b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'), errors.MarkupForbidden
    ),
    "parameter entity": Case(
        _prefixed(b'<!DOCTYPE x [<!ENTITY % e SYSTEM "http://127.0.0.1:9/x"> %e;]>'), errors.MarkupForbidden
    ),
    "unknown entity": replaced(errors.NotWellFormed, "ethan@", "&e;@"),
    "element in the name": tampered(errors.TextUnexpected, put("//saml:NameID", "<x/>")),
    "element in an attribute": written(errors.TextUnexpected, put("//saml:AttributeValue", "<x/>")),
    "text beside elements": written(errors.TextUnexpected, text("//saml:Subject", "admin")),
    "utf-16": Case(Lie(raw=lambda raw: raw.decode().encode("utf-16")), errors.ResponseNotUtf8),
    "another encoding declared": Case(_prefixed(b'<?xml version="1.0" encoding="UTF-7"?>'), errors.ResponseNotUtf8),
    "relative namespace": replaced(errors.NamespaceForbidden, "<saml:Subject>", '<saml:Subject xmlns:x="1">'),
    "empty namespace": replaced(errors.NamespaceForbidden, "<saml:Subject>", '<saml:Subject xmlns="">'),
    "many namespaces": replaced(
        errors.NamespaceForbidden,
        "<saml:Subject>",
        "<saml:Subject" + "".join(f' xmlns:n{i}="urn:n{i}"' for i in range(17)) + ">",
    ),
    "not xml": Case(Lie(raw=lambda raw: b"hello"), errors.NotWellFormed),
    "nothing": Case(Lie(raw=lambda raw: b""), errors.NotWellFormed),
    "cut off": Case(Lie(raw=lambda raw: raw[:-20]), errors.NotWellFormed),
    "nul": replaced(errors.NotWellFormed, "ethan@", "ethan\0@"),
    "deep": tampered(errors.TooComplex, _nested(45)),
    "many elements": Case(
        Lie(raw=lambda raw: raw.replace(b"</saml:Assertion>", b"<x/>" * 8_100 + b"</saml:Assertion>")),
        errors.TooComplex,
    ),
    "many xml attributes": replaced(
        errors.TooComplex, "<saml:Subject>", "<saml:Subject" + "".join(f' a{i}=""' for i in range(33)) + ">"
    ),
    "not base64": Case(Lie(form=lambda value: value[:40] + "*" + value[41:]), errors.ResponseNotBase64),
    "spaces in base64": Case(Lie(form=lambda value: value[:40] + " " + value[40:]), errors.ResponseNotBase64),
    "base64 cut off": Case(Lie(form=lambda value: value.rstrip("=")[:-1]), errors.ResponseNotBase64),
    "too large": Case(Lie(form=lambda value: value + "A" * 300_000), errors.ResponseTooLarge),
    "unknown xml attribute": written(errors.XmlAttributeUnexpected, attribute("//saml:Subject", "x", "y")),
    "xml:id": written(
        errors.XmlAttributeUnexpected,
        attribute("//saml:Attribute", "{http://www.w3.org/XML/1998/namespace}id", "x"),
    ),
    "xml:base": written(
        errors.XmlAttributeUnexpected,
        attribute("//saml:Attribute", "{http://www.w3.org/XML/1998/namespace}base", "x"),
    ),
    "id of junk": tampered(errors.IdInvalid, attribute("saml:Assertion", "ID", "1 or 2")),
    "no id": tampered(errors.XmlAttributeMissing, attribute("saml:Assertion", "ID", None)),
    "not a response": Case(
        Lie(raw=lambda raw: raw.replace(b"samlp:Response", b"samlp:ArtifactResponse")), errors.ElementUnexpected
    ),
    "extensions": written(
        errors.ElementUnexpected, put(".", f'<Extensions xmlns="{SAMLP}"/>', 1), shape=Shape.KEYCLOAK
    ),
}

HOSTILE: dict[str, Case] = {**WRAPPING, **SIGNATURES, **ENCRYPTION, **CLAIMS, **TIMES, **MARKUP}
