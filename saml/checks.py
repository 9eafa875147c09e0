"""Our own decisions, each on its own, on what was signed (SAML Profiles 4.1.4.3 and 4.1.4.5).

Everything is compared to the letter with what was decided before the response was read: no prefix, no normalisation, no
default for what is absent. One clock, handed in; one tolerance, `CLOCK_SKEW`.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from saml import names
from saml.attributes import is_plain_text
from saml.element import Element
from saml.errors import (
    AudienceMissing,
    AudienceWrong,
    ConfirmationWrong,
    DestinationWrong,
    Expired,
    InResponseToWrong,
    IssuerWrong,
    LifetimeTooLong,
    MetadataExpired,
    NameIdInvalid,
    NotYetValid,
    RecipientWrong,
    StatusNotSuccess,
    TimeInvalid,
    TimeMissing,
)
from saml.model import CLOCK_SKEW, ExpectedResponse, IdentityProvider

MAXIMUM_AGE: Final = timedelta(minutes=5)
"""A response comes at once: AWS STS, too, takes one for five minutes after its IssueInstant."""

MAXIMUM_LIFETIME: Final = timedelta(hours=24)
"""The longest span of Conditions that we accept; a used assertion is remembered until its end."""

_INSTANT: Final = re.compile(r"[12][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z")


@dataclass(frozen=True, slots=True)
class Validity:
    """The span in which an assertion is good."""

    not_before: datetime
    not_on_or_after: datetime


def check_provider(provider: IdentityProvider, now: datetime) -> None:
    """Its metadata have not ended, and our trust in its keys with them (Metadata 2.3.2).

    Raises:
        MetadataExpired: they have.
    """
    if provider.valid_until is not None and provider.valid_until <= now:
        raise MetadataExpired(f"the metadata of {provider.name} ended at {provider.valid_until:%Y-%m-%d %H:%M:%S} UTC")


def check_status(response: Element) -> None:
    """The identity provider says that the sign-in succeeded (Core 3.2.2.2).

    Raises:
        StatusNotSuccess: anything else; known codes are named, for the audit.
    """
    code = response.one(names.STATUS, names.STATUS_CODE)
    if code.attributes["Value"] == names.STATUS_SUCCESS:
        return
    inner = code.find(names.STATUS_CODE)
    found = [element.attributes["Value"] for element in (code, inner) if element]
    known = [value.removeprefix(names.STATUS_PREFIX) for value in found if _is_known_status(value)]
    raise StatusNotSuccess(f"the identity provider reports: {', '.join(known) or 'an unknown status'}")


def _is_known_status(value: str) -> bool:
    return bool(re.fullmatch(re.escape(names.STATUS_PREFIX) + "[A-Za-z]{1,40}", value))


def check_response(response: Element, expected: ExpectedResponse, now: datetime) -> None:
    """The envelope: who, to whom, in answer to what, when.

    Raises:
        IssuerWrong, DestinationWrong, InResponseToWrong, NotYetValid, Expired, TimeInvalid: as they say.
    """
    if response.all(names.ISSUER):  # optional on the response, decisive on the assertion (Profiles 4.1.4.2)
        check_issuer(response, expected)
    if response.get("Destination") != expected.service_provider.acs_url:
        raise DestinationWrong("the Destination of the response is not our assertion consumer service")
    _check_in_response_to(response, expected)
    check_issue_instant(response, now)


def check_issuer(element: Element, expected: ExpectedResponse) -> None:
    """The Issuer, to the letter, of an element that has one: an entity, qualified by nothing (Core 8.3.6).

    Raises:
        IssuerWrong: it is another.
    """
    issuer = element.one(names.ISSUER)
    is_entity = issuer.attributes.keys() <= {"Format"} and issuer.get("Format") in (None, names.ENTITY_FORMAT)
    if not is_entity or issuer.text != expected.provider.entity_id:
        raise IssuerWrong(f"the Issuer of the {element.name} is not the expected identity provider")


def _check_in_response_to(element: Element, expected: ExpectedResponse) -> None:
    """The request's ID where we asked; nothing where nobody did (Profiles 4.1.4.2 and 4.1.5)."""
    if element.get("InResponseTo") != expected.request_id:
        asked = "this sign-in's request" if expected.request_id else "no request, since there was none"
        raise InResponseToWrong(f"the InResponseTo of the {element.name} does not name {asked}")


def check_issue_instant(element: Element, now: datetime) -> None:
    """Issued just now.

    Raises:
        NotYetValid, Expired, TimeInvalid: in the future, longer ago than `MAXIMUM_AGE`, or no time.
    """
    issued = instant(element, "IssueInstant")
    if issued > now + CLOCK_SKEW:
        raise NotYetValid(f"the IssueInstant of the {element.name} lies in the future")
    if issued < now - MAXIMUM_AGE - CLOCK_SKEW:
        raise Expired(f"the {element.name} was issued more than {MAXIMUM_AGE} ago")


def check_confirmation(assertion: Element, expected: ExpectedResponse, now: datetime) -> None:
    """The bearer may use it here, for this request, now (Profiles 4.1.4.2).

    Raises:
        ConfirmationWrong, RecipientWrong, InResponseToWrong, TimeMissing, TimeInvalid, Expired: as they say.
    """
    confirmation = assertion.one(names.SUBJECT, names.SUBJECT_CONFIRMATION)
    data = confirmation.find(names.SUBJECT_CONFIRMATION_DATA)
    if confirmation.attributes["Method"] != names.BEARER or data is None:
        raise ConfirmationWrong("the subject is not confirmed as bearer")
    if data.get("NotBefore") is not None:
        raise ConfirmationWrong("a bearer confirmation may have no NotBefore")
    if data.get("Recipient") != expected.service_provider.acs_url:
        raise RecipientWrong("the Recipient is not our assertion consumer service")
    _check_in_response_to(data, expected)
    if instant(data, "NotOnOrAfter") + CLOCK_SKEW <= now:
        raise Expired("the confirmation of the subject has ended")


def check_conditions(assertion: Element, expected: ExpectedResponse, now: datetime) -> Validity:
    """The span and the audience for which the provider vouches (Core 2.5.1).

    Raises:
        TimeMissing, TimeInvalid, NotYetValid, Expired, LifetimeTooLong, AudienceMissing, AudienceWrong: as they say.
    """
    conditions = assertion.one(names.CONDITIONS)
    span = Validity(instant(conditions, "NotBefore"), instant(conditions, "NotOnOrAfter"))
    if span.not_before >= span.not_on_or_after:  # else the skew would make a span out of none (Core 2.5.1.2)
        raise TimeInvalid("the assertion ends before it begins")
    if span.not_before > now + CLOCK_SKEW:
        raise NotYetValid("the assertion is not valid yet")
    if span.not_on_or_after + CLOCK_SKEW <= now:
        raise Expired("the assertion is no longer valid")
    if span.not_on_or_after - span.not_before > MAXIMUM_LIFETIME:
        raise LifetimeTooLong(f"the assertion is valid for more than {MAXIMUM_LIFETIME}")
    restrictions = conditions.all(names.AUDIENCE_RESTRICTION)
    if not restrictions:
        raise AudienceMissing("the assertion is restricted to no audience")
    for restriction in restrictions:  # each must name us (Core 2.5.1.4)
        if expected.service_provider.entity_id not in (audience.text for audience in restriction.children):
            raise AudienceWrong("an audience restriction of the assertion does not name us")
    return span


def check_authentication(assertion: Element, now: datetime) -> tuple[datetime, datetime | None]:
    """When the person signed in at the provider, and when that session ends, if it says so (Core 2.7.2).

    Raises:
        NotYetValid, Expired, TimeInvalid: signed in in the future, or the session has ended.
    """
    statement = assertion.one(names.AUTHN_STATEMENT)
    signed_in = instant(statement, "AuthnInstant")
    if signed_in > now + CLOCK_SKEW:
        raise NotYetValid("the AuthnInstant lies in the future")
    if statement.get("SessionNotOnOrAfter") is None:
        return signed_in, None
    session_end = instant(statement, "SessionNotOnOrAfter")
    if session_end + CLOCK_SKEW <= now:
        raise Expired("the session at the identity provider has ended")
    return signed_in, session_end


def check_name_id(assertion: Element, expected: ExpectedResponse) -> Element:
    """A name that is what it looks like, and that was given for us.

    Raises:
        NameIdInvalid: it is empty, over 256 characters (Core 8.3.7), not plain text, or for another service provider.
    """
    name_id = assertion.one(names.SUBJECT, names.NAME_ID)
    if name_id.get("SPNameQualifier") not in (None, expected.service_provider.entity_id):  # Core 2.2.2
        raise NameIdInvalid("the NameID is one for another service provider")
    if len(name_id.text) > 256 or not is_plain_text(name_id.text):
        raise NameIdInvalid("the NameID is empty, too long, or holds forbidden characters or outer white space")
    return name_id


def instant(element: Element, attribute: str) -> datetime:
    """A time that must be there, in UTC and with the letter Z (Core 1.3.3).

    Raises:
        TimeMissing, TimeInvalid: as they say.
    """
    text = element.get(attribute)
    if text is None:
        raise TimeMissing(f"{element.name} has no {attribute}")
    if not _INSTANT.fullmatch(text):
        raise TimeInvalid(f"the {attribute} of {element.name} is no time in UTC")
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise TimeInvalid(f"the {attribute} of {element.name} is no date of the calendar") from None
