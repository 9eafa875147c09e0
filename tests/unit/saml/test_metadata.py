from dataclasses import replace
from datetime import timedelta
from xml.etree import ElementTree

import pytest

from saml import errors
from saml.certificates import certificate_info, certificates_of
from saml.metadata import read_identity_provider, service_provider_metadata
from saml.model import IdentityProvider, ServiceProvider
from tests.simulators.identity_provider import SimulatedIdentityProvider
from tests.simulators.saml_keys import key_pair
from tests.simulators.saml_world import NOW, SERVICE_PROVIDER, SIMULATED

MD = "{urn:oasis:names:tc:SAML:2.0:metadata}"
GOOD = SIMULATED.metadata()
OTHER = SimulatedIdentityProvider("https://other.example.com", "https://other.example.com/sso").metadata()
KEY = GOOD[GOOD.index(b"<md:KeyDescriptor") : GOOD.index(b"</md:KeyDescriptor>") + len(b"</md:KeyDescriptor>")]


def read(xml: bytes, entity_id: str = "") -> IdentityProvider:
    return read_identity_provider(xml, "okta", NOW, entity_id)


def several(*entities: bytes, attributes: bytes = b"") -> bytes:
    return (
        b'<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"%b>' % attributes
        + b"".join(entities)
        + b"</md:EntitiesDescriptor>"
    )


def test_a_provider_is_read() -> None:
    provider = read(GOOD)
    assert provider.name == "okta"
    assert provider.entity_id == SIMULATED.entity_id
    assert provider.sign_in_url == SIMULATED.sso_url
    assert provider.sign_out_url == ""
    assert [pem.strip() for pem in provider.certificates] == [SIMULATED.keys.certificate.strip()]


def test_several_signing_keys_are_read_once_each() -> None:
    second = SimulatedIdentityProvider("https://x", "https://x", keys=key_pair("next")).metadata()
    second_key = second[second.index(b"<md:KeyDescriptor") : second.index(b"</md:KeyDescriptor>") + 19]
    provider = read(GOOD.replace(KEY, KEY + second_key + KEY))
    assert len(provider.certificates) == 2


def test_a_key_of_no_named_use_signs() -> None:
    assert read(GOOD.replace(b' use="signing"', b"")).certificates


def test_a_key_for_encryption_does_not_sign() -> None:
    with pytest.raises(errors.MetadataInvalid, match="signing certificate"):
        read(GOOD.replace(b'use="signing"', b'use="encryption"'))


def test_a_declaration_of_utf8_is_let_pass() -> None:
    assert read(b'<?xml version="1.0" encoding="UTF-8"?>\n' + GOOD)


@pytest.mark.parametrize(
    "until", ["2025-12-31T23:59:59Z", "2026-01-01T12:00:00Z", "2026-01-01T11:00:00", "2026-01-01T12:30:00+01:00"]
)
def test_metadata_that_ended_is_refused(until: str) -> None:
    ended = b' validUntil="%b"' % until.encode()
    for xml in (
        GOOD.replace(b"<md:EntityDescriptor", b"<md:EntityDescriptor" + ended),
        GOOD.replace(b"<md:IDPSSODescriptor", b"<md:IDPSSODescriptor" + ended),
        several(GOOD, attributes=ended),
    ):
        with pytest.raises(errors.MetadataExpired):
            read(xml)


def test_metadata_that_has_not_ended_is_read() -> None:
    assert read(SIMULATED.metadata(valid_until=NOW + timedelta(seconds=1)))


def test_one_of_several_is_named() -> None:
    both = several(GOOD, several(OTHER))
    assert read(both, "https://other.example.com").sign_in_url == "https://other.example.com/sso"
    with pytest.raises(errors.MetadataEntityUnknown):
        read(both)
    with pytest.raises(errors.MetadataEntityUnknown):
        read(both, "https://nobody.example.com")
    with pytest.raises(errors.MetadataEntityUnknown):
        read(several(GOOD, GOOD), SIMULATED.entity_id)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"md:SingleSignOnService", b"md:Other"),
        (b"HTTP-Redirect", b"HTTP-POST"),
        (b"https://idp.example.com/sso", b"http://idp.example.com/sso"),
        (b"https://idp.example.com/sso", b"javascript:alert(1)"),
        (b"https://idp.example.com/sso", b"https://[idp/sso"),
        (b"SAML:2.0:protocol", b"SAML:1.1:protocol"),
        (b"<ds:X509Certificate>MII", b"<ds:X509Certificate>!II"),
        (b"<ds:X509Certificate>MII", b"<ds:X509Certificate>AAA"),
        (b"</md:EntityDescriptor>", b""),
        (b"<md:EntityDescriptor", b"<!DOCTYPE x><md:EntityDescriptor"),
    ],
)
def test_metadata_that_names_no_usable_provider_is_refused(old: bytes, new: bytes) -> None:
    assert old in GOOD
    with pytest.raises(errors.MetadataInvalid):
        read(GOOD.replace(old, new))


def test_a_provider_on_this_machine_needs_no_tls() -> None:
    assert read(GOOD.replace(b"https://idp.example.com/sso", b"http://127.0.0.1:8080/sso"))


def test_a_weak_key_is_refused() -> None:
    weak = SimulatedIdentityProvider("https://x", "https://x/sso", keys=key_pair("weak", "rsa-1024"))
    with pytest.raises(errors.CertificateInvalid, match="2048"):
        read(weak.metadata())


def test_certificates_are_described() -> None:
    (info,) = certificates_of(read(GOOD))
    assert info.subject == "CN=identity provider"
    assert len(info.sha256) == 95
    assert info.not_before < NOW < info.not_after
    assert info == certificate_info(SIMULATED.keys.certificate)
    with pytest.raises(errors.CertificateInvalid):
        certificate_info("no certificate")


def test_our_metadata_says_who_we_are() -> None:
    root = ElementTree.fromstring(service_provider_metadata(SERVICE_PROVIDER))
    role = root.find(f"{MD}SPSSODescriptor")
    assert role is not None
    assert root.get("entityID") == SERVICE_PROVIDER.entity_id
    assert "validUntil" not in root.attrib
    assert role.get("WantAssertionsSigned") == role.get("AuthnRequestsSigned") == "true"
    service = role.find(f"{MD}AssertionConsumerService")
    assert service is not None
    assert service.get("Location") == SERVICE_PROVIDER.acs_url
    assert [key.get("use") for key in role.findall(f"{MD}KeyDescriptor")] == ["signing", "encryption"]
    assert "PRIVATE" not in ElementTree.tostring(root).decode()


def test_during_a_roll_over_both_certificates_are_published() -> None:
    following = key_pair("next service provider")
    rolling = replace(SERVICE_PROVIDER, next_certificate=following.certificate, next_private_key=following.private_key)
    root = ElementTree.fromstring(service_provider_metadata(rolling))
    published = [
        (key.get("use"), "".join("".join(key.itertext()).split())) for key in root.findall(f"*/{MD}KeyDescriptor")
    ]
    current, coming = (
        "".join(pem.split("-----")[2].split()) for pem in (SERVICE_PROVIDER.certificate, following.certificate)
    )
    # The current one first: a provider that reads only one encrypts for it.
    assert published == [(use, pem) for pem in (current, coming) for use in ("signing", "encryption")]


@pytest.mark.parametrize(("said", "wanted"), [(b"true", True), (b"1", True), (b"false", False), (b"", False)])
def test_a_provider_may_want_signed_requests(said: bytes, wanted: bool) -> None:
    marked = GOOD.replace(b"<md:IDPSSODescriptor", b'<md:IDPSSODescriptor WantAuthnRequestsSigned="%b"' % said)
    assert read(marked).wants_signed_requests is wanted
    assert not read(GOOD).wants_signed_requests


def test_our_metadata_is_escaped_and_needs_no_key() -> None:
    odd = ServiceProvider('urn:"<&', "https://broker.example.com/acs?a=1&b=2")
    root = ElementTree.fromstring(service_provider_metadata(odd))
    assert root.get("entityID") == 'urn:"<&'
    assert not root.findall(f"*/{MD}KeyDescriptor")


def test_our_broken_certificate_is_not_published() -> None:
    with pytest.raises(errors.CertificateInvalid):
        service_provider_metadata(ServiceProvider("urn:x", "https://x/acs", certificate="no certificate"))
