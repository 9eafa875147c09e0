from dataclasses import replace
from datetime import timedelta

import pytest
import xmlsec

from saml import errors
from saml.model import CLOCK_SKEW, Attribute, RawResponse
from saml.validate import validate
from tests.simulators.identity_provider import Lie, Shape, SimulatedIdentityProvider
from tests.simulators.saml_keys import key_pair
from tests.simulators.saml_lie_kit import SIGNED_BOTH, SIGNED_RESPONSE, put
from tests.simulators.saml_lies import HOSTILE
from tests.simulators.saml_world import (
    ATTRIBUTES,
    EXPECTED,
    NOW,
    PROVIDER,
    REQUEST_ID,
    SERVICE_PROVIDER,
    accept,
    respond,
)

FOR_US = key_pair("service provider").certificate
ALL_SIGNATURES = [frozenset({"assertion"}), SIGNED_RESPONSE, SIGNED_BOTH]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_lie_is_refused_by_its_name(name: str) -> None:
    case = HOSTILE[name]
    with pytest.raises(errors.SamlError) as refused:
        accept(respond(case.lie, **case.truth))
    assert type(refused.value) is case.refusal, refused.value.what


@pytest.mark.parametrize("encrypt_for", [None, FOR_US], ids=["clear", "encrypted"])
@pytest.mark.parametrize("sign", ALL_SIGNATURES, ids=["assertion", "response", "both"])
@pytest.mark.parametrize("shape", Shape)
def test_the_truth_is_accepted_in_every_shape(shape: Shape, sign: frozenset[str], encrypt_for: str | None) -> None:
    assertion = accept(respond(shape=shape, sign=sign, encrypt_for=encrypt_for))
    assert assertion.name_id == "ethan@example.com"
    assert assertion.issuer == PROVIDER.entity_id
    assert assertion.in_response_to == REQUEST_ID
    assert assertion.not_on_or_after == NOW + timedelta(minutes=5)
    values = [value for attribute in assertion.attributes for value in attribute.values]
    assert values == ["sales", "finance", "ethan"]


def test_facts_are_those_that_were_signed() -> None:
    assertion = accept(
        respond(
            assertion_id="_one",
            session_index="_index",
            session_not_on_or_after=NOW + timedelta(hours=8),
            authn_instant=NOW - timedelta(hours=1),
        )
    )
    assert assertion.assertion_id == "_one"
    assert assertion.session_index == "_index"
    assert assertion.session_not_on_or_after == NOW + timedelta(hours=8)
    assert assertion.authn_instant == NOW - timedelta(hours=1)
    assert assertion.authn_context.endswith("PasswordProtectedTransport")
    assert assertion.attributes == (Attribute("groups", ATTRIBUTES["groups"]), Attribute("login", ("ethan",)))


@pytest.mark.parametrize("method", ["RSA_SHA256", "RSA_SHA384", "RSA_SHA512"])
@pytest.mark.parametrize("digest", ["SHA256", "SHA384", "SHA512"])
def test_strong_algorithms_are_accepted(method: str, digest: str) -> None:
    accept(respond(signature_method=getattr(xmlsec.Transform, method), digest_method=getattr(xmlsec.Transform, digest)))


def test_an_elliptic_curve_key_is_accepted() -> None:
    keys = key_pair("curve", "ec")
    expected = replace(EXPECTED, provider=replace(PROVIDER, certificates=(keys.certificate,)))
    accept(respond(keys=keys, signature_method=xmlsec.Transform.ECDSA_SHA256), expected)


def test_any_configured_certificate_verifies_so_that_keys_can_roll_over() -> None:
    certificates = (key_pair("next").certificate, *PROVIDER.certificates)
    accept(respond(), replace(EXPECTED, provider=replace(PROVIDER, certificates=certificates)))


def test_no_certificate_verifies_nothing() -> None:
    with pytest.raises(errors.SignatureInvalid):
        accept(respond(), replace(EXPECTED, provider=replace(PROVIDER, certificates=())))


@pytest.mark.parametrize("cipher", ["AES128_GCM", "AES256_GCM"])
def test_authenticated_ciphers_are_accepted(cipher: str) -> None:
    accept(respond(encrypt_for=FOR_US, cipher=getattr(xmlsec.Transform, cipher)))


def test_cbc_is_accepted_under_a_signed_response() -> None:
    accept(respond(encrypt_for=FOR_US, cipher=xmlsec.Transform.AES256, sign=SIGNED_RESPONSE))


def test_an_encrypted_assertion_needs_our_key() -> None:
    without = replace(EXPECTED, service_provider=replace(SERVICE_PROVIDER, private_key=""))
    with pytest.raises(errors.DecryptionKeyMissing):
        accept(respond(encrypt_for=FOR_US), without)
    broken = replace(EXPECTED, service_provider=replace(SERVICE_PROVIDER, private_key="secret"))
    with pytest.raises(errors.PrivateKeyInvalid) as refused:
        accept(respond(encrypt_for=FOR_US), broken)
    assert "secret" not in str(refused.value)


def test_what_was_encrypted_meets_the_same_shape_check() -> None:
    advice = put("saml:Assertion", '<Advice xmlns="urn:oasis:names:tc:SAML:2.0:assertion"/>')
    with pytest.raises(errors.ElementUnexpected):
        accept(respond(Lie(before=lambda tree: advice(tree) or tree), encrypt_for=FOR_US))


def test_an_unsolicited_response_answers_nothing() -> None:
    expected = replace(EXPECTED, request_id=None)
    assert accept(respond(request_id=None), expected).in_response_to is None
    with pytest.raises(errors.InResponseToWrong):
        accept(respond(), expected)
    with pytest.raises(errors.InResponseToWrong):
        accept(respond(confirmation_in_response_to=None), expected)
    with pytest.raises(errors.InResponseToWrong):
        accept(respond(request_id=None))


def test_another_provider_cannot_answer_with_its_own_key() -> None:
    other = SimulatedIdentityProvider(
        "https://other.example.com", "https://other.example.com/sso", keys=key_pair("other")
    )
    value = other.respond(REQUEST_ID, SERVICE_PROVIDER.acs_url, SERVICE_PROVIDER.entity_id, NOW)
    with pytest.raises(errors.IssuerWrong):
        accept(RawResponse(value.encode()))


def test_the_same_response_gives_the_same_replay_key_in_a_new_wrapper() -> None:
    first = accept(respond(assertion_id="_once"))
    again = accept(respond(assertion_id="_once", response_id="_other", encrypt_for=FOR_US))
    assert first.assertion_id == again.assertion_id == "_once"


@pytest.mark.parametrize(
    ("fact", "edge"),
    [
        ("not_before", CLOCK_SKEW),
        ("issue_instant", CLOCK_SKEW),
        ("not_on_or_after", -CLOCK_SKEW + timedelta(seconds=1)),
        ("confirmation_not_on_or_after", -CLOCK_SKEW + timedelta(seconds=1)),
        ("issue_instant", -timedelta(minutes=5) - CLOCK_SKEW),
    ],
)
def test_one_skew_is_granted_and_no_more(fact: str, edge: timedelta) -> None:
    accept(respond(**{fact: edge}))
    beyond = timedelta(seconds=1) if edge > timedelta() else -timedelta(seconds=1)
    with pytest.raises((errors.NotYetValid, errors.Expired)):
        accept(respond(**{fact: edge + beyond}))


def test_validation_tells_the_time_by_the_clock_it_is_given() -> None:
    raw = respond()
    validate(raw, EXPECTED, NOW)
    with pytest.raises(errors.Expired):
        validate(raw, EXPECTED, NOW + timedelta(hours=1))
    with pytest.raises(errors.NotYetValid):
        validate(raw, EXPECTED, NOW - timedelta(hours=1))


def test_every_refusal_has_its_own_code() -> None:
    classes = errors.refusal_classes()
    assert len({cls.code for cls in classes}) == len(classes)
    assert all(cls.code.startswith("saml-") for cls in classes)


def test_during_a_roll_over_an_assertion_may_be_encrypted_for_either_key() -> None:
    following = key_pair("next service provider")
    rolling = replace(SERVICE_PROVIDER, next_certificate=following.certificate, next_private_key=following.private_key)
    for certificate in rolling.certificates:
        raw = respond(encrypt_for=certificate)
        assert accept(raw, replace(EXPECTED, service_provider=rolling)).name_id == "ethan@example.com"
    with pytest.raises(errors.DecryptionFailed):
        accept(respond(encrypt_for=following.certificate))
