"""What is wrong with a response: every check on its own, for the administrator who sets a provider up.

`validate` stops at the first fault, as a sign-in must; here each check speaks. Nobody is let in by it: no request is
pending and no replay is noted, so a response is taken to answer whatever it says, at the time at which it was issued.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from saml import checks, names
from saml._toolkit import parse
from saml.element import Element
from saml.errors import SamlError
from saml.model import (
    Attribute,
    ExpectedResponse,
    IdentityProvider,
    Limits,
    RawResponse,
    ServiceProvider,
    ValidatedAssertion,
)
from saml.raw import decode_form_value
from saml.validate import attributes_of, received, signed_assertion, signed_response, validate

_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was found.

    Attributes:
        judged_at: the time for which the response was judged: its own.
        refusals: every check that fails; () where a sign-in would accept it at that time.
        verified: whether a key of the provider signed it. Where not, everything below is what *somebody* claims.
        statements: what it says about itself, by name, in the order of the checks.
        assertion: the validated assertion, where nothing fails.
    """

    judged_at: datetime
    refusals: tuple[SamlError, ...]
    verified: bool = False
    statements: tuple[tuple[str, str], ...] = ()
    attributes: tuple[Attribute, ...] = ()
    assertion: ValidatedAssertion | None = None


def diagnose(
    raw: RawResponse, provider: IdentityProvider, service_provider: ServiceProvider, now: datetime
) -> Diagnosis:
    """Judge a response that may be old, and that answers a request nobody remembers."""
    try:
        root = parse(decode_form_value(raw, _LIMITS), _LIMITS).root
    except SamlError as refusal:
        return Diagnosis(now, (refusal,))
    judged_at = _issued(root) or now
    expected = ExpectedResponse(provider, service_provider, root.get("InResponseTo"))
    try:
        document, unverified = received(raw, _LIMITS)
        around = signed_response(document, expected, _LIMITS)
        assertion = signed_assertion(document, unverified, around, expected, _LIMITS)
    except SamlError as refusal:
        claimed = root.find(names.ASSERTION)
        attributes = _claimed_attributes(claimed) if claimed else ()
        return Diagnosis(judged_at, (refusal,), statements=_statements(root, claimed), attributes=attributes)
    refusals = tuple(_refusals(around.root, assertion, expected, judged_at))
    return Diagnosis(
        judged_at,
        refusals,
        verified=True,
        statements=_statements(around.root, assertion),
        attributes=attributes_of(assertion),
        assertion=None if refusals else validate(raw, expected, judged_at),
    )


def _issued(response: Element) -> datetime | None:
    try:
        return checks.instant(response, "IssueInstant")
    except SamlError:
        return None


def _refusals(
    response: Element, assertion: Element, expected: ExpectedResponse, judged_at: datetime
) -> Iterator[SamlError]:
    steps: tuple[Callable[[], object], ...] = (
        partial(checks.check_provider, expected.provider, judged_at),
        partial(checks.check_response, response, expected, judged_at),
        partial(checks.check_issuer, assertion, expected),
        partial(checks.check_issue_instant, assertion, judged_at),
        partial(checks.check_confirmation, assertion, expected, judged_at),
        partial(checks.check_conditions, assertion, expected, judged_at),
        partial(checks.check_authentication, assertion, judged_at),
        partial(checks.check_name_id, assertion, expected),
    )
    for step in steps:
        try:
            step()
        except SamlError as refusal:
            yield refusal


def _claimed_attributes(assertion: Element) -> tuple[Attribute, ...]:
    """As `attributes_of`, of an assertion whose shape may not hold."""
    return tuple(
        Attribute(element.get("Name") or "", tuple(value.text for value in element.all(names.ATTRIBUTE_VALUE)))
        for statement in assertion.all(names.ATTRIBUTE_STATEMENT)
        for element in statement.all(names.ATTRIBUTE)
    )


def _statements(response: Element, assertion: Element | None) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str | None]] = [
        ("Destination", response.get("Destination")),
        ("InResponseTo", response.get("InResponseTo")),
        ("IssueInstant", response.get("IssueInstant")),
    ]
    if assertion:
        data = assertion.find(names.SUBJECT, names.SUBJECT_CONFIRMATION, names.SUBJECT_CONFIRMATION_DATA)
        name_id = assertion.find(names.SUBJECT, names.NAME_ID)
        audience = assertion.find(names.CONDITIONS, names.AUDIENCE_RESTRICTION, names.AUDIENCE)
        context = assertion.find(names.AUTHN_STATEMENT, names.AUTHN_CONTEXT, names.AUTHN_CONTEXT_CLASS)
        issuer = assertion.find(names.ISSUER)
        found += [
            ("Issuer", issuer.text if issuer else None),
            ("Recipient", data.get("Recipient") if data else None),
            ("Audience", audience.text if audience else None),
            ("NameID", name_id.text if name_id else None),
            ("NameID Format", name_id.get("Format") if name_id else None),
            ("AuthnContextClassRef", context.text if context else None),
        ]
    return tuple((name, value) for name, value in found if value is not None)
