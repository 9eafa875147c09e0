"""Only the provider may say that somebody is signed out, to us, now, and about a request of ours."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from saml import errors, logout
from saml.model import RawResponse
from tests.simulators.saml_keys import key_pair
from tests.simulators.saml_world import NOW, SERVICE_PROVIDER, SIMULATED, respond
from tests.simulators.single_logout import STATUS, answer, message, posted, redirect_query
from tests.unit.saml.test_logout import KEYS, OURS, SLO, THEIRS


def query(text: str, keys: Any = KEYS, **more: Any) -> str:
    return redirect_query(text, keys, parameter="SAMLResponse", **more)


def by_redirect(**changes: Any) -> logout.LogoutAnswer:
    return logout.read_redirected_answer(query(answer(SIMULATED, SLO, NOW, **changes)), THEIRS, OURS, NOW)


def by_post(**changes: Any) -> logout.LogoutAnswer:
    form = posted(answer(SIMULATED, SLO, NOW, **changes), SIMULATED, KEYS, NOW)
    return logout.read_posted_answer(RawResponse(form.encode()), THEIRS, OURS, NOW)


both = pytest.mark.parametrize("read", [by_redirect, by_post], ids=["redirect", "post"])
Read = Callable[..., logout.LogoutAnswer]


@both
def test_the_truth_is_accepted(read: Read) -> None:
    assert read() == logout.LogoutAnswer("_ours", complete=True)


@both
@pytest.mark.parametrize(
    "changes",
    [{"inner": "PartialLogout"}, {"status": STATUS + "Responder", "inner": "PartialLogout"}, {"status": "urn:other"}],
)
def test_what_the_provider_could_not_end_is_told(read: Read, changes: dict[str, Any]) -> None:
    assert not read(**changes).complete


@both
@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"issuer": "https://evil.example"}, errors.IssuerWrong),
        ({"issuer": ""}, errors.IssuerWrong),
        ({"destination": SLO + "/"}, errors.DestinationWrong),
        ({"destination": SERVICE_PROVIDER.acs_url}, errors.DestinationWrong),
        ({"issued": NOW - timedelta(minutes=7)}, errors.Expired),
        ({"issued": NOW + timedelta(minutes=2)}, errors.NotYetValid),
        ({"id": "answer:1"}, errors.IdInvalid),
        ({"more": "<samlp:Status/>"}, errors.ElementMissing),
        ({"more": "<saml:Assertion/>"}, errors.ElementUnexpected),
        ({"more": "Success"}, errors.TextUnexpected),
    ],
)
def test_a_lie_that_the_provider_signs_is_refused(
    read: Read, changes: dict[str, Any], error: type[errors.SamlError]
) -> None:
    with pytest.raises(error):
        read(**changes)


def refused(text: str) -> type[errors.SamlError]:
    with pytest.raises(errors.SamlError) as refusal:
        logout.read_redirected_answer(text, THEIRS, OURS, NOW)
    return type(refusal.value)


def test_an_answer_that_another_signed_or_nobody_is_refused() -> None:
    true, stranger = answer(SIMULATED, SLO, NOW), key_pair("stranger")
    assert refused(query(true, stranger)) is errors.SignatureInvalid
    assert refused(query(true).replace("&SigAlg", "&RelayState=x&SigAlg")) is errors.SignatureInvalid
    assert refused(query(true).partition("&SigAlg")[0]) is errors.SignatureMissing
    assert refused(query(true) + "&SAMLResponse=AAAA") is errors.SignatureMissing
    assert refused("SAMLResponse=x") is errors.SignatureMissing
    weak = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
    assert refused(query(true, algorithm=weak)) is errors.AlgorithmForbidden
    foreign = posted(true, SIMULATED, stranger, NOW)
    with pytest.raises(errors.SignatureInvalid):
        logout.read_posted_answer(RawResponse(foreign.encode()), THEIRS, OURS, NOW)


def test_what_the_provider_signed_for_something_else_is_no_answer() -> None:
    asked = message(SIMULATED, SLO, NOW)
    assert refused(query(asked)) is errors.ElementUnexpected
    assert refused(redirect_query(answer(SIMULATED, SLO, NOW), KEYS)) is errors.SignatureMissing
    with pytest.raises(errors.ElementUnexpected):
        logout.read_posted_answer(respond(sign=frozenset({"response"})), THEIRS, OURS, NOW)


def test_an_answer_must_name_what_it_answers() -> None:
    silent = answer(SIMULATED, SLO, NOW).replace(' InResponseTo="_ours"', "")
    assert refused(query(silent)) is errors.XmlAttributeMissing
