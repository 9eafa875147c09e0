"""Every fault of a response is told at once, and nothing that is not signed is taken for signed."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from saml.diagnosis import Diagnosis, diagnose
from saml.model import RawResponse
from tests.simulators.identity_provider import TRUTH, Lie
from tests.simulators.saml_keys import key_pair
from tests.simulators.saml_world import ATTRIBUTES, NOW, PROVIDER, SERVICE_PROVIDER, respond

LATER = NOW + timedelta(days=3)


def look(lie: Lie = TRUTH, **facts: Any) -> Diagnosis:
    return diagnose(respond(lie, **facts), PROVIDER, SERVICE_PROVIDER, LATER)


def codes(diagnosis: Diagnosis) -> list[str]:
    return [refusal.code for refusal in diagnosis.refusals]


def test_a_good_response_is_judged_as_of_its_own_time() -> None:
    found = look()
    assert (codes(found), found.verified, found.judged_at) == ([], True, NOW)
    assert found.assertion is not None
    assert {each.name: each.values for each in found.attributes} == {
        "groups": ATTRIBUTES["groups"],
        "login": (ATTRIBUTES["login"],),
    }
    assert ("Audience", SERVICE_PROVIDER.entity_id) in found.statements


def test_every_fault_is_told() -> None:
    found = look(audiences=(("urn:other",),), recipient="https://other.example.com/acs", destination="https://x")
    assert codes(found) == ["saml-destination-wrong", "saml-recipient-wrong", "saml-audience-wrong"]
    assert found.verified
    assert found.assertion is None
    assert ("Recipient", "https://other.example.com/acs") in found.statements


def test_what_is_not_signed_by_the_provider_is_only_claimed() -> None:
    found = look(keys=key_pair("stranger"))
    assert (codes(found), found.verified, found.assertion) == (["saml-signature-invalid"], False, None)
    assert [each.name for each in found.attributes] == ["groups", "login"]


def test_what_cannot_be_read_says_so() -> None:
    assert codes(diagnose(RawResponse(b"!"), PROVIDER, SERVICE_PROVIDER, NOW)) == ["saml-not-base64"]
    assert codes(diagnose(RawResponse(b"PHg+"), PROVIDER, SERVICE_PROVIDER, NOW)) == ["saml-not-well-formed"]


def test_metadata_that_had_ended_are_a_fault() -> None:
    ended = replace(PROVIDER, valid_until=NOW)
    assert codes(diagnose(respond(), ended, SERVICE_PROVIDER, NOW)) == ["saml-metadata-expired"]


def test_an_encrypted_assertion_is_read_with_our_key() -> None:
    encrypted = respond(encrypt_for=SERVICE_PROVIDER.certificate)
    assert diagnose(encrypted, PROVIDER, SERVICE_PROVIDER, NOW).assertion is not None
    keyless = replace(SERVICE_PROVIDER, private_key="")
    assert codes(diagnose(encrypted, PROVIDER, keyless, NOW)) == ["saml-decryption-key-missing"]
