"""Attacks drawn at random: an accepted response yields exactly what the provider signed for us, now.

The provider signs four kinds of responses, and others that are good in every way but one: for another service provider,
for another request, of yesterday, or of another person. An attacker has them all, and our certificate; whatever is made
of them, what comes out is one of the assertions that were meant for us, to the letter, or a refusal.

`SAML_FUZZ_EXAMPLES=100000 pytest tests/unit/saml/test_fuzz.py` is the long run.
"""

import base64
import os
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from saml.errors import SamlError
from saml.model import RawResponse, ValidatedAssertion
from tests.simulators.identity_provider import NS, Shape
from tests.simulators.saml_ciphertext import encrypted
from tests.simulators.saml_keys import key_pair
from tests.simulators.saml_lie_kit import FOR_US, SIGNED_BOTH, SIGNED_RESPONSE, UNSIGNED
from tests.simulators.saml_mutations import mutated
from tests.simulators.saml_world import accept, respond

EXAMPLES = int(os.environ.get("SAML_FUZZ_EXAMPLES", "400"))
DAY = timedelta(days=1)


def document(**facts: object) -> bytes:
    return base64.b64decode(respond(**facts).unverified_form_value)


FOR_US_NOW = (
    document(assertion_id="_a"),
    document(assertion_id="_b", sign=SIGNED_RESPONSE, shape=Shape.ENTRA),
    document(assertion_id="_c", sign=SIGNED_BOTH, shape=Shape.OKTA, name_id="rosa@example.com"),
    document(assertion_id="_d", encrypt_for=FOR_US),
    document(assertion_id="_e", encrypt_for=FOR_US, sign=SIGNED_BOTH, shape=Shape.KEYCLOAK),
)
NOT_FOR_US = (
    document(assertion_id="_f", audiences=(("urn:another",),), name_id="admin@example.com"),
    document(assertion_id="_g", confirmation_in_response_to="_another", name_id="admin@example.com"),
    document(assertion_id="_h", recipient="https://another.example.com/acs", name_id="admin@example.com"),
    document(assertion_id="_i", issue_instant=-DAY, not_before=-DAY, not_on_or_after=-DAY / 2),
    document(assertion_id="_j", keys=key_pair("somebody else"), name_id="admin@example.com"),
    document(assertion_id="_k", sign=UNSIGNED, name_id="admin@example.com"),
    document(assertion_id="_l", status="urn:oasis:names:tc:SAML:2.0:status:Responder", sign=SIGNED_BOTH),
)


def _signed(raw: bytes) -> ValidatedAssertion:
    return accept(RawResponse(base64.b64encode(raw)))


TRUE = {assertion.assertion_id: assertion for assertion in map(_signed, FOR_US_NOW)}


def judged(raw: bytes) -> bool:
    """Whether it was accepted; then as it was signed."""
    try:
        assertion = accept(RawResponse(base64.b64encode(raw)))
    except SamlError:
        return False
    assert assertion == TRUE.get(assertion.assertion_id)
    return True


@settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(st.sampled_from(FOR_US_NOW + NOT_FOR_US), st.sampled_from(FOR_US_NOW + NOT_FOR_US), st.data())
def test_what_is_accepted_was_signed_for_us_now(first: bytes, second: bytes, data: st.DataObject) -> None:
    judged(mutated(first, second, data))


@settings(max_examples=EXAMPLES // 4, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(FOR_US_NOW[:3] + NOT_FOR_US), st.sampled_from(FOR_US_NOW[:3] + NOT_FOR_US), st.data())
def test_what_an_attacker_encrypts_is_held_to_the_same(first: bytes, second: bytes, data: st.DataObject) -> None:
    tree = etree.fromstring(mutated_or_whole(first, second, data))
    inner = data.draw(st.sampled_from(list(tree.iter())))
    holder = etree.fromstring(first)
    assertion = holder.find("saml:Assertion", NS)
    holder.replace(assertion, encrypted(etree.tostring(inner, with_tail=False)))
    judged(etree.tostring(holder))


def mutated_or_whole(first: bytes, second: bytes, data: st.DataObject) -> bytes:
    """A changed document if it is still one, else the unchanged."""
    raw = mutated(first, second, data)
    try:
        etree.fromstring(raw)
    except etree.XMLSyntaxError:
        return first
    return raw


def test_the_unchanged_are_judged_as_they_are() -> None:
    assert [judged(raw) for raw in FOR_US_NOW] == [True] * len(FOR_US_NOW)
    assert [judged(raw) for raw in NOT_FOR_US] == [False] * len(NOT_FOR_US)
