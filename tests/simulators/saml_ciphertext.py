"""Encrypts any bytes as if they were an assertion: all that it needs is our certificate, which everybody has."""

import base64
import os

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from lxml import etree

from tests.simulators.identity_provider import DS, SAML, XENC, Tree
from tests.simulators.saml_lie_kit import FOR_US

XENC11 = "http://www.w3.org/2009/xmlenc11#"


def encrypted(plain: bytes, data_type: str = XENC + "Element") -> Tree:
    """An EncryptedAssertion of AES-256-GCM and RSA-OAEP that holds `plain`, whatever that is."""
    session_key, nonce = os.urandom(32), os.urandom(12)
    public = x509.load_pem_x509_certificate(FOR_US.encode()).public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
    return etree.fromstring(
        f'<saml:EncryptedAssertion xmlns:saml="{SAML}" xmlns:e="{XENC}"><e:EncryptedData Type="{data_type}">'
        f'<e:EncryptionMethod Algorithm="{XENC11}aes256-gcm"/><d:KeyInfo xmlns:d="{DS}"><e:EncryptedKey>'
        f'<e:EncryptionMethod Algorithm="{XENC}rsa-oaep-mgf1p"/>{_cipher(public.encrypt(session_key, oaep))}'
        f"</e:EncryptedKey></d:KeyInfo>{_cipher(nonce + AESGCM(session_key).encrypt(nonce, plain, None))}"
        "</e:EncryptedData></saml:EncryptedAssertion>"
    )


def _cipher(value: bytes) -> str:
    return f"<e:CipherData><e:CipherValue>{base64.b64encode(value).decode()}</e:CipherValue></e:CipherData>"
