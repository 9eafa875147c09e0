"""The shape of a response, before any cryptography runs: only what holds here is ever verified, decrypted or read.

A document of this shape leaves a verifier nothing to misunderstand. It holds one assertion; each ID once; and each
signature stands in the element that it refers to, which closes the door on signature wrapping (Somorovsky et al.,
"On Breaking SAML", 2012). Its transforms and algorithms are ours, so verifying it is fast and fetches nothing.
"""

import re
from typing import Final

from saml import grammar, names
from saml.element import Element
from saml.errors import (
    AlgorithmForbidden,
    AssertionMissing,
    AssertionRepeated,
    ElementMissing,
    ElementRepeated,
    ElementUnexpected,
    IdInvalid,
    IdRepeated,
    SamlError,
    SignatureMissing,
    SignatureReferenceWrong,
    TooComplex,
    TransformForbidden,
    VersionUnsupported,
    XmlAttributeMissing,
    XmlAttributeUnexpected,
)
from saml.grammar import Rule
from saml.model import Limits

_ID: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,255}")
_ID_NAMES: Final = ("ID", "Id")
_PREFIX_LIST: Final = re.compile(r"[A-Za-z0-9_#. -]{0,200}")


def check_response(root: Element, limits: Limits) -> None:
    """Check the whole document, but not yet how many assertions there are (`only_assertion`).

    Raises:
        SamlError: the first thing that is not as it must be.
    """
    if root.tag != names.RESPONSE:
        raise ElementUnexpected("the document is no SAML 2.0 Response")
    _check(root, grammar.RESPONSE, limits)
    for assertion in root.all(names.ASSERTION):
        _check_version(assertion)


def check_logout_request(root: Element, limits: Limits) -> None:
    """Check a whole LogoutRequest.

    Raises:
        SamlError: the first thing that is not as it must be.
    """
    if root.tag != names.LOGOUT_REQUEST:
        raise ElementUnexpected("the document is no SAML 2.0 LogoutRequest")
    _check(root, grammar.LOGOUT_REQUEST, limits)


def check_logout_response(root: Element, limits: Limits) -> None:
    """Check a whole LogoutResponse.

    Raises:
        SamlError: the first thing that is not as it must be.
    """
    if root.tag != names.LOGOUT_RESPONSE:
        raise ElementUnexpected("the document is no SAML 2.0 LogoutResponse")
    _check(root, grammar.LOGOUT_RESPONSE, limits)


def check_signed(root: Element) -> None:
    """Check the one signature of a signed document of another kind (metadata); what it holds is not looked at.

    Raises:
        SignatureMissing: the root is not signed.
        SamlError: the signature is not of the only shape that is verified here.
    """
    signatures = root.all(names.SIGNATURE)
    if not signatures:
        raise SignatureMissing(f"the {root.name} is not signed")
    if len(signatures) > 1:
        raise ElementRepeated(f"the {root.name} is signed more than once")
    if "ID" not in root.attributes:
        raise XmlAttributeMissing(f"{root.name} has no ID")
    _check_element(signatures[0], grammar.SIGNATURE)
    _check_ids(list(root.walk()))
    _check_signature(root, signatures[0])


def check_decrypted(wrapper: Element, limits: Limits) -> Element:
    """Check what was encrypted: one assertion, of the same shape as one in the clear.

    Raises:
        SamlError: the first thing that is not as it must be.
    """
    if len(wrapper.children) != 1 or wrapper.text.strip() or wrapper.children[0].tag != names.ASSERTION:
        raise ElementUnexpected("the encrypted element is not one assertion")
    assertion = wrapper.children[0]
    _check(assertion, grammar.ASSERTION, limits)
    return assertion


def only_assertion(response: Element) -> Element:
    """The one Assertion or EncryptedAssertion.

    Raises:
        AssertionMissing, AssertionRepeated: there is none, or more than one of both kinds together.
    """
    found = response.all(names.ASSERTION) + response.all(names.ENCRYPTED_ASSERTION)
    if not found:
        raise AssertionMissing("the response holds no assertion")
    if len(found) > 1:
        raise AssertionRepeated(f"the response holds {len(found)} assertions")
    return found[0]


def require_signature(response: Element, assertion: Element) -> None:
    """Somebody must have signed the facts.

    Raises:
        SignatureMissing: neither element carries a signature.
    """
    if not (response.all(names.SIGNATURE) or assertion.all(names.SIGNATURE)):
        raise SignatureMissing("neither the response nor the assertion is signed")


def _check(root: Element, rule: Rule, limits: Limits) -> None:
    _check_element(root, rule)
    elements = list(root.walk())
    values = sum(element.tag == names.ATTRIBUTE_VALUE for element in elements)
    if len(elements) > limits.elements or values > limits.attribute_values:
        raise TooComplex("the document holds too many elements or attribute values")
    _check_version(root)
    _check_ids(elements)
    for element in elements:
        if signature := element.find(names.SIGNATURE):
            _check_signature(element, signature)


def _check_version(element: Element) -> None:
    if element.get("Version") != "2.0":
        raise VersionUnsupported(f"the {element.name} is not of SAML 2.0")


def _check_element(element: Element, rule: Rule) -> None:
    _check_attributes(element, rule)
    counts: dict[str, int] = {}
    for child in element.children:
        known = rule.children.get(child.tag)
        if known is None:
            raise ElementUnexpected(f"{element.name} holds an element that it may not hold")
        counts[child.tag] = counts.get(child.tag, 0) + 1
        _check_element(child, known[0])
    for tag, (_, least, most) in rule.children.items():
        count = counts.get(tag, 0)
        if count < least:
            raise _named(ElementMissing, element, tag, "is missing")
        if count > most:
            raise _named(ElementRepeated, element, tag, "is there more than once")


def _named(error: type[SamlError], element: Element, tag: str, fault: str) -> SamlError:
    return error(f"{tag.rpartition('}')[2]} {fault} in {element.name}")


def _check_attributes(element: Element, rule: Rule) -> None:
    present = element.attributes.keys()
    if missing := rule.required - present:
        raise XmlAttributeMissing(f"{element.name} has no {min(missing)}")
    for name in present - rule.required - rule.optional:
        foreign = name.startswith("{") and not name.startswith("{http://www.w3.org/XML/1998/namespace}")
        if not (rule.foreign_attributes and foreign):
            raise XmlAttributeUnexpected(f"{element.name} has an XML attribute that it may not have")


def _check_ids(elements: list[Element]) -> None:
    seen: set[str] = set()
    for element in elements:
        for name in _ID_NAMES:
            value = element.get(name)
            if value is None:
                continue
            if not _ID.fullmatch(value):
                raise IdInvalid(f"the ID of {element.name} is no plain name")
            if value in seen:
                raise IdRepeated(f"the ID of {element.name} is on another element too")
            seen.add(value)


def _check_signature(signed: Element, signature: Element) -> None:
    """One enveloped reference to the parent, under our algorithms (SAML Core 5.4)."""
    info = signature.one(names.SIGNED_INFO)
    reference = info.one(names.REFERENCE)
    if reference.attributes["URI"] != f"#{signed.attributes['ID']}":
        raise SignatureReferenceWrong(f"the signature in the {signed.name} refers to something else")
    enveloped, exclusive = reference.one(names.TRANSFORMS).children
    if enveloped.attributes["Algorithm"] != names.ENVELOPED_SIGNATURE or enveloped.children:
        raise TransformForbidden("the first transform is not enveloped-signature")
    for canonical in (exclusive, info.one(names.CANONICALIZATION_METHOD)):
        if canonical.attributes["Algorithm"] != names.EXCLUSIVE_C14N:
            raise TransformForbidden("a canonicalisation is not exclusive canonicalisation without comments")
        prefixes = canonical.find(names.INCLUSIVE_NAMESPACES)
        if prefixes and not _PREFIX_LIST.fullmatch(prefixes.attributes["PrefixList"]):
            raise TransformForbidden("a PrefixList is too long or no list of prefixes")
    if info.one(names.SIGNATURE_METHOD).attributes["Algorithm"] not in names.SIGNATURE_ALGORITHMS:
        raise AlgorithmForbidden(f"the signature algorithm of the {signed.name} is not allowed")
    if reference.one(names.DIGEST_METHOD).attributes["Algorithm"] not in names.DIGEST_ALGORITHMS:
        raise AlgorithmForbidden(f"the digest algorithm of the {signed.name} is not allowed")
