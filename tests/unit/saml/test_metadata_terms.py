"""How long metadata may be believed, and whose they are."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from lxml import etree

from saml import errors
from saml.metadata import read_identity_provider
from saml.model import IdentityProvider
from tests.simulators.identity_provider import sign
from tests.simulators.saml_keys import KeyPair, key_pair
from tests.simulators.saml_world import EXPECTED, NOW, PROVIDER, SIMULATED, accept, respond

FEDERATION = key_pair("federation operator")
GOOD = SIMULATED.metadata()


def read(xml: bytes, signed_by: str = "") -> IdentityProvider:
    return read_identity_provider(xml, "okta", NOW, signed_by=signed_by)


def signed(xml: bytes = GOOD, keys: KeyPair = FEDERATION) -> Any:
    tree = etree.fromstring(xml)
    tree.set("ID", "_metadata")
    answer = SIMULATED.answer(None, "", "", NOW, attributes={}, name_id="")
    sign(tree, replace(answer, keys=keys))
    return tree


def marked(**attributes: str) -> bytes:
    tree = etree.fromstring(GOOD)
    for name, value in attributes.items():
        tree.set(name, value)
    text: bytes = etree.tostring(tree)
    return text


def test_signed_metadata_are_read_where_the_pinned_key_made_the_signature() -> None:
    found = read(etree.tostring(signed()), FEDERATION.certificate)
    assert found == read(GOOD)


@pytest.mark.parametrize("keys", [key_pair("stranger"), SIMULATED.keys], ids=["stranger", "the provider itself"])
def test_metadata_of_another_signer_are_refused(keys: KeyPair) -> None:
    with pytest.raises(errors.SignatureInvalid):
        read(etree.tostring(signed(keys=keys)), FEDERATION.certificate)


def test_unsigned_metadata_are_refused_where_a_key_is_pinned() -> None:
    with pytest.raises(errors.SignatureMissing):
        read(GOOD, FEDERATION.certificate)


def test_changed_metadata_are_refused() -> None:
    text: bytes = etree.tostring(signed())
    with pytest.raises(errors.SignatureInvalid):
        read(text.replace(b"https://idp.example.com/sso", b"https://evil.example/sso"), FEDERATION.certificate)


def test_a_signature_that_was_moved_around_other_metadata_is_refused() -> None:
    """Wrapping: what was signed stands inside, and what would be read stands around it."""
    inner = signed()
    evil = etree.fromstring(SIMULATED.metadata().replace(b"idp.example.com", b"evil.example"))
    evil.set("ID", "_evil")
    evil.insert(0, inner.find("{*}Signature"))
    evil.append(inner)
    with pytest.raises(errors.SamlError):
        read(etree.tostring(evil), FEDERATION.certificate)


@pytest.mark.parametrize("change", ["twice", "no id", "same id"])
def test_an_ambiguous_signature_is_refused(change: str) -> None:
    tree = signed()
    if change == "twice":
        tree.insert(0, etree.fromstring(etree.tostring(tree.find("{*}Signature"))))
    elif change == "no id":
        del tree.attrib["ID"]
    else:
        tree[1].set("ID", "_metadata")
    with pytest.raises(errors.SamlError):
        read(etree.tostring(tree), FEDERATION.certificate)


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("PT1H", timedelta(hours=1)),
        ("PT3600S", timedelta(hours=1)),
        ("PT0.5S", timedelta()),
        ("P1DT12H", timedelta(hours=36)),
        ("P1Y2M3DT4H5M6.789S", timedelta(days=365 + 60 + 3, hours=4, minutes=5, seconds=6)),
    ],
)
def test_a_cache_duration_is_read(text: str, duration: timedelta) -> None:
    assert read(marked(cacheDuration=text)).cache_duration == duration


@pytest.mark.parametrize("text", ["", "P", "PT", "1H", "-PT1H", "PT1H ", "P1H", "PT99999999999999S", "PT\u0661H"])
def test_what_is_no_cache_duration_is_refused(text: str) -> None:
    with pytest.raises(errors.MetadataInvalid, match="cacheDuration"):
        read(marked(cacheDuration=text))


def test_the_earliest_end_and_the_shortest_duration_count() -> None:
    inner = marked(validUntil="2026-02-01T00:00:00Z", cacheDuration="PT2H")
    around = (
        b'<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" validUntil="2026-01-15T00:00:00Z"'
        b' cacheDuration="PT3H">%b</md:EntitiesDescriptor>' % inner
    )
    found = read(around)
    assert (found.valid_until, found.cache_duration) == (NOW.replace(day=15, hour=0), timedelta(hours=2))
    assert read(GOOD).valid_until is read(GOOD).cache_duration is None


def test_a_time_beyond_the_calendar_is_refused() -> None:
    with pytest.raises(errors.MetadataInvalid, match="validUntil"):
        read(marked(validUntil="9999-12-31T23:59:59-14:00"))


def test_trust_ends_with_the_metadata() -> None:
    ending = replace(EXPECTED, provider=replace(PROVIDER, valid_until=NOW + timedelta(seconds=1)))
    assert accept(respond(), ending)
    with pytest.raises(errors.MetadataExpired):
        accept(respond(), replace(EXPECTED, provider=replace(PROVIDER, valid_until=NOW)))
