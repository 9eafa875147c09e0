"""The broker's certificate is verified, always: the name, the CA, and only the named CA."""

import ipaddress
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from broker.client.api import BrokerApi
from broker.client.errors import BrokerUntrusted
from broker.client.settings import ClientSettings
from broker.clock import utc_now
from tests.integration.client.helpers import TinyBroker


@dataclass(frozen=True, slots=True)
class Certificate:
    certificate: Path
    key: Path


def self_signed(folder: Path, address: str, now: datetime | None = None) -> Certificate:
    """A certificate that is good for an hour from `now` on."""
    now = now or utc_now()
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tiny broker")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder.mkdir()
    made = Certificate(folder / "certificate.pem", folder / "key.pem")
    made.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    made.key.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return made


def served(made: Certificate) -> TinyBroker:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.certificate, made.key)
    return TinyBroker(tls=context)


@pytest.fixture
def ours(tmp_path: Path) -> Certificate:
    return self_signed(tmp_path / "ours", "127.0.0.1")


@pytest.fixture
def secure(ours: Certificate) -> Iterator[TinyBroker]:
    with served(ours) as broker:
        yield broker


def test_named_ca_is_trusted(secure: TinyBroker, ours: Certificate, tmp_path: Path) -> None:
    api = BrokerApi(ClientSettings(secure.url, tmp_path, ca_file=ours.certificate))
    assert api.issuer() == secure.url


def test_unknown_ca_is_refused_even_on_this_machine(secure: TinyBroker, tmp_path: Path) -> None:
    with pytest.raises(BrokerUntrusted) as refused:
        BrokerApi(ClientSettings(secure.url, tmp_path)).issuer()
    assert "self-signed" in refused.value.what
    assert "ca_file" in refused.value.remedy
    assert refused.value.exit_code == 4


def test_other_ca_is_refused(secure: TinyBroker, tmp_path: Path) -> None:
    other = self_signed(tmp_path / "other", "127.0.0.1")
    with pytest.raises(BrokerUntrusted):
        BrokerApi(ClientSettings(secure.url, tmp_path, ca_file=other.certificate)).issuer()


def test_certificate_of_another_name_is_refused(tmp_path: Path) -> None:
    made = self_signed(tmp_path / "made", "127.0.0.2")
    with served(made) as broker, pytest.raises(BrokerUntrusted) as refused:
        BrokerApi(ClientSettings(broker.url, tmp_path, ca_file=made.certificate)).issuer()
    assert "127.0.0.1" in refused.value.what
