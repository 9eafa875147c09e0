import base64
import os

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from saml._toolkit import parse
from saml.decrypt import decrypt
from saml.element import Element
from saml.errors import DecryptionFailed, PrivateKeyInvalid
from saml.model import Limits
from tests.simulators.identity_provider import DS, SAML, XENC
from tests.simulators.saml_keys import key_pair

KEYS = key_pair("service provider")
CBC = XENC + "aes128-cbc"
GCM = "http://www.w3.org/2009/xmlenc11#aes256-gcm"
OAEP11 = "http://www.w3.org/2009/xmlenc11#rsa-oaep"
KEY16 = b"k" * 16
KEY32 = b"k" * 32


def wrapped(cipher: str, session_key: bytes, value: bytes, hash_used: hashes.HashAlgorithm | None = None) -> Element:
    public = x509.load_pem_x509_certificate(KEYS.certificate.encode()).public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    used = hash_used or hashes.SHA1()
    encrypted_key = public.encrypt(session_key, padding.OAEP(padding.MGF1(used), used, None))
    method = f'<e:EncryptionMethod Algorithm="{XENC}rsa-oaep-mgf1p"/>'
    if hash_used:
        method = (
            f'<e:EncryptionMethod Algorithm="{OAEP11}"><d:DigestMethod Algorithm="{XENC}sha256"/>'
            '<f:MGF xmlns:f="http://www.w3.org/2009/xmlenc11#" Algorithm="http://www.w3.org/2009/xmlenc11#mgf1sha256"/>'
            "</e:EncryptionMethod>"
        )
    markup = (
        f'<s:EncryptedAssertion xmlns:s="{SAML}" xmlns:e="{XENC}" xmlns:d="{DS}"><e:EncryptedData>'
        f'<e:EncryptionMethod Algorithm="{cipher}"/><e:CipherData><e:CipherValue>{base64.b64encode(value).decode()}'
        f"</e:CipherValue></e:CipherData></e:EncryptedData><e:EncryptedKey>{method}<e:CipherData><e:CipherValue>"
        f"{base64.b64encode(encrypted_key).decode()}</e:CipherValue></e:CipherData></e:EncryptedKey>"
        "</s:EncryptedAssertion>"
    )
    return parse(markup.encode(), Limits()).root


def cbc(key: bytes, padded: bytes) -> bytes:
    start = os.urandom(16)
    encryptor = Cipher(algorithms.AES(key), modes.CBC(start)).encryptor()
    return start + encryptor.update(padded) + encryptor.finalize()


def gcm(key: bytes, plain: bytes) -> bytes:
    return b"n" * 12 + AESGCM(key).encrypt(b"n" * 12, plain, None)


def plain(element: Element) -> bytes:
    return decrypt(element, (KEYS.private_key,), signed_around=True)


def test_cbc_padding_is_counted_by_its_last_octet_alone() -> None:
    assert plain(wrapped(CBC, KEY16, cbc(KEY16, b"hello world" + b"\xaa" * 4 + b"\x05"))) == b"hello world"


@pytest.mark.parametrize("last", [0, 17, 255])
def test_impossible_padding_is_refused(last: int) -> None:
    with pytest.raises(DecryptionFailed):
        plain(wrapped(CBC, KEY16, cbc(KEY16, b"x" * 15 + bytes([last]))))


@pytest.mark.parametrize("value", [b"", b"x" * 16, b"x" * 33])
def test_a_cbc_value_of_impossible_length_is_refused(value: bytes) -> None:
    with pytest.raises(DecryptionFailed):
        plain(wrapped(CBC, KEY16, value))


def test_a_key_must_be_as_long_as_its_cipher_says() -> None:
    assert plain(wrapped(GCM, KEY32, gcm(KEY32, b"hello"))) == b"hello"
    with pytest.raises(DecryptionFailed):
        plain(wrapped(GCM, KEY16, gcm(KEY16, b"hello")))


def test_oaep_with_sha256_and_its_own_mask() -> None:
    assert plain(wrapped(GCM, KEY32, gcm(KEY32, b"hello"), hashes.SHA256())) == b"hello"


def test_only_an_rsa_key_decrypts() -> None:
    with pytest.raises(PrivateKeyInvalid):
        decrypt(wrapped(GCM, KEY32, b"x"), (key_pair("curve", "ec").private_key,), signed_around=True)


@pytest.mark.parametrize("order", [1, -1])
def test_during_a_roll_over_either_key_decrypts(order: int) -> None:
    keys = (KEYS.private_key, key_pair("next service provider").private_key)[::order]
    assert decrypt(wrapped(GCM, KEY32, gcm(KEY32, b"hello")), keys, signed_around=True) == b"hello"


def test_a_key_of_neither_is_refused_as_any_other() -> None:
    strangers = (key_pair("stranger").private_key, key_pair("next service provider").private_key)
    with pytest.raises(DecryptionFailed, match="the assertion cannot be decrypted"):
        decrypt(wrapped(GCM, KEY32, gcm(KEY32, b"hello")), strangers, signed_around=True)


def test_every_failure_reads_the_same() -> None:
    said = set()
    for element in (wrapped(GCM, KEY32, gcm(KEY16, b"x")), wrapped(GCM, KEY16, b"x"), wrapped(CBC, KEY16, b"x" * 32)):
        with pytest.raises(DecryptionFailed) as refused:
            plain(element)
        said.add(str(refused.value))
    assert len(said) == 1
