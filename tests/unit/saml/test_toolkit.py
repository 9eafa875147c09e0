"""The second lines of defence: what holds should the first, in the library or before it, ever be wrong."""

import pytest

from saml import _toolkit, errors
from saml.model import Limits
from tests.simulators.saml_lies import HOSTILE
from tests.simulators.saml_world import accept, respond


def test_bytes_are_compared_with_the_signed_digest_here_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_toolkit, "_verifies", lambda *_: True)
    accept(respond())
    with pytest.raises(errors.SignatureInvalid):
        accept(respond(HOSTILE["name changed"].lie))


@pytest.mark.parametrize("markup", [b"<x><!--y--></x>", b"<x><?y?></x>"])
def test_no_comment_or_instruction_becomes_an_element(markup: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_toolkit, "check_markup", lambda *_: None)
    with pytest.raises(errors.MarkupForbidden):
        _toolkit.parse(markup, Limits())


def test_a_failure_of_the_library_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise _toolkit.xmlsec.InternalError("inside")

    monkeypatch.setattr(_toolkit.OneLogin_Saml2_Utils, "validate_node_sign", fail)
    with pytest.raises(errors.SignatureInvalid):
        accept(respond())
