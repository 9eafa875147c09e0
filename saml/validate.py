"""A response becomes an assertion, or a refusal: the Web Browser SSO profile, top to bottom (SAML Profiles 4.1.4.3).

Nothing is believed on the way down. Bytes are bounded before they are parsed, the shape is fixed before anything is
verified, a signature is verified before anything is decrypted or decided, and every fact is read from the bytes that a
configured key of the provider signed.
"""

from datetime import datetime

from saml import checks, names, shape
from saml._toolkit import Document, parse, parse_decrypted, parse_verified
from saml.decrypt import decrypt
from saml.element import Element
from saml.model import Attribute, ExpectedResponse, Limits, RawResponse, ValidatedAssertion
from saml.raw import decode_form_value

_DEFAULT_LIMITS = Limits()


def validate(
    raw: RawResponse, expected: ExpectedResponse, now: datetime, limits: Limits = _DEFAULT_LIMITS
) -> ValidatedAssertion:
    """Validate a response against what was decided before it came.

    Replay is the caller's check, as it needs a store: `assertion_id` may be used once, and is to be remembered until
    `not_on_or_after` plus `CLOCK_SKEW`.

    Raises:
        SamlError: the first thing that is wrong.
    """
    checks.check_provider(expected.provider, now)
    document, unverified = received(raw, limits)
    response = signed_response(document, expected, limits)
    checks.check_response(response.root, expected, now)
    assertion = signed_assertion(document, unverified, response, expected, limits)
    checks.check_issuer(assertion, expected)
    checks.check_issue_instant(assertion, now)
    checks.check_confirmation(assertion, expected, now)
    validity = checks.check_conditions(assertion, expected, now)
    signed_in, session_end = checks.check_authentication(assertion, now)
    name_id = checks.check_name_id(assertion, expected)
    statement = assertion.one(names.AUTHN_STATEMENT)
    return ValidatedAssertion(
        assertion_id=assertion.attributes["ID"],
        issuer=expected.provider.entity_id,
        audience=expected.service_provider.entity_id,
        in_response_to=expected.request_id,
        name_id=name_id.text,
        name_id_format=name_id.get("Format") or "",
        session_index=statement.get("SessionIndex") or "",
        authn_instant=signed_in,
        authn_context=_authn_context(statement),
        not_on_or_after=validity.not_on_or_after,
        session_not_on_or_after=session_end,
        attributes=attributes_of(assertion),
    )


def received(raw: RawResponse, limits: Limits) -> tuple[Document, Element]:
    """The document and its one assertion (or EncryptedAssertion): of the right shape, and not verified.

    Raises:
        SamlError: bytes, shape or status are not as they must be.
    """
    document = parse(decode_form_value(raw, limits), limits)
    shape.check_response(document.root, limits)
    checks.check_status(document.root)
    return document, shape.only_assertion(document.root)


def signed_response(document: Document, expected: ExpectedResponse, limits: Limits) -> Document:
    """The response as it was signed, if it was; else as it came: its claims can then only refuse, never grant."""
    if not document.root.all(names.SIGNATURE):
        return document
    return parse_verified(document.verify(document.root, expected.provider.certificates), limits)


def signed_assertion(
    document: Document, unverified: Element, response: Document, expected: ExpectedResponse, limits: Limits
) -> Element:
    """The assertion as it was signed, by its own signature or else by that of the response around it."""
    holder, assertion = document, unverified
    as_signed_around = shape.only_assertion(response.root)
    if assertion.tag == names.ENCRYPTED_ASSERTION:
        plain = decrypt(
            as_signed_around, expected.service_provider.decryption_keys, signed_around=response is not document
        )
        holder = parse_decrypted(plain, response, limits)
        assertion = as_signed_around = shape.check_decrypted(holder.root, limits)
    shape.require_signature(document.root, assertion)
    if not assertion.all(names.SIGNATURE):
        return as_signed_around
    return parse_verified(holder.verify(assertion, expected.provider.certificates), limits).root


def _authn_context(statement: Element) -> str:
    reference = statement.find(names.AUTHN_CONTEXT, names.AUTHN_CONTEXT_CLASS)
    return reference.text if reference else ""


def attributes_of(assertion: Element) -> tuple[Attribute, ...]:
    """The attributes of an assertion whose shape was checked, in document order."""
    statement = assertion.find(names.ATTRIBUTE_STATEMENT)
    return tuple(
        Attribute(attribute.attributes["Name"], tuple(value.text for value in attribute.children))
        for attribute in (statement.children if statement else ())
    )
