"""Certificates as carriers of keys: SAML trusts a key because the metadata names it, not because of its issuer."""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from saml.errors import CertificateInvalid
from saml.model import IdentityProvider

MINIMUM_RSA_BITS: Final = 2048
_CURVES: Final = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
_HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}


@dataclass(frozen=True, slots=True)
class CertificateInfo:
    """What an administrator compares and renews.

    Attributes:
        sha256: fingerprint, upper-case hexadecimal pairs with colons.
    """

    subject: str
    sha256: str
    not_before: datetime
    not_after: datetime


def certificates_of(provider: IdentityProvider) -> tuple[CertificateInfo, ...]:
    """The provider's signing certificates.

    Raises:
        CertificateInvalid: one cannot be read.
    """
    return tuple(_describe(_read_pem(pem)) for pem in provider.certificates)


def certificate_info(pem: str) -> CertificateInfo:
    """One certificate, for instance our own.

    Raises:
        CertificateInvalid: it cannot be read.
    """
    return _describe(_read_pem(pem))


def pem_of_metadata(text: str) -> str:
    """The PEM form of an X509Certificate element's text, its key checked for strength.

    Raises:
        CertificateInvalid: no certificate, or a key that is too weak.
    """
    try:
        certificate = x509.load_der_x509_certificate(base64.b64decode("".join(text.split()), validate=True))
        key = certificate.public_key()
    except (ValueError, TypeError, binascii.Error, UnsupportedAlgorithm):
        raise CertificateInvalid("an X509Certificate of the metadata cannot be read") from None
    strong_rsa = isinstance(key, rsa.RSAPublicKey) and key.key_size >= MINIMUM_RSA_BITS
    strong_curve = isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, _CURVES)
    if not (strong_rsa or strong_curve):
        raise CertificateInvalid(
            f"a signing key of the metadata is neither RSA with {MINIMUM_RSA_BITS} bits or more nor on a NIST curve",
            remedy="Renew the signing certificate at the identity provider with an RSA key of 2048 bits or more.",
        )
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def verifies(pem: str, algorithm: str, signature: bytes, signed: bytes) -> bool:
    """Whether the certificate's key made this signature, by one of `names.SIGNATURE_ALGORITHMS`, over these bytes."""
    family, _, digest = algorithm.rpartition("#")[2].partition("-")
    key, hash_used = _read_pem(pem).public_key(), _HASHES[digest]
    try:
        if family == "rsa" and isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, signed, padding.PKCS1v15(), hash_used)
            return True
        if family == "ecdsa" and isinstance(key, ec.EllipticCurvePublicKey):
            half = len(signature) // 2  # r and s side by side (RFC 4051 2.3.6)
            r, s = (int.from_bytes(part) for part in (signature[:half], signature[half:]))
            key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(hash_used))
            return True
    except (InvalidSignature, ValueError):
        return False
    return False


def _read_pem(pem: str) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(pem.encode())
    except ValueError:
        raise CertificateInvalid("a configured certificate is not PEM") from None


def _describe(certificate: x509.Certificate) -> CertificateInfo:
    return CertificateInfo(
        subject=certificate.subject.rfc4514_string(),
        sha256=certificate.fingerprint(hashes.SHA256()).hex(":").upper(),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
    )
