"""A provider may end sessions; nobody else may, not with any part of what a provider once signed."""

import base64
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit
from xml.etree import ElementTree

import pytest

from saml import errors, logout
from saml.metadata import service_provider_metadata
from saml.model import ProviderSession, RawResponse
from tests.simulators.identity_provider import read_request
from tests.simulators.saml_keys import key_pair
from tests.simulators.saml_world import NOW, PROVIDER, SERVICE_PROVIDER, SIMULATED, respond
from tests.simulators.single_logout import ECDSA_SHA256, deflated, message, posted, redirect_query, signed_query

SLO = "https://broker.example.com/saml/okta/slo"
OURS = replace(SERVICE_PROVIDER, slo_url=SLO)
THEIRS = replace(PROVIDER, sign_out_url="https://idp.example.com/slo")
KEYS = SIMULATED.keys


def by_redirect(**changes: Any) -> logout.LogoutRequest:
    return logout.read_redirect(redirect_query(message(SIMULATED, SLO, NOW, **changes), KEYS), THEIRS, OURS, NOW)


def by_post(**changes: Any) -> logout.LogoutRequest:
    form = posted(message(SIMULATED, SLO, NOW, **changes), SIMULATED, KEYS, NOW)
    return logout.read_post(RawResponse(form.encode()), THEIRS, OURS, NOW)


both = pytest.mark.parametrize("read", [by_redirect, by_post], ids=["redirect", "post"])
Read = Callable[..., logout.LogoutRequest]


@both
def test_the_truth_is_accepted(read: Read) -> None:
    found = read(not_on_or_after=NOW + timedelta(minutes=5))
    assert (found.request_id, found.name_id, found.session_indexes) == ("_logout", "ethan@example.com", ("_session",))
    assert found.keep_until > NOW + timedelta(minutes=6)
    assert read(indexes=()).session_indexes == ()
    assert read(indexes=("a", "b")).session_indexes == ("a", "b")


@both
@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"issuer": "https://evil.example"}, errors.IssuerWrong),
        ({"destination": SLO + "/"}, errors.DestinationWrong),
        ({"destination": SERVICE_PROVIDER.acs_url}, errors.DestinationWrong),
        ({"destination": ""}, errors.DestinationWrong),
        ({"issued": NOW - timedelta(minutes=7)}, errors.Expired),
        ({"issued": NOW + timedelta(minutes=2)}, errors.NotYetValid),
        ({"not_on_or_after": NOW - timedelta(minutes=2)}, errors.Expired),
        ({"name_id": ""}, errors.NameIdInvalid),
        ({"name_id": "ethan\u200b@example.com"}, errors.NameIdInvalid),
        ({"name_attributes": ' SPNameQualifier="urn:other"'}, errors.NameIdInvalid),
        ({"indexes": ("",)}, errors.NameIdInvalid),
        ({"indexes": (" ",)}, errors.NameIdInvalid),
        ({"more": "<saml:NameID>emma@example.com</saml:NameID>"}, errors.ElementRepeated),
        ({"more": "<samlp:Extensions/>"}, errors.ElementUnexpected),
        ({"id": "logout:1"}, errors.IdInvalid),
    ],
)
def test_a_lie_that_the_provider_signs_is_refused(
    read: Read, changes: dict[str, Any], error: type[errors.SamlError]
) -> None:
    with pytest.raises(error):
        read(**changes)


def refused(query: str) -> type[errors.SamlError]:
    with pytest.raises(errors.SamlError) as refusal:
        logout.read_redirect(query, THEIRS, OURS, NOW)
    return type(refusal.value)


TRUE_QUERY = redirect_query(message(SIMULATED, SLO, NOW), KEYS, relay_state="state")


def test_the_signature_covers_every_parameter_as_it_came() -> None:
    assert logout.read_redirect(TRUE_QUERY, THEIRS, OURS, NOW).name_id == "ethan@example.com"
    other = quote(base64.b64encode(deflated(message(SIMULATED, SLO, NOW, name_id="emma@example.com"))), safe="")
    mine = TRUE_QUERY.split("&")[0]
    for query in (
        TRUE_QUERY.replace(mine, f"SAMLRequest={other}"),
        TRUE_QUERY.replace("RelayState=state", "RelayState=other"),
        TRUE_QUERY.replace("&RelayState=state", ""),
        TRUE_QUERY.replace("rsa-sha256", "rsa-sha512"),
        TRUE_QUERY.replace("%2F", "%2f"),
        TRUE_QUERY.replace("Signature=", "Signature=AAAA"),
    ):
        assert refused(query) is errors.SignatureInvalid, query


@pytest.mark.parametrize(
    "change",
    [
        lambda query: query.partition("&SigAlg")[0],
        lambda query: query.partition("&Signature")[0],
        lambda query: query + "&SAMLRequest=AAAA",
        lambda query: "SAMLRequest=AAAA&" + query,
        lambda query: query + "&x=y",
        lambda query: "&".join(reversed(query.split("&"))),
        lambda query: query.replace("SAMLRequest", "SAMLResponse"),
        lambda query: "",
    ],
)
def test_a_query_of_another_shape_is_unsigned(change: Callable[[str], str]) -> None:
    assert refused(change(TRUE_QUERY)) is errors.SignatureMissing


def test_another_key_and_weak_algorithms_are_refused() -> None:
    text = message(SIMULATED, SLO, NOW)
    assert refused(redirect_query(text, key_pair("stranger"))) is errors.SignatureInvalid
    assert refused(redirect_query(text, OURS_AS_KEYS)) is errors.SignatureInvalid
    weak = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
    assert refused(redirect_query(text, KEYS, algorithm=weak)) is errors.AlgorithmForbidden
    assert refused(redirect_query(text, KEYS, algorithm="\u00e9")) is errors.AlgorithmForbidden
    assert refused(redirect_query(text, KEYS, algorithm=ECDSA_SHA256)) is errors.SignatureInvalid


OURS_AS_KEYS = key_pair("service provider")


def test_a_key_on_a_curve_signs_too() -> None:
    curve = key_pair("curve", "ec")
    theirs = replace(THEIRS, certificates=(curve.certificate,))
    text = message(SIMULATED, SLO, NOW)
    assert logout.read_redirect(redirect_query(text, curve, algorithm=ECDSA_SHA256), theirs, OURS, NOW)
    with pytest.raises(errors.SignatureInvalid):
        logout.read_redirect(redirect_query(text, key_pair("other", "ec"), algorithm=ECDSA_SHA256), theirs, OURS, NOW)


def test_what_inflates_without_end_is_not_inflated() -> None:
    assert refused(signed_query(deflated("<" + "A" * 20_000_000), KEYS)) is errors.ResponseTooLarge


@pytest.mark.parametrize("packed", [b"", b"plain", deflated("<x/>")[:-1], deflated("<x/>") + b"more"])
def test_what_is_not_one_deflated_message_is_refused(packed: bytes) -> None:
    assert refused(signed_query(packed, KEYS)) is errors.ResponseNotBase64


def test_a_signed_response_is_no_logout_request() -> None:
    """What the provider signs for a sign-in ends nobody's session."""
    raw = respond(sign=frozenset({"response", "assertion"}))
    with pytest.raises(errors.ElementUnexpected):
        logout.read_post(raw, THEIRS, OURS, NOW)


def test_an_unsigned_or_foreign_post_is_refused() -> None:
    bare = base64.b64encode(message(SIMULATED, SLO, NOW).encode())
    with pytest.raises(errors.SignatureMissing):
        logout.read_post(RawResponse(bare), THEIRS, OURS, NOW)
    foreign = posted(message(SIMULATED, SLO, NOW), SIMULATED, key_pair("stranger"), NOW)
    with pytest.raises(errors.SignatureInvalid):
        logout.read_post(RawResponse(foreign.encode()), THEIRS, OURS, NOW)


def test_a_message_signed_inside_does_not_travel_by_redirect() -> None:
    form = posted(message(SIMULATED, SLO, NOW), SIMULATED, KEYS, NOW)
    assert refused(redirect_query(base64.b64decode(form).decode(), KEYS)) is errors.XmlAttributeUnexpected


def test_trust_that_ended_ends_nobody_s_session() -> None:
    with pytest.raises(errors.MetadataExpired):
        logout.read_redirect(TRUE_QUERY, replace(THEIRS, valid_until=NOW), OURS, NOW)


def test_our_own_request_names_the_session() -> None:
    session = ProviderSession("ethan@<&>", "urn:format", "_session")
    url = logout.build_request(THEIRS, OURS, session, "_ours", NOW)
    assert url.startswith("https://idp.example.com/slo?SAMLRequest=")
    root = ElementTree.fromstring(read_request(url).xml)
    assert [each.text for each in root] == [OURS.entity_id, "ethan@<&>", "_session"]
    assert root.get("Destination") == THEIRS.sign_out_url
    assert "Signature" in parse_qs(urlsplit(url).query)


def test_our_answer_goes_where_the_metadata_say() -> None:
    theirs = replace(THEIRS, sign_out_response_url="https://idp.example.com/slo/done?x=1")
    url = logout.build_response(theirs, OURS, "_answer", "_logout", "state", NOW)
    assert url.startswith("https://idp.example.com/slo/done?x=1&SAMLResponse=")
    assert parse_qs(urlsplit(url).query)["RelayState"] == ["state"]
    assert "RelayState" not in parse_qs(urlsplit(logout.build_response(theirs, OURS, "_a", "_l", "x" * 81, NOW)).query)


def test_our_metadata_name_the_service() -> None:
    root = ElementTree.fromstring(service_provider_metadata(OURS))
    service = root.find(".//{urn:oasis:names:tc:SAML:2.0:metadata}SingleLogoutService")
    assert service is not None
    assert service.get("Location") == SLO
