"""Signature wrapping: the eight classic shapes of Somorovsky et al., "On Breaking SAML" (2012), and their relatives."""

import copy
from collections.abc import Callable

from lxml import etree

from saml import errors
from tests.simulators.identity_provider import DS, NS, SAML, SAMLP, Tree
from tests.simulators.saml_keys import key_pair
from tests.simulators.saml_lie_kit import SIGNED_BOTH, SIGNED_RESPONSE, at, tampered, twice


def evil_assertion(tree: Tree) -> Tree:
    """A copy of the assertion that names the administrator, without a signature."""
    evil = copy.deepcopy(at(tree, "saml:Assertion"))
    evil.set("ID", "_evil")
    at(evil, "saml:Subject/saml:NameID").text = "admin@example.com"
    for signature in evil.xpath("ds:Signature", namespaces=NS):
        evil.remove(signature)
    return evil


def _object_of(signature: Tree, content: Tree) -> None:
    etree.SubElement(signature, f"{{{DS}}}Object").append(content)


def _evil_response(tree: Tree) -> tuple[Tree, Tree]:
    evil = copy.deepcopy(tree)
    evil.set("ID", "_evil_response")
    at(evil, "saml:Assertion/saml:Subject/saml:NameID").text = "admin@example.com"
    return evil, at(evil, "ds:Signature")


def _xsw1(tree: Tree) -> Tree:
    evil, signature = _evil_response(tree)
    at(tree, "ds:Signature").getparent().remove(at(tree, "ds:Signature"))
    signature.append(tree)
    return evil


def _xsw2(tree: Tree) -> Tree:
    evil, signature = _evil_response(tree)
    tree.remove(at(tree, "ds:Signature"))
    signature.addprevious(tree)
    return evil


def _xsw3(tree: Tree) -> None:
    at(tree, "saml:Assertion").addprevious(evil_assertion(tree))


def _xsw4(tree: Tree) -> None:
    evil, original = evil_assertion(tree), at(tree, "saml:Assertion")
    original.addprevious(evil)
    evil.append(original)


def _moved_signature(tree: Tree) -> tuple[Tree, Tree, Tree]:
    evil, original = evil_assertion(tree), at(tree, "saml:Assertion")
    signature = at(original, "ds:Signature")
    evil.insert(1, signature)
    return evil, original, signature


def _xsw5(tree: Tree) -> None:
    evil, original, _ = _moved_signature(tree)
    original.addprevious(evil)


def _xsw6(tree: Tree) -> None:
    evil, original, signature = _moved_signature(tree)
    original.addprevious(evil)
    signature.append(original)


def _xsw7(tree: Tree) -> None:
    extensions = etree.Element(f"{{{SAMLP}}}Extensions")
    extensions.append(evil_assertion(tree))
    at(tree, "samlp:Status").addprevious(extensions)


def _xsw8(tree: Tree) -> None:
    evil, original, signature = _moved_signature(tree)
    original.addprevious(evil)
    _object_of(signature, original)


def _wrapped(tag: str, content: Tree) -> Tree:
    wrapper = etree.Element(tag)
    wrapper.append(content)
    return wrapper


def _evil_in(path: str, tag: str) -> Callable[[Tree], None]:
    """An evil assertion, wrapped in an element, where a schema or a lax reader would let it be."""
    return lambda tree: at(tree, path).append(_wrapped(tag, evil_assertion(tree)))


def _true_in(path: str, tag: str) -> Callable[[Tree], None]:
    """The evil assertion in the true one's place, and the true one hidden where its ID can still be found."""

    def change(tree: Tree) -> None:
        true = at(tree, "saml:Assertion")
        true.addprevious(evil_assertion(tree))
        at(tree, path).append(_wrapped(tag, true))

    return change


def _with_id(evil: Tree, original: Tree) -> Tree:
    evil.set("ID", original.get("ID"))
    return evil


def _sharing_the_id(tree: Tree) -> None:
    at(tree, "saml:Assertion").addprevious(_with_id(evil_assertion(tree), at(tree, "saml:Assertion")))


def _evil_with_the_signature(tree: Tree) -> None:
    """The evil assertion carries the signature and the ID; the true one follows without either."""
    evil, original, _ = _moved_signature(tree)
    evil.set("ID", original.get("ID"))
    original.set("ID", "_true")
    original.addprevious(evil)


def _envelope(tree: Tree) -> Tree:
    return _wrapped("{http://schemas.xmlsoap.org/soap/envelope/}Envelope", tree)


def _renamed(tag: str) -> Callable[[Tree], None]:
    def change(tree: Tree) -> None:
        at(tree, "saml:Assertion").tag = tag

    return change


def _beside(markup: str) -> Callable[[Tree], None]:
    return lambda tree: at(tree, "saml:Assertion").addprevious(etree.fromstring(markup))


_PLACES = {
    "Extensions": (".", f"{{{SAMLP}}}Extensions"),
    "StatusDetail": ("samlp:Status", f"{{{SAMLP}}}StatusDetail"),
    "the status code": ("samlp:Status/samlp:StatusCode", "x"),
    "the issuer": ("saml:Issuer", "x"),
    "Object": ("saml:Assertion/ds:Signature", f"{{{DS}}}Object"),
    "KeyInfo": ("saml:Assertion/ds:Signature/ds:KeyInfo", "x"),
    "X509Data": ("saml:Assertion/ds:Signature/ds:KeyInfo/ds:X509Data", "x"),
    "KeyName": ("saml:Assertion/ds:Signature/ds:KeyInfo", f"{{{DS}}}KeyName"),
    "SignedInfo": ("saml:Assertion/ds:Signature/ds:SignedInfo", "x"),
    "Advice": ("saml:Assertion", f"{{{SAML}}}Advice"),
    "the subject": ("saml:Assertion/saml:Subject", "x"),
    "the confirmation's data": ("//saml:SubjectConfirmationData", "x"),
    "the conditions": ("saml:Assertion/saml:Conditions", f"{{{SAML}}}Condition"),
    "the authentication": ("//saml:AuthnContext", f"{{{SAML}}}AuthnContextDecl"),
    "an encrypted assertion": (".", f"{{{SAML}}}EncryptedAssertion"),
    "a response": (".", f"{{{SAMLP}}}Response"),
    "nothing known": (".", "{urn:x}y"),
}
_HIDES_TRUE = ("Extensions", "StatusDetail", "the status code", "an encrypted assertion", "a response", "nothing known")

_PLAIN_ASSERTION = (
    f'<saml:Assertion xmlns:saml="{SAML}" ID="_plain" Version="2.0" IssueInstant="2026-01-01T00:00:00Z"><saml:Issuer>x'
    "</saml:Issuer><saml:Subject><saml:NameID>admin</saml:NameID><saml:SubjectConfirmation "
    'Method="m"/></saml:Subject><saml:Conditions/><saml:AuthnStatement AuthnInstant="x"><saml:AuthnContext/>'
    "</saml:AuthnStatement></saml:Assertion>"
)


WRAPPING = {
    **{
        f"evil assertion in {place}": tampered(errors.ElementUnexpected, _evil_in(path, tag))
        for place, (path, tag) in _PLACES.items()
        if place != "the issuer"
    },
    **{
        f"true assertion in {place}": tampered(errors.ElementUnexpected, _true_in(*_PLACES[place]))
        for place in _HIDES_TRUE
    },
    "evil assertion in the issuer": tampered(errors.TextUnexpected, _evil_in(*_PLACES["the issuer"])),
    "xsw1": tampered(errors.ElementUnexpected, _xsw1, sign=SIGNED_RESPONSE),
    "xsw2": tampered(errors.ElementUnexpected, _xsw2, sign=SIGNED_RESPONSE),
    "xsw3": tampered(errors.AssertionRepeated, _xsw3),
    "xsw4": tampered(errors.ElementUnexpected, _xsw4),
    "xsw5": tampered(errors.SignatureReferenceWrong, _xsw5),
    "xsw6": tampered(errors.ElementUnexpected, _xsw6),
    "xsw7": tampered(errors.ElementUnexpected, _xsw7),
    "xsw8": tampered(errors.ElementUnexpected, _xsw8),
    "xsw7 under a signed response": tampered(errors.ElementUnexpected, _xsw7, sign=SIGNED_BOTH),
    "evil assertion in an attribute value": tampered(
        errors.TextUnexpected, lambda tree: at(tree, "//saml:AttributeValue").append(evil_assertion(tree))
    ),
    "evil assertion behind": tampered(
        errors.AssertionRepeated, lambda tree: at(tree, "saml:Assertion").addnext(evil_assertion(tree))
    ),
    "evil assertion behind, under a signed response": tampered(
        errors.AssertionRepeated,
        lambda tree: at(tree, "saml:Assertion").addnext(evil_assertion(tree)),
        sign=SIGNED_RESPONSE,
    ),
    "evil assertion instead, under a signed response": tampered(
        errors.SignatureInvalid,
        lambda tree: tree.replace(at(tree, "saml:Assertion"), evil_assertion(tree)),
        sign=SIGNED_RESPONSE,
    ),
    "true assertion twice": tampered(errors.IdRepeated, twice("saml:Assertion")),
    "evil assertion with the true ID": tampered(errors.IdRepeated, _sharing_the_id),
    "evil assertion with ID and signature": tampered(errors.AssertionRepeated, _evil_with_the_signature),
    "the true ID on another element": tampered(
        errors.IdRepeated,
        lambda tree: at(tree, "//ds:KeyInfo").set("Id", at(tree, "saml:Assertion").get("ID")),
    ),
    "the true ID on the response": tampered(
        errors.IdRepeated, lambda tree: tree.set("ID", at(tree, "saml:Assertion").get("ID"))
    ),
    "response in an envelope": tampered(errors.ElementUnexpected, _envelope),
    "assertion without a response": tampered(errors.ElementUnexpected, lambda tree: at(tree, "saml:Assertion")),
    "assertion of another namespace": tampered(errors.ElementUnexpected, _renamed("{urn:evil}Assertion")),
    "assertion of no namespace": tampered(errors.ElementUnexpected, _renamed("Assertion")),
    "assertion of saml 1.1": tampered(
        errors.ElementUnexpected, _beside('<Assertion xmlns="urn:oasis:names:tc:SAML:1.0:assertion"/>')
    ),
    "artifact beside": tampered(errors.ElementUnexpected, _beside(f'<Artifact xmlns="{SAMLP}">x</Artifact>')),
    "assertion by reference": tampered(
        errors.ElementUnexpected, _beside(f'<AssertionURIRef xmlns="{SAML}">http://127.0.0.1:9/</AssertionURIRef>')
    ),
    "an assertion beside an encrypted one": tampered(
        errors.AssertionRepeated,
        lambda tree: tree.append(etree.fromstring(_PLAIN_ASSERTION)),
        encrypt_for=key_pair("service provider").certificate,
    ),
}
