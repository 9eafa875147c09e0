"""Lies under encryption: whoever has our certificate can encrypt for us, so that a ciphertext proves nothing."""

import base64
import copy
from collections.abc import Callable
from typing import Any

import xmlsec
from lxml import etree

from saml import errors
from tests.simulators.identity_provider import DS, SAML, XENC, Tree
from tests.simulators.saml_ciphertext import encrypted
from tests.simulators.saml_keys import key_pair
from tests.simulators.saml_lie_kit import (
    FOR_US,
    SIGNED_RESPONSE,
    UNSIGNED,
    Case,
    Refusal,
    at,
    attribute,
    drop,
    emptied,
    put,
    said,
    tampered,
    text,
    twice,
    written,
)
from tests.simulators.saml_wrapping import evil_assertion

_DATA = "saml:EncryptedAssertion/xenc:EncryptedData"
_KEY_METHOD = "//xenc:EncryptedKey/xenc:EncryptionMethod"
_DATA_METHOD = f"{_DATA}/xenc:EncryptionMethod"

Encrypt = Callable[[bytes, Tree], bytes]


def encrypting(refusal: Refusal, change: Encrypt, **truth: Any) -> Case:
    """An attacker encrypts, in the assertion's place, what `change` makes of its bytes and of the tree."""

    def after(tree: Tree) -> None:
        assertion = at(tree, "saml:Assertion")
        plain = change(etree.tostring(assertion), tree)
        tree.replace(assertion, encrypted(plain))

    return tampered(refusal, after, **truth)


def _evil(tree: Tree) -> bytes:
    markup: bytes = etree.tostring(evil_assertion(tree))
    return markup


def _within_evil(path: str, tag: str) -> Encrypt:
    """The signed assertion somewhere in an evil one, and both in one ciphertext."""

    def change(_true: bytes, tree: Tree) -> bytes:
        evil = evil_assertion(tree)
        holder = evil if path == "." else evil.xpath(path, namespaces={"saml": SAML})[0]
        etree.SubElement(holder, tag).append(copy.deepcopy(at(tree, "saml:Assertion")))
        markup: bytes = etree.tostring(evil)
        return markup

    return change


def _two_encrypted_keys(tree: Tree) -> None:
    at(tree, "saml:EncryptedAssertion").append(copy.deepcopy(at(tree, "//xenc:EncryptedKey")))


def _changed_octet(path: str, index: int) -> Callable[[Tree], None]:
    def change(tree: Tree) -> None:
        value = at(tree, path)
        raw = bytearray(base64.b64decode(value.text))
        raw[index] ^= 1
        value.text = base64.b64encode(raw).decode()

    return change


def _commented_name(tree: Tree) -> None:
    at(tree, "//saml:NameID").append(etree.Comment("x"))


def _cdata_name(tree: Tree) -> None:
    at(tree, "//saml:NameID").text = etree.CDATA("ethan@example.com")


_CIPHER_VALUE = f"{_DATA}/xenc:CipherData/xenc:CipherValue"
_KEY_VALUE = "//xenc:EncryptedKey/xenc:CipherData/xenc:CipherValue"

# --- what is in the ciphertext -------------------------------------------------------------------------------------

_WRAPPED = {
    "evil assertion, encrypted": encrypting(errors.SignatureMissing, lambda _, tree: _evil(tree)),
    "evil assertion, encrypted under a signed response": encrypting(
        errors.SignatureInvalid, lambda _, tree: _evil(tree), sign=SIGNED_RESPONSE
    ),
    "true assertion in the Advice of an evil one, encrypted": encrypting(
        errors.ElementUnexpected, _within_evil(".", f"{{{SAML}}}Advice")
    ),
    "true assertion in an attribute of an evil one, encrypted": encrypting(
        errors.TextUnexpected, _within_evil("//saml:AttributeValue", "x")
    ),
    "true and evil assertion, encrypted": encrypting(errors.ElementUnexpected, lambda true, tree: true + _evil(tree)),
    "evil and true assertion, encrypted": encrypting(errors.ElementUnexpected, lambda true, tree: _evil(tree) + true),
    "encryption in encryption": encrypting(
        errors.ElementUnexpected, lambda true, _: bytes(etree.tostring(encrypted(true)))
    ),
    "encrypted data in encryption": encrypting(
        errors.ElementUnexpected, lambda true, _: bytes(etree.tostring(encrypted(true)[0]))
    ),
    "response in encryption": encrypting(errors.ElementUnexpected, lambda _, tree: bytes(etree.tostring(tree))),
    "text before the encrypted assertion": encrypting(errors.TextUnexpected, lambda true, _: b"x" + true),
    "text behind the encrypted assertion": encrypting(errors.TextUnexpected, lambda true, _: true + b"x"),
    "nothing, encrypted": encrypting(errors.ElementUnexpected, lambda _true, _tree: b""),
    "words, encrypted": encrypting(errors.ElementUnexpected, lambda _true, _tree: b"ethan"),
    "way out of the wrapper": encrypting(errors.NotWellFormed, lambda true, _: b"</decrypted>" + true + b"<decrypted>"),
    "half an assertion, encrypted": encrypting(errors.NotWellFormed, lambda true, _: true[:-9]),
    "document type, encrypted": encrypting(errors.MarkupForbidden, lambda true, _: b"<!DOCTYPE x>" + true),
    "declaration, encrypted": encrypting(errors.NotWellFormed, lambda true, _: b'<?xml version="1.0"?>' + true),
    "utf-16, encrypted": encrypting(errors.ResponseNotUtf8, lambda true, _: true.decode().encode("utf-16")),
    "deep, encrypted": encrypting(errors.TooComplex, lambda true, _: b"<x>" * 45 + true + b"</x>" * 45),
    "changed name, encrypted": encrypting(errors.SignatureInvalid, lambda true, _: true.replace(b"ethan@", b"admin@")),
    "comment in an encrypted name": written(errors.MarkupForbidden, _commented_name, encrypt_for=FOR_US),
    "cdata in an encrypted name": written(errors.MarkupForbidden, _cdata_name, encrypt_for=FOR_US),
    "encrypted and unsigned": said(errors.SignatureMissing, sign=UNSIGNED, encrypt_for=FOR_US),
    "encrypted under a foreign signature": said(
        errors.SignatureInvalid, truth={"encrypt_for": FOR_US}, keys=key_pair("somebody else")
    ),
    "wrong audience, encrypted": said(
        errors.AudienceWrong, truth={"encrypt_for": FOR_US}, audiences=(("urn:another",),)
    ),
    "wrong issuer, encrypted": said(errors.IssuerWrong, truth={"encrypt_for": FOR_US}, issuer="urn:another"),
}

# --- the ciphertext itself -----------------------------------------------------------------------------------------


def _ciphertext(refusal: Refusal, change: Callable[[Tree], Any], **truth: Any) -> Case:
    return tampered(refusal, change, encrypt_for=FOR_US, **truth)


_CIPHERS = {
    "3DES": XENC + "tripledes-cbc",
    "AES-128-CBC": XENC + "aes128-cbc",
    "AES key wrap": XENC + "kw-aes256",
    "no name": "",
    "none": "none",
}
_TRANSPORTS = {"RSA 1.5": XENC + "rsa-1_5", "AES key wrap": XENC + "kw-aes256", "no name": "", "none": "none"}

_CIPHERTEXTS = {
    **{
        f"cipher of {name}": _ciphertext(errors.EncryptionForbidden, attribute(_DATA_METHOD, "Algorithm", uri))
        for name, uri in _CIPHERS.items()
    },
    **{
        f"key transport of {name}": _ciphertext(errors.EncryptionForbidden, attribute(_KEY_METHOD, "Algorithm", uri))
        for name, uri in _TRANSPORTS.items()
    },
    "rsa 1.5": said(errors.EncryptionForbidden, encrypt_for=FOR_US, key_transport=xmlsec.Transform.RSA_PKCS1),
    "cbc without a signed response": said(
        errors.EncryptionForbidden, encrypt_for=FOR_US, cipher=xmlsec.Transform.AES256
    ),
    "encrypted for another": said(errors.DecryptionFailed, encrypt_for=key_pair("somebody else").certificate),
    "ciphertext changed": _ciphertext(errors.DecryptionFailed, _changed_octet(_CIPHER_VALUE, -20)),
    "nonce changed": _ciphertext(errors.DecryptionFailed, _changed_octet(_CIPHER_VALUE, 0)),
    "tag changed": _ciphertext(errors.DecryptionFailed, _changed_octet(_CIPHER_VALUE, -1)),
    "encrypted key changed": _ciphertext(errors.DecryptionFailed, _changed_octet(_KEY_VALUE, 9)),
    "ciphertext emptied": _ciphertext(errors.DecryptionFailed, text(_CIPHER_VALUE, "")),
    "ciphertext that is no base64": _ciphertext(errors.DecryptionFailed, text(_CIPHER_VALUE, "*")),
    "encrypted key emptied": _ciphertext(errors.DecryptionFailed, text(_KEY_VALUE, "")),
    "ciphertext changed under a signed response": _ciphertext(
        errors.SignatureInvalid, _changed_octet(_CIPHER_VALUE, -20), sign=SIGNED_RESPONSE
    ),
    "another cipher of the same key": _ciphertext(
        errors.DecryptionFailed, attribute(_DATA_METHOD, "Algorithm", "http://www.w3.org/2009/xmlenc11#aes128-gcm")
    ),
    "unknown oaep digest": _ciphertext(
        errors.EncryptionForbidden,
        put(_KEY_METHOD, f'<DigestMethod xmlns="{DS}" Algorithm="http://www.w3.org/2001/04/xmldsig-more#md5"/>'),
    ),
    "oaep label": _ciphertext(
        errors.ElementUnexpected, put(_KEY_METHOD, f'<OAEPparams xmlns="{XENC}">AAAA</OAEPparams>')
    ),
    "cipher reference": _ciphertext(
        errors.ElementUnexpected,
        put(f"{_DATA}/xenc:CipherData", f'<CipherReference xmlns="{XENC}" URI="file:///dev/zero"/>'),
    ),
    "reference list": _ciphertext(
        errors.ElementUnexpected, put("//xenc:EncryptedKey", f'<ReferenceList xmlns="{XENC}"/>')
    ),
    "retrieval method for the key": _ciphertext(
        errors.ElementUnexpected,
        put(f"{_DATA}/ds:KeyInfo", f'<RetrievalMethod xmlns="{DS}" URI="http://127.0.0.1:9/"/>'),
    ),
    "agreed key": _ciphertext(
        errors.ElementUnexpected, put(f"{_DATA}/ds:KeyInfo", f'<AgreementMethod xmlns="{XENC}"/>')
    ),
    "no encrypted key": _ciphertext(errors.EncryptionForbidden, drop("//xenc:EncryptedKey")),
    "two encrypted keys": _ciphertext(errors.EncryptionForbidden, _two_encrypted_keys),
    "no encrypted data": _ciphertext(errors.ElementMissing, emptied("saml:EncryptedAssertion")),
    "two encrypted data": _ciphertext(errors.ElementRepeated, twice(_DATA)),
    "two encrypted assertions": _ciphertext(errors.AssertionRepeated, twice("saml:EncryptedAssertion")),
    "no encryption method": _ciphertext(errors.ElementMissing, drop(_DATA_METHOD)),
}

ENCRYPTION = _WRAPPED | _CIPHERTEXTS
