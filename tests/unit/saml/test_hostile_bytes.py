"""Whatever arrives, validation answers with an assertion as it was signed, or with a refusal; and it answers soon."""

import base64
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saml.errors import SamlError
from saml.metadata import read_identity_provider
from saml.model import RawResponse
from tests.simulators.identity_provider import Shape
from tests.simulators.saml_keys import key_pair
from tests.simulators.saml_world import NOW, accept, respond

SIGNED = base64.b64decode(respond().unverified_form_value)
ENCRYPTED = base64.b64decode(
    respond(shape=Shape.OKTA, encrypt_for=key_pair("service provider").certificate).unverified_form_value
)
TRUTH = {"sales", "finance", "ethan", "ethan@example.com"}
SCRAPS = [
    b"<",
    b">",
    b"&",
    b"<!--",
    b"-->",
    b"]]>",
    b"&#0;",
    b'"',
    b"\0",
    b"\xff",
    b"<x/>",
    b' xmlns="a:b"',
    b' ID="_x"',
]


def judged(document: bytes) -> None:
    try:
        assertion = accept(RawResponse(base64.b64encode(document)))
    except SamlError:
        return
    values = {value for attribute in assertion.attributes for value in attribute.values}
    assert values | {assertion.name_id} == TRUTH


@given(st.binary(max_size=400))
def test_any_form_value_is_judged(value: bytes) -> None:
    with pytest.raises(SamlError):
        accept(RawResponse(value))


@given(st.binary(max_size=400))
def test_any_document_is_judged(document: bytes) -> None:
    judged(document)
    with pytest.raises(SamlError):
        read_identity_provider(document, "x", NOW)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([SIGNED, ENCRYPTED]), st.data())
def test_a_changed_response_says_what_was_signed_or_nothing(document: bytes, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(document) - 1))
    length = data.draw(st.integers(0, 40))
    scrap = data.draw(st.sampled_from(SCRAPS) | st.binary(max_size=20))
    judged(document[:start] + scrap + document[start + length :])


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_response_with_a_part_moved_says_what_was_signed_or_nothing(data: st.DataObject) -> None:
    start, end = sorted(data.draw(st.lists(st.integers(0, len(SIGNED)), min_size=2, max_size=2)))
    target = data.draw(st.integers(0, len(SIGNED)))
    part = SIGNED[start:end]
    judged(SIGNED[:target] + part + SIGNED[target:])


@pytest.mark.parametrize(
    "document",
    [
        b"<x>" * 40_000,
        b"xmlns:" * 30_000,
        b"<x " + b"xmlns:" * 30_000,
        b"<x " + b" ".join(b'a%d="1"' % number for number in range(15_000)) + b"/>",
        b"<x>" + b"".join(b'<y xmlns:n%d="u:%d"/>' % (number, number) for number in range(3_900)) + b"</x>",
        b"<x a='" + b"<" * 180_000,
        b"<x>" + b"&amp;" * 36_000 + b"</x>",
        SIGNED.replace(b"ethan@", b"e" * 150_000),
        SIGNED.replace(b"<saml:Attribute ", b"<saml:Attribute Name='x'/>" * 3_000 + b"<saml:Attribute ", 1),
    ],
)
def test_costly_documents_are_refused_soon(document: bytes) -> None:
    raw = RawResponse(base64.b64encode(document))
    started = time.thread_time()
    with pytest.raises(SamlError):
        accept(raw)
    assert time.thread_time() - started < 0.5
