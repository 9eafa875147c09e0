"""Lies under encryption: whoever has our certificate can encrypt for us, so that a ciphertext proves nothing."""

import base64
import copy

import xmlsec
from lxml import etree

from saml import errors
from tests.simulators.identity_provider import DS, XENC, Tree
from tests.simulators.saml_keys import key_pair
from tests.simulators.saml_lie_kit import (
    FOR_US,
    UNSIGNED,
    at,
    drop,
    put,
    said,
    tampered,
    twice,
    written,
)

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
    "comment in an encrypted name": written(errors.MarkupForbidden, _commented_name, encrypt_for=FOR_US),
    "cdata in an encrypted name": written(errors.MarkupForbidden, _cdata_name, encrypt_for=FOR_US),
    "encrypted and unsigned": said(errors.SignatureMissing, sign=UNSIGNED, encrypt_for=FOR_US),
    "encrypted for another": said(errors.DecryptionFailed, encrypt_for=key_pair("somebody else").certificate),
    "ciphertext changed": tampered(errors.DecryptionFailed, _flipped, encrypt_for=FOR_US),
    "cbc without a signed response": said(
        errors.EncryptionForbidden, encrypt_for=FOR_US, cipher=xmlsec.Transform.AES256
    ),
    "rsa 1.5": said(errors.EncryptionForbidden, encrypt_for=FOR_US, key_transport=xmlsec.Transform.RSA_PKCS1),
    "unknown oaep digest": tampered(
        errors.EncryptionForbidden,
        put(_KEY_METHOD, f'<DigestMethod xmlns="{DS}" Algorithm="http://www.w3.org/2001/04/xmldsig-more#md5"/>'),
        encrypt_for=FOR_US,
    ),
    "cipher reference": tampered(
        errors.ElementUnexpected,
        put(f"{_DATA}/xenc:CipherData", f'<CipherReference xmlns="{XENC}" URI="file:///dev/zero"/>'),
        encrypt_for=FOR_US,
    ),
    "no encrypted key": tampered(errors.EncryptionForbidden, drop("//xenc:EncryptedKey"), encrypt_for=FOR_US),
    "two encrypted keys": tampered(errors.EncryptionForbidden, _two_encrypted_keys, encrypt_for=FOR_US),
    "two encrypted assertions": tampered(
        errors.AssertionRepeated, twice("saml:EncryptedAssertion"), encrypt_for=FOR_US
    ),
    "wrong audience, encrypted": said(
        errors.AudienceWrong, truth={"encrypt_for": FOR_US}, audiences=(("urn:another",),)
    ),
    "encrypted for us under a foreign signature": said(
        errors.SignatureInvalid, truth={"encrypt_for": FOR_US}, keys=key_pair("somebody else")
    ),
}
