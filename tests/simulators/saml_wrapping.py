"""Signature wrapping: the eight classic shapes of Somorovsky et al., "On Breaking SAML" (2012), and their relatives."""

import copy

from lxml import etree

from saml import errors
from tests.simulators.identity_provider import DS, NS, SAML, SAMLP, Tree
from tests.simulators.saml_keys import key_pair
from tests.simulators.saml_lie_kit import SIGNED_RESPONSE, at, tampered


def _evil(tree: Tree) -> Tree:
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
    at(tree, "saml:Assertion").addprevious(_evil(tree))


def _xsw4(tree: Tree) -> None:
    evil, original = _evil(tree), at(tree, "saml:Assertion")
    original.addprevious(evil)
    evil.append(original)


def _moved_signature(tree: Tree) -> tuple[Tree, Tree, Tree]:
    evil, original = _evil(tree), at(tree, "saml:Assertion")
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
    extensions.append(_evil(tree))
    at(tree, "samlp:Status").addprevious(extensions)


def _xsw8(tree: Tree) -> None:
    evil, original, signature = _moved_signature(tree)
    original.addprevious(evil)
    _object_of(signature, original)


WRAPPING = {
    "xsw1": tampered(errors.ElementUnexpected, _xsw1, sign=SIGNED_RESPONSE),
    "xsw2": tampered(errors.ElementUnexpected, _xsw2, sign=SIGNED_RESPONSE),
    "xsw3": tampered(errors.AssertionRepeated, _xsw3),
    "xsw4": tampered(errors.ElementUnexpected, _xsw4),
    "xsw5": tampered(errors.SignatureReferenceWrong, _xsw5),
    "xsw6": tampered(errors.ElementUnexpected, _xsw6),
    "xsw7": tampered(errors.ElementUnexpected, _xsw7),
    "xsw8": tampered(errors.ElementUnexpected, _xsw8),
    "xsw in Advice": tampered(
        errors.ElementUnexpected,
        lambda tree: at(tree, "saml:Assertion").append(_wrapped(f"{{{SAML}}}Advice", _evil(tree))),
    ),
    "xsw in an attribute value": tampered(
        errors.TextUnexpected, lambda tree: at(tree, "//saml:AttributeValue").append(_evil(tree))
    ),
    "an evil assertion of the same ID": tampered(
        errors.IdRepeated,
        lambda tree: at(tree, "saml:Assertion").addprevious(_with_id(_evil(tree), at(tree, "saml:Assertion"))),
    ),
    "an assertion beside an encrypted one": tampered(
        errors.AssertionRepeated,
        lambda tree: tree.append(etree.fromstring(_PLAIN_ASSERTION)),
        encrypt_for=key_pair("service provider").certificate,
    ),
}


def _wrapped(tag: str, content: Tree) -> Tree:
    wrapper = etree.Element(tag)
    wrapper.append(content)
    return wrapper


def _with_id(evil: Tree, original: Tree) -> Tree:
    evil.set("ID", original.get("ID"))
    return evil


_PLAIN_ASSERTION = (
    f'<saml:Assertion xmlns:saml="{SAML}" ID="_plain" Version="2.0" IssueInstant="2026-01-01T00:00:00Z"><saml:Issuer>x'
    "</saml:Issuer><saml:Subject><saml:NameID>admin</saml:NameID><saml:SubjectConfirmation "
    'Method="m"/></saml:Subject><saml:Conditions/><saml:AuthnStatement AuthnInstant="x"><saml:AuthnContext/>'
    "</saml:AuthnStatement></saml:Assertion>"
)
