import base64
import re
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from saml.authn_request import build, new_request_id
from saml.errors import PrivateKeyInvalid
from saml.model import Wish
from tests.simulators.identity_provider import read_request
from tests.simulators.saml_world import NOW, PROVIDER, SERVICE_PROVIDER

KEYLESS = replace(SERVICE_PROVIDER, private_key="", certificate="")


def test_the_request_says_who_asks_and_where_to_answer() -> None:
    received = read_request(build(PROVIDER, KEYLESS, "_id", "handle", NOW))
    assert received.request_id == "_id"
    assert received.issuer == SERVICE_PROVIDER.entity_id
    assert received.acs_url == SERVICE_PROVIDER.acs_url
    assert received.destination == PROVIDER.sign_in_url
    assert received.relay_state == "handle"
    assert ElementTree.fromstring(received.xml).get("IssueInstant") == "2026-01-01T12:00:00Z"


def test_no_name_format_is_asked_for_where_none_is_wanted() -> None:
    assert b"NameIDPolicy" in read_request(build(PROVIDER, KEYLESS, "_id", "", NOW)).xml
    assert b"NameIDPolicy" not in read_request(build(PROVIDER, replace(KEYLESS, name_id_format=""), "_id", "", NOW)).xml


def test_without_a_wish_the_provider_s_own_rules_decide() -> None:
    xml = read_request(build(PROVIDER, KEYLESS, "_id", "", NOW)).xml
    assert b"ForceAuthn" not in xml
    assert b"RequestedAuthnContext" not in xml


def test_a_wish_is_told() -> None:
    wish = Wish(force_authn=True, authn_contexts=("https://refeds.org/profile/mfa", "urn:a&b"))
    root = ElementTree.fromstring(read_request(build(PROVIDER, KEYLESS, "_id", "", NOW, wish)).xml)
    assert root.get("ForceAuthn") == "true"
    (asked,) = root.findall("{urn:oasis:names:tc:SAML:2.0:protocol}RequestedAuthnContext")
    assert asked.get("Comparison") == "exact"
    assert [each.text for each in asked] == ["https://refeds.org/profile/mfa", "urn:a&b"]
    assert [each.tag.rpartition("}")[2] for each in root] == ["Issuer", "NameIDPolicy", "RequestedAuthnContext"]


def test_without_a_key_nothing_is_signed() -> None:
    assert parse_qs(urlsplit(build(PROVIDER, KEYLESS, "_id", "handle", NOW)).query).keys() == {
        "SAMLRequest",
        "RelayState",
    }


def test_a_query_of_the_provider_is_kept() -> None:
    url = build(replace(PROVIDER, sign_in_url="https://idp.example.com/sso?tenant=1"), KEYLESS, "_id", "h", NOW)
    assert url.startswith("https://idp.example.com/sso?tenant=1&SAMLRequest=")


def test_values_are_escaped() -> None:
    odd = replace(KEYLESS, entity_id="urn:<&>", acs_url='https://x/acs?a="&b')
    received = read_request(build(PROVIDER, odd, "_id", "a&b=c", NOW))
    assert (received.issuer, received.acs_url, received.relay_state) == ("urn:<&>", 'https://x/acs?a="&b', "a&b=c")


def test_with_a_key_the_query_is_signed() -> None:
    query = urlsplit(build(PROVIDER, SERVICE_PROVIDER, "_id", "handle", NOW)).query
    signed, _, _ = query.partition("&Signature=")
    assert parse_qs(signed)["SigAlg"] == ["http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"]  # signed, too
    signature = base64.b64decode(parse_qs(query)["Signature"][0])
    key = x509.load_pem_x509_certificate(SERVICE_PROVIDER.certificate.encode()).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    key.verify(signature, signed.encode(), padding.PKCS1v15(), hashes.SHA256())


def test_a_key_that_cannot_sign_is_not_shown() -> None:
    with pytest.raises(PrivateKeyInvalid) as refused:
        build(PROVIDER, replace(SERVICE_PROVIDER, private_key="hidden"), "_id", "h", NOW)
    assert "hidden" not in str(refused.value)


def test_ids_are_names_that_nobody_guesses() -> None:
    ids = {new_request_id() for _ in range(100)}
    assert len(ids) == 100
    assert all(re.fullmatch("_[0-9a-f]{40}", name) for name in ids)
