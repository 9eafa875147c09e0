"""Certificates for the demonstration: a throwaway authority, server certificates, and a signing certificate."""

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_LIFETIME: Final = timedelta(days=30)
_BACKDATED: Final = timedelta(minutes=5)

_PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """Where a certificate and its key were written, PEM; the key with mode 0600."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class DemoAuthority:
    """A certificate authority that lives as long as the object: its key is never written."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @classmethod
    def create(cls, name: str, now: datetime) -> "DemoAuthority":
        """A new self-signed authority called `name`."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(name, now).issuer_name(_name(name)).public_key(key.public_key())
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(_key_usage(certificate_sign=True), critical=True)
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        return cls(builder.sign(key, hashes.SHA256()), key)

    def pem(self) -> bytes:
        """The authority's certificate, for clients to trust."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def issue_loopback(self, directory: Path, stem: str, now: datetime) -> CertificateFiles:
        """A server certificate for localhost, 127.0.0.1 and ::1, written below `directory`."""
        key = ec.generate_private_key(ec.SECP256R1())
        names: list[x509.GeneralName] = [x509.DNSName("localhost")]
        names += [x509.IPAddress(ipaddress.ip_address(text)) for text in ("127.0.0.1", "::1")]
        builder = _builder("localhost", now).issuer_name(self.certificate.subject).public_key(key.public_key())
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        authority_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        builder = builder.add_extension(authority_key, critical=False)
        return _write(directory, stem, builder.sign(self.key, hashes.SHA256()), key)


def issue_signing(directory: Path, stem: str, name: str, now: datetime) -> CertificateFiles:
    """A self-signed RSA certificate for XML signatures (RSA-SHA256 is what every SAML peer speaks)."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    builder = _builder(name, now).issuer_name(_name(name)).public_key(key.public_key())
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    return _write(directory, stem, builder.sign(key, hashes.SHA256()), key)


def write_private(path: Path, content: bytes) -> None:
    """Write `content` where only the owner can ever have read it: the mode is there before the bytes."""
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_bytes(content)


def _name(common: str) -> x509.Name:
    organization = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Warehouse access broker demonstration")
    return x509.Name([organization, x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _builder(subject: str, now: datetime) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(_name(subject)).serial_number(x509.random_serial_number())
    return builder.not_valid_before(now - _BACKDATED).not_valid_after(now + _LIFETIME)


def _key_usage(*, certificate_sign: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certificate_sign,
        key_cert_sign=certificate_sign,
        crl_sign=certificate_sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _write(directory: Path, stem: str, certificate: x509.Certificate, key: _PrivateKey) -> CertificateFiles:
    files = CertificateFiles(directory / f"{stem}.crt", directory / f"{stem}.key")
    files.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    write_private(files.key, pem)
    return files
