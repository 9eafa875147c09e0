"""Lies about who signed what, and how: keys, references, transforms, canonical forms, algorithms."""

import base64
import hashlib
from functools import partial

import xmlsec

from saml import errors
from tests.simulators.identity_provider import DS, SAML, SAMLP
from tests.simulators.saml_keys import key_pair
from tests.simulators.saml_lie_kit import (
    SIGNED_BOTH,
    SIGNED_RESPONSE,
    UNSIGNED,
    at,
    attribute,
    drop,
    emptied,
    move,
    put,
    said,
    tampered,
    text,
    twice,
)

_SIGNATURE = "saml:Assertion/ds:Signature"
_VALUE = f"{_SIGNATURE}/ds:SignatureValue"
_KEY_INFO = f"{_SIGNATURE}/ds:KeyInfo"
_INFO = f"{_SIGNATURE}/ds:SignedInfo"
_METHOD = f"{_INFO}/ds:SignatureMethod"
_REFERENCE = f"{_INFO}/ds:Reference"
_DIGEST = f"{_REFERENCE}/ds:DigestValue"
_TRANSFORMS = f"{_REFERENCE}/ds:Transforms"
_ENVELOPED = f"{_TRANSFORMS}/ds:Transform[1]"
_EXCLUSIVE = f"{_TRANSFORMS}/ds:Transform[2]"

_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_ENC = "http://www.w3.org/2001/04/xmlenc#"
_C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
_C14N11 = "http://www.w3.org/2006/12/xml-c14n11"
_EXC = "http://www.w3.org/2001/10/xml-exc-c14n#"

_EMPTY_DIGEST = base64.b64encode(hashlib.sha256(b"").digest()).decode()
_unit = partial(put, _SIGNATURE)


def _prefix_list(prefixes: str) -> str:
    return f'<InclusiveNamespaces xmlns="{_EXC}" PrefixList="{prefixes}"/>'


def _foreign_certificate() -> str:
    return "".join(key_pair("somebody else").certificate.splitlines()[1:-1])


# --- whose signature it is -----------------------------------------------------------------------------------------

_PRESENCE = {
    "no signature": said(errors.SignatureMissing, sign=UNSIGNED),
    "signature removed": tampered(errors.SignatureMissing, drop(_SIGNATURE)),
    "signature of the response removed": tampered(errors.SignatureMissing, drop("ds:Signature"), sign=SIGNED_RESPONSE),
    "signature emptied": tampered(errors.ElementMissing, emptied(_SIGNATURE)),
    "signature value emptied": tampered(errors.SignatureInvalid, text(_VALUE, "")),
    "signature value of zeros": tampered(errors.SignatureInvalid, text(_VALUE, base64.b64encode(bytes(256)).decode())),
    "signature value of one": tampered(
        errors.SignatureInvalid, text(_VALUE, base64.b64encode(bytes(255) + b"\1").decode())
    ),
    "signature value that is no base64": tampered(errors.SignatureInvalid, text(_VALUE, "*")),
    "signature value removed": tampered(errors.ElementMissing, drop(_VALUE)),
    "signature value doubled": tampered(errors.ElementRepeated, twice(_VALUE)),
    "signature doubled": tampered(errors.ElementRepeated, twice(_SIGNATURE)),
    "signature in the subject": tampered(errors.ElementUnexpected, move(_SIGNATURE, "//saml:Subject")),
    "signature in the status": tampered(errors.ElementUnexpected, move(_SIGNATURE, "samlp:Status")),
    "signature of the assertion moved to the response": tampered(errors.SignatureReferenceWrong, move(_SIGNATURE, ".")),
    "signature of the response moved to the assertion": tampered(
        errors.SignatureReferenceWrong, move("ds:Signature", "saml:Assertion"), sign=SIGNED_RESPONSE
    ),
    "signature of no namespace": tampered(errors.ElementUnexpected, put("saml:Assertion", "<Signature/>")),
    "signature of a namespace alike": tampered(
        errors.ElementUnexpected, put("saml:Assertion", f'<Signature xmlns="{DS}x"/>')
    ),
    "one of two signatures bad": tampered(
        errors.SignatureInvalid, attribute(".", "Consent", "urn:evil"), sign=SIGNED_BOTH
    ),
    "inner of two signatures bad": tampered(errors.SignatureInvalid, text(_VALUE, "AAAA"), sign=SIGNED_BOTH),
    "foreign key": said(errors.SignatureInvalid, keys=key_pair("somebody else")),
    "key of the same name": said(errors.SignatureInvalid, keys=key_pair("identity provider", "rsa-1024")),
    "our own key": said(errors.SignatureInvalid, keys=key_pair("service provider")),
    "key on a curve": said(
        errors.SignatureInvalid, keys=key_pair("curve", "ec"), signature_method=xmlsec.Transform.ECDSA_SHA256
    ),
}

# --- what was signed -----------------------------------------------------------------------------------------------

_CONTENT = {
    "name changed": tampered(errors.SignatureInvalid, text("//saml:NameID", "admin@example.com")),
    "attribute changed": tampered(errors.SignatureInvalid, text("//saml:AttributeValue", "admin")),
    "attribute added": tampered(errors.SignatureInvalid, twice("//saml:Attribute")),
    "attribute removed": tampered(errors.SignatureInvalid, drop("//saml:Attribute")),
    "attribute renamed": tampered(errors.SignatureInvalid, attribute("//saml:Attribute", "Name", "admin")),
    "value added": tampered(errors.SignatureInvalid, twice("//saml:AttributeValue")),
    "values in another order": tampered(
        errors.SignatureInvalid, lambda tree: at(tree, "//saml:Attribute").append(at(tree, "//saml:AttributeValue"))
    ),
    "white space added": tampered(errors.SignatureInvalid, text("//saml:Subject", " ")),
    "unsigned attribute statement beside": tampered(errors.ElementRepeated, twice("//saml:AttributeStatement")),
    "unsigned attribute statement in the response": tampered(
        errors.ElementUnexpected, move("//saml:AttributeStatement", ".")
    ),
    "assertion ID changed": tampered(errors.SignatureReferenceWrong, attribute("saml:Assertion", "ID", "_evil")),
    "assertion ID and reference changed": tampered(
        errors.SignatureInvalid,
        lambda tree: (
            attribute("saml:Assertion", "ID", "_evil")(tree),
            attribute(_REFERENCE, "URI", "#_evil")(tree),
            None,
        )[2],
    ),
    "times moved": tampered(
        errors.SignatureInvalid, attribute("//saml:Conditions", "NotOnOrAfter", "2026-01-01T13:00:00Z")
    ),
}

# --- what the signature refers to ----------------------------------------------------------------------------------

_URIS = {
    "the whole document": "",
    "nothing": "#",
    "another element": "#_another",
    "a file": "file:///dev/zero",
    "a page": "http://127.0.0.1:9/",
    "an attachment": "cid:x",
    "an XPointer": "#xpointer(/)",
    "an XPointer by ID": "#xpointer(id('x'))",
    "an element and blanks": " #x ",
    "a percent-encoded name": "#%5Fx",
    "itself by a path": "x.xml#x",
}
_REFERENCES = {
    f"reference to {what}": tampered(errors.SignatureReferenceWrong, attribute(_REFERENCE, "URI", uri))
    for what, uri in _URIS.items()
} | {
    "reference of no URI": tampered(errors.XmlAttributeMissing, attribute(_REFERENCE, "URI", None)),
    "reference with a type": tampered(errors.XmlAttributeUnexpected, attribute(_REFERENCE, "Type", DS + "Manifest")),
    "two references": tampered(errors.ElementRepeated, twice(_REFERENCE)),
    "no reference": tampered(errors.ElementMissing, drop(_REFERENCE)),
    "two digest values": tampered(errors.ElementRepeated, twice(_DIGEST)),
    "no digest value": tampered(errors.ElementMissing, drop(_DIGEST)),
    "digest value of nothing": tampered(errors.SignatureInvalid, text(_DIGEST, "")),
    "digest value of the empty document (CVE-2025-66568)": tampered(
        errors.SignatureInvalid, text(_DIGEST, _EMPTY_DIGEST)
    ),
    "digest value that is no base64": tampered(errors.SignatureInvalid, text(_DIGEST, "*")),
    "digest value in the response (CVE-2024-45409)": tampered(
        errors.ElementUnexpected, put("samlp:Status", f'<DigestValue xmlns="{DS}">{_EMPTY_DIGEST}</DigestValue>')
    ),
    "digest value in details of the status (CVE-2024-45409)": tampered(
        errors.ElementUnexpected,
        put("samlp:Status", f'<StatusDetail xmlns="{SAMLP}"><DigestValue xmlns="{DS}"/></StatusDetail>'),
    ),
    "two signed infos (CVE-2025-29774)": tampered(errors.ElementRepeated, twice(_INFO)),
    "no signed info": tampered(errors.ElementMissing, drop(_INFO)),
    "signed info in an object": tampered(
        errors.ElementUnexpected, _unit(f'<Object xmlns="{DS}"><SignedInfo/></Object>')
    ),
    "manifest in an object": tampered(errors.ElementUnexpected, _unit(f'<Object xmlns="{DS}"><Manifest/></Object>')),
    "properties in an object": tampered(
        errors.ElementUnexpected, _unit(f'<Object xmlns="{DS}"><SignatureProperties/></Object>')
    ),
    "ID in a namespace (CVE-2025-66567)": tampered(
        errors.XmlAttributeUnexpected, attribute("saml:Assertion", f"{{{SAML}}}ID", "_other")
    ),
    "two kinds of ID": tampered(errors.XmlAttributeUnexpected, attribute("saml:Assertion", "Id", "_other")),
}

# --- algorithms and canonical forms --------------------------------------------------------------------------------

_SIGNATURE_ALGORITHMS = {
    "rsa-sha1": DS + "rsa-sha1",
    "dsa-sha1": DS + "dsa-sha1",
    "hmac-sha1": DS + "hmac-sha1",
    "rsa-md5": _MORE + "rsa-md5",
    "rsa-ripemd160": _MORE + "rsa-ripemd160",
    "rsa-sha224": _MORE + "rsa-sha224",
    "ecdsa-sha1": _MORE + "ecdsa-sha1",
    "hmac-sha256 with the public key": _MORE + "hmac-sha256",
    "hmac-sha512 with the public key": _MORE + "hmac-sha512",
    "rsa-pss": "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1",
    "none": "none",
    "of no name": "",
    "in upper case": (_MORE + "rsa-sha256").upper(),
    "with a blank": _MORE + "rsa-sha256 ",
    "of another namespace": DS + "rsa-sha256",
    "that is a digest": _ENC + "sha256",
}
_DIGEST_ALGORITHMS = {
    "md5": _MORE + "md5",
    "sha1": DS + "sha1",
    "sha224": _MORE + "sha224",
    "ripemd160": _ENC + "ripemd160",
    "sha3": "http://www.w3.org/2007/05/xmldsig-more#sha3-256",
    "none": "none",
    "of no name": "",
    "with a blank": _ENC + "sha256 ",
}
_CANONICAL_FORMS = {
    "inclusive": _C14N,
    "inclusive with comments": _C14N + "#WithComments",
    "of version 1.1": _C14N11,
    "of version 1.1 with comments": _C14N11 + "#WithComments",
    "exclusive with comments": _EXC + "WithComments",
    "minimal": DS + "minimal",
    "of version 2": "http://www.w3.org/2010/xml-c14n2",
    "of no name": "",
}
_OTHER_TRANSFORMS = {
    "xslt": "http://www.w3.org/TR/1999/REC-xslt-19991116",
    "xpath": "http://www.w3.org/TR/1999/REC-xpath-19991116",
    "xpath filter 2": "http://www.w3.org/2002/06/xmldsig-filter2",
    "xpointer": "http://www.w3.org/2001/04/xmldsig-more/xptr",
    "base64": DS + "base64",
    "decryption": "http://www.w3.org/2002/07/decrypt#XML",
    "of no name": "",
}
_ALGORITHMS = {
    **{
        f"signature algorithm {name}": tampered(errors.AlgorithmForbidden, attribute(_METHOD, "Algorithm", uri))
        for name, uri in _SIGNATURE_ALGORITHMS.items()
    },
    **{
        f"digest algorithm {name}": tampered(
            errors.AlgorithmForbidden, attribute(f"{_REFERENCE}/ds:DigestMethod", "Algorithm", uri)
        )
        for name, uri in _DIGEST_ALGORITHMS.items()
    },
    **{
        f"canonical form of what is signed {name}": tampered(
            errors.TransformForbidden, attribute(_EXCLUSIVE, "Algorithm", uri)
        )
        for name, uri in _CANONICAL_FORMS.items()
    },
    **{
        f"canonical form of the signed info {name}": tampered(
            errors.TransformForbidden, attribute(f"{_INFO}/ds:CanonicalizationMethod", "Algorithm", uri)
        )
        for name, uri in _CANONICAL_FORMS.items()
    },
    **{
        f"first transform {name}": tampered(errors.TransformForbidden, attribute(_ENVELOPED, "Algorithm", uri))
        for name, uri in _OTHER_TRANSFORMS.items()
    },
    **{
        f"second transform {name}": tampered(errors.TransformForbidden, attribute(_EXCLUSIVE, "Algorithm", uri))
        for name, uri in _OTHER_TRANSFORMS.items()
    },
    "rsa-sha1": said(errors.AlgorithmForbidden, signature_method=xmlsec.Transform.RSA_SHA1),
    "sha1 digest": said(errors.AlgorithmForbidden, digest_method=xmlsec.Transform.SHA1),
    "no algorithm": tampered(errors.XmlAttributeMissing, attribute(_METHOD, "Algorithm", None)),
    "another strong algorithm": tampered(
        errors.SignatureInvalid, attribute(_METHOD, "Algorithm", _MORE + "rsa-sha512")
    ),
    "an algorithm for another key": tampered(
        errors.SignatureInvalid, attribute(_METHOD, "Algorithm", _MORE + "ecdsa-sha256")
    ),
    "another strong digest": tampered(
        errors.SignatureInvalid, attribute(f"{_REFERENCE}/ds:DigestMethod", "Algorithm", _ENC + "sha512")
    ),
    "truncated hmac": tampered(
        errors.ElementUnexpected, put(_METHOD, f'<HMACOutputLength xmlns="{DS}">1</HMACOutputLength>')
    ),
}

# --- transforms ----------------------------------------------------------------------------------------------------

_XSL = "http://www.w3.org/1999/XSL/Transform"
_PARTS_OF_TRANSFORMS = {
    "xpath expression": tampered(errors.ElementUnexpected, put(_EXCLUSIVE, f'<XPath xmlns="{DS}">1</XPath>')),
    "xpath expression in the first": tampered(
        errors.ElementUnexpected, put(_ENVELOPED, f'<XPath xmlns="{DS}">not(self::x)</XPath>')
    ),
    "stylesheet": tampered(
        errors.ElementUnexpected, put(_ENVELOPED, f'<x:stylesheet xmlns:x="{_XSL}" version="1.0"/>')
    ),
    "third transform": tampered(errors.ElementRepeated, twice(_EXCLUSIVE)),
    "one transform": tampered(errors.ElementMissing, drop(_EXCLUSIVE)),
    "only the canonical form": tampered(errors.ElementMissing, drop(_ENVELOPED)),
    "no transforms": tampered(errors.ElementMissing, drop(_TRANSFORMS)),
    "empty transforms": tampered(errors.ElementMissing, emptied(_TRANSFORMS)),
    "transforms twice": tampered(errors.ElementRepeated, twice(_TRANSFORMS)),
    "transforms in another order": tampered(errors.TransformForbidden, move(_ENVELOPED, _TRANSFORMS)),
    "enveloped twice": tampered(
        errors.TransformForbidden, attribute(_EXCLUSIVE, "Algorithm", DS + "enveloped-signature")
    ),
    "exclusive twice": tampered(errors.TransformForbidden, attribute(_ENVELOPED, "Algorithm", _EXC)),
    "prefix list of junk": tampered(errors.TransformForbidden, put(_EXCLUSIVE, _prefix_list("&amp;"))),
    "prefix list of line ends": tampered(errors.TransformForbidden, put(_EXCLUSIVE, _prefix_list("xs&#10;xsi"))),
    "prefix list without end": tampered(errors.TransformForbidden, put(_EXCLUSIVE, _prefix_list("xs " * 100))),
    "prefix list in the first transform": tampered(errors.TransformForbidden, put(_ENVELOPED, _prefix_list("xs"))),
    "prefix list added": tampered(errors.SignatureInvalid, put(_EXCLUSIVE, _prefix_list("samlp"))),
    "prefix list of no prefix known": tampered(errors.SignatureInvalid, put(_EXCLUSIVE, _prefix_list("nobody"))),
    "prefix list without a list": tampered(
        errors.XmlAttributeMissing, put(_EXCLUSIVE, f'<InclusiveNamespaces xmlns="{_EXC}"/>')
    ),
    "two prefix lists": tampered(
        errors.ElementRepeated,
        lambda tree: [put(_EXCLUSIVE, _prefix_list(name))(tree) for name in ("a", "b")] and None,
    ),
}

# --- keys that the document brings ---------------------------------------------------------------------------------

_KEYS = {
    "retrieval method": tampered(
        errors.ElementUnexpected, put(_KEY_INFO, f'<RetrievalMethod xmlns="{DS}" URI="http://127.0.0.1:9/key"/>')
    ),
    "reference to a key": tampered(
        errors.ElementUnexpected,
        put(_KEY_INFO, '<KeyInfoReference xmlns="http://www.w3.org/2009/xmldsig11#" URI="file:///dev/zero"/>'),
    ),
    "key of DSA": tampered(
        errors.ElementUnexpected, put(_KEY_INFO, f'<KeyValue xmlns="{DS}"><DSAKeyValue/></KeyValue>')
    ),
    "encrypted key in the signature": tampered(
        errors.ElementUnexpected, put(_KEY_INFO, f'<EncryptedKey xmlns="{_ENC}"/>')
    ),
    "key info doubled": tampered(errors.ElementRepeated, twice(_KEY_INFO)),
    "revocation list": tampered(errors.ElementUnexpected, put(f"{_KEY_INFO}/ds:X509Data", f'<X509CRL xmlns="{DS}"/>')),
    "foreign certificate and a changed name": tampered(
        errors.SignatureInvalid, text("//ds:X509Certificate", _foreign_certificate()), keys=key_pair("somebody else")
    ),
    "our provider's certificate on a foreign signature": tampered(
        errors.SignatureInvalid,
        text("//ds:X509Certificate", "".join(key_pair("identity provider").certificate.splitlines()[1:-1])),
        keys=key_pair("somebody else"),
    ),
    "foreign signature without a certificate": tampered(
        errors.SignatureInvalid, drop(_KEY_INFO), keys=key_pair("somebody else")
    ),
}

SIGNATURES = _PRESENCE | _CONTENT | _REFERENCES | _ALGORITHMS | _PARTS_OF_TRANSFORMS | _KEYS
