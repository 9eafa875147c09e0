"""What the lies of tests/simulators cannot say, since the simulated provider encrypts assertions alone."""

import base64
from dataclasses import replace

import pytest

from saml import errors, names
from saml._toolkit import parse
from saml.model import Limits
from saml.shape import check_decrypted, check_response
from tests.simulators.saml_world import respond

DOCUMENT = base64.b64decode(respond().unverified_form_value)
ASSERTION = DOCUMENT[DOCUMENT.index(b"<saml:Assertion") : DOCUMENT.index(b"</samlp:Response>")]


def decrypted(markup: bytes) -> bytes:
    return b"<decrypted>" + markup + b"</decrypted>"


def test_one_decrypted_assertion_is_good() -> None:
    wrapper = parse(decrypted(ASSERTION), Limits()).root
    assert check_decrypted(wrapper, Limits()).tag == names.ASSERTION


@pytest.mark.parametrize(
    "markup", [b"", b"ethan", b"<x/>", ASSERTION + b"<x/>", DOCUMENT], ids=["none", "text", "x", "two", "response"]
)
def test_anything_else_that_was_encrypted_is_refused(markup: bytes) -> None:
    with pytest.raises(errors.ElementUnexpected):
        check_decrypted(parse(decrypted(markup), Limits()).root, Limits())


def test_two_decrypted_assertions_are_refused() -> None:
    with pytest.raises(errors.ElementUnexpected):
        check_decrypted(parse(decrypted(ASSERTION + ASSERTION), Limits()).root, Limits())


@pytest.mark.parametrize("limits", [replace(Limits(), attribute_values=2), replace(Limits(), elements=10)])
def test_parsed_limits_hold(limits: Limits) -> None:
    root = parse(DOCUMENT, Limits()).root
    check_response(root, Limits())
    with pytest.raises(errors.TooComplex):
        check_response(root, limits)
