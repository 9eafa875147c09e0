"""Lies that the provider itself signs: about who, to whom, in answer to what."""

from collections.abc import Callable, Mapping
from typing import Any

from saml import errors
from tests.simulators.identity_provider import SAML, SAMLP, Answer
from tests.simulators.saml_keys import key_pair
from tests.simulators.saml_lie_kit import (
    UNSIGNED,
    Case,
    Refusal,
    attribute,
    drop,
    emptied,
    put,
    said,
    text,
    twice,
    written,
)

_ANOTHER = "https://another.example.com/metadata"
_ENTITY_FORMAT = "urn:oasis:names:tc:SAML:2.0:nameid-format:"

# --- what resembles the truth --------------------------------------------------------------------------------------

Change = Callable[[str], str]
Facts = dict[str, Any]
Resembling = Mapping[str, Change]

_NAME_LIKE: Resembling = {
    "in upper case": str.upper,
    "with more behind": lambda true: true + "x",
    "with more before": lambda true: "x" + true,
    "cut short": lambda true: true[:-1],
    "with a blank behind": lambda true: true + " ",
    "with a line end before": lambda true: "\n" + true,
    "with a no-break space": lambda true: true + "\u00a0",
    "with a zero-width space": lambda true: true[:8] + "\u200b" + true[8:],
    "with a look-alike letter": lambda true: true[:-1] + chr(ord(true[-1]) + 0xFEE0),  # in full width
    "twice over": lambda true: f"{true} {true}",
}
_URL_LIKE: Resembling = _NAME_LIKE | {
    "with a slash behind": lambda true: true + "/",
    "with a path behind": lambda true: true + "/x",
    "with a query": lambda true: true + "?x",
    "with a fragment": lambda true: true + "#x",
    "percent-encoded": lambda true: true.replace("m", "%6d", 1),
    "over http": lambda true: true.replace("https:", "http:"),
    "with its port": lambda true: true.replace(".com", ".com:443"),
    "with a user": lambda true: true.replace("://", "://evil@"),
    "with a dot behind the host": lambda true: true.replace(".com", ".com."),
    "as a subdomain of evil": lambda true: true.replace(".com", ".com.evil.example"),
    "inside a URL of evil": lambda true: "https://evil.example/" + true,
    "with dot segments": lambda true: true.replace(".com/", ".com/x/../"),
    "with a slash doubled": lambda true: true.replace(".com/", ".com//"),
    "with backslashes": lambda true: true.replace("/", "\\"),
}


def _resembling(claim: str, refusal: Refusal, kinds: Resembling, tell: Callable[[Change], Facts]) -> dict[str, Case]:
    return {f"{claim} {kind}": said(refusal, **tell(change)) for kind, change in kinds.items()}


def _of(field: str) -> Callable[[Change], Facts]:
    """The lie that makes `field` a likeness of what it truly is."""
    return lambda change: {field: lambda answer: change(getattr(answer, field))}


def _audience(change: Change) -> Facts:
    return {"audiences": lambda answer: ((change(_us(answer)),),)}


def _us(answer: Answer) -> str:
    return answer.audiences[0][0]


RESEMBLANCES = (
    _resembling("destination", errors.DestinationWrong, _URL_LIKE, _of("destination"))
    | _resembling("recipient", errors.RecipientWrong, _URL_LIKE, _of("recipient"))
    | _resembling("issuer", errors.IssuerWrong, _URL_LIKE, _of("issuer"))
    | _resembling("response issuer", errors.IssuerWrong, _NAME_LIKE, _of("response_issuer"))
    | _resembling("audience", errors.AudienceWrong, _NAME_LIKE, _audience)
    | _resembling("in-response-to", errors.InResponseToWrong, _NAME_LIKE, _of("in_response_to"))
    | _resembling("confirmed in-response-to", errors.InResponseToWrong, _NAME_LIKE, _of("confirmation_in_response_to"))
)

# --- the envelope and the confirmation -----------------------------------------------------------------------------

_ENVELOPE = {
    "wrong issuer": said(errors.IssuerWrong, issuer=_ANOTHER),
    "empty issuer": said(errors.IssuerWrong, issuer=""),
    "no issuer": said(errors.ElementMissing, issuer=None),
    "two issuers": written(errors.ElementRepeated, twice("saml:Assertion/saml:Issuer")),
    "issuer that is no entity": written(
        errors.IssuerWrong, attribute("saml:Assertion/saml:Issuer", "Format", _ENTITY_FORMAT + "persistent")
    ),
    "issuer of another domain": written(
        errors.IssuerWrong, attribute("saml:Assertion/saml:Issuer", "NameQualifier", "urn:another")
    ),
    "wrong response issuer": said(errors.IssuerWrong, response_issuer=_ANOTHER),
    "empty response issuer": said(errors.IssuerWrong, response_issuer=""),
    "another provider with its own key": said(
        errors.IssuerWrong, issuer=_ANOTHER, response_issuer=_ANOTHER, keys=key_pair("somebody else")
    ),
    "another provider in our provider's name": said(errors.SignatureInvalid, keys=key_pair("somebody else")),
    "no destination": said(errors.DestinationWrong, destination=None),
    "empty destination": said(errors.DestinationWrong, destination=""),
    "destination of another": said(errors.DestinationWrong, destination="https://another.example.com/acs"),
    "no recipient": said(errors.RecipientWrong, recipient=None),
    "empty recipient": said(errors.RecipientWrong, recipient=""),
    "recipient is our entity ID": said(errors.RecipientWrong, recipient=_us),
    "no in-response-to": said(errors.InResponseToWrong, in_response_to=None),
    "empty in-response-to": said(errors.InResponseToWrong, in_response_to=""),
    "another in-response-to": said(errors.InResponseToWrong, in_response_to="_another"),
    "no confirmed in-response-to": said(errors.InResponseToWrong, confirmation_in_response_to=None),
    "empty confirmed in-response-to": said(errors.InResponseToWrong, confirmation_in_response_to=""),
    "another confirmed in-response-to": said(errors.InResponseToWrong, confirmation_in_response_to="_another"),
    "holder of key": said(errors.ConfirmationWrong, method="urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"),
    "sender vouches": said(errors.ConfirmationWrong, method="urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"),
    "bearer of saml 1": said(errors.ConfirmationWrong, method="urn:oasis:names:tc:SAML:1.0:cm:bearer"),
    "no confirmation": written(errors.ElementMissing, drop("//saml:SubjectConfirmation")),
    "two confirmations": written(errors.ElementRepeated, twice("//saml:SubjectConfirmation")),
    "no confirmation data": written(errors.ConfirmationWrong, drop("//saml:SubjectConfirmationData")),
    "confirmed for another name": written(
        errors.ElementUnexpected, put("//saml:SubjectConfirmation", f'<NameID xmlns="{SAML}">admin</NameID>', 0)
    ),
    "key in the confirmation": written(
        errors.ElementUnexpected,
        put("//saml:SubjectConfirmationData", '<KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"/>'),
    ),
}

# --- audience and conditions ---------------------------------------------------------------------------------------

_CONDITIONS = {
    "no audience restriction": said(errors.AudienceMissing, audiences=()),
    "empty audience restriction": said(errors.AudienceWrong, audiences=((),)),
    "empty audience": said(errors.AudienceWrong, audiences=(("",),)),
    "another audience": said(errors.AudienceWrong, audiences=(("urn:another",),)),
    "many other audiences": said(errors.AudienceWrong, audiences=(("urn:another", "urn:third", "urn:fourth"),)),
    "second restriction is another's": said(
        errors.AudienceWrong, audiences=lambda answer: ((_us(answer),), ("urn:another",))
    ),
    "first restriction is another's": said(
        errors.AudienceWrong, audiences=lambda answer: (("urn:another",), (_us(answer),))
    ),
    "second restriction is empty": said(errors.AudienceWrong, audiences=lambda answer: ((_us(answer),), ())),
    "audience split in two": said(errors.AudienceWrong, audiences=lambda answer: ((_us(answer)[:5], _us(answer)[5:]),)),
    "audience is our address": said(errors.AudienceWrong, audiences=lambda answer: ((answer.recipient,),)),
    "no conditions": written(errors.ElementMissing, drop("//saml:Conditions")),
    "two conditions": written(errors.ElementRepeated, twice("//saml:Conditions")),
    "unknown condition": written(errors.ElementUnexpected, put("//saml:Conditions", '<x xmlns="urn:x"/>')),
    "abstract condition": written(errors.ElementUnexpected, put("//saml:Conditions", f'<Condition xmlns="{SAML}"/>')),
    "audience outside its restriction": written(
        errors.ElementUnexpected, put("//saml:Conditions", f'<Audience xmlns="{SAML}">x</Audience>')
    ),
}

# --- the subject and the statements --------------------------------------------------------------------------------

_UNREADABLE_NAMES = {
    "a line end": "ethan\n@example.com",
    "a tab": "ethan\t@example.com",
    "a carriage return": "ethan\r@example.com",
    "a no-break space": "ethan\u00a0lee",
    "an ideographic space": "ethan\u3000lee",
    "a zero-width space": "ethan\u200b@example.com",
    "a zero-width joiner": "ethan\u200d@example.com",
    "a byte order mark": "\ufeffethan@example.com",
    "a soft hyphen": "ethan\u00ad@example.com",
    "an override of direction": "\u202eethan@example.com",
    "an isolate of direction": "ethan\u2066@example.com",
    "a line separator": "ethan\u2028@example.com",
    "a next-line control": "ethan\u0085@example.com",
    "a Hangul filler": "ethan\u3164@example.com",
    "a variation selector": "ethan\ufe0f@example.com",
    "a tag character": "ethan\U000e0041@example.com",
    "a private character": "ethan\ue000@example.com",
    "an unassigned character": "ethan\u0378@example.com",
    "a blank before": " ethan@example.com",
    "a blank behind": "ethan@example.com ",
}
_HIDING_NAMES = {
    f"name with {what}": said(errors.NameIdInvalid, name_id=name) for what, name in _UNREADABLE_NAMES.items()
}
_SUBJECT = {
    "no subject": written(errors.ElementMissing, drop("//saml:Subject")),
    "two subjects": written(errors.ElementRepeated, twice("//saml:Subject")),
    "no name": said(errors.ElementMissing, name_id=None),
    "two names": written(errors.ElementRepeated, twice("//saml:NameID")),
    "empty name": said(errors.NameIdInvalid, name_id=""),
    "long name": said(errors.NameIdInvalid, name_id="e" * 257),
    "very long name": said(errors.NameIdInvalid, name_id="e" * 60_000),
    "name for another service provider": written(
        errors.NameIdInvalid, attribute("//saml:NameID", "SPNameQualifier", "urn:another")
    ),
    "base identifier": written(errors.ElementUnexpected, put("//saml:Subject", f'<BaseID xmlns="{SAML}"/>', 0)),
    "encrypted name": written(errors.ElementUnexpected, put("//saml:Subject", f'<EncryptedID xmlns="{SAML}"/>')),
    "no authentication": written(errors.ElementMissing, drop("//saml:AuthnStatement")),
    "two authentications": written(errors.ElementRepeated, twice("//saml:AuthnStatement")),
    "no authentication context": written(errors.ElementMissing, drop("//saml:AuthnContext")),
    "two authentication contexts": written(errors.ElementRepeated, twice("//saml:AuthnContextClassRef")),
    "authorization decision": written(
        errors.ElementUnexpected, put("saml:Assertion", f'<AuthzDecisionStatement xmlns="{SAML}"/>')
    ),
    "two attribute statements": written(errors.ElementRepeated, twice("//saml:AttributeStatement")),
    "empty attribute statement": written(errors.ElementMissing, emptied("//saml:AttributeStatement")),
    "encrypted attribute": written(
        errors.ElementUnexpected, put("//saml:AttributeStatement", f'<EncryptedAttribute xmlns="{SAML}"/>')
    ),
    "attribute without a name": written(errors.XmlAttributeMissing, attribute("//saml:Attribute", "Name", None)),
    "saml 1.1": written(errors.VersionUnsupported, attribute("saml:Assertion", "Version", "1.1")),
    "saml 2.1": written(errors.VersionUnsupported, attribute("saml:Assertion", "Version", "2.1")),
    "saml 2": written(errors.VersionUnsupported, attribute("saml:Assertion", "Version", "2")),
    "response of saml 1.1": written(errors.VersionUnsupported, attribute(".", "Version", "1.1")),
}

# --- the status ----------------------------------------------------------------------------------------------------

_STATUS = "urn:oasis:names:tc:SAML:2.0:status:"
_SUCCESS = f'<StatusCode xmlns="{SAMLP}" Value="{_STATUS}Success"/>'
_FAILURES = {
    "failed": _STATUS + "Responder",
    "wrong password": _STATUS + "AuthnFailed",
    "success in lower case": _STATUS + "success",
    "success and more": _STATUS + "Success2",
    "success with a blank": _STATUS + "Success ",
    "success of another": "urn:another:status:Success",
    "empty status": "",
}
_STATUSES = {name: said(errors.StatusNotSuccess, status=status) for name, status in _FAILURES.items()} | {
    "success within a failure": written(
        errors.StatusNotSuccess, put("//samlp:StatusCode", _SUCCESS), status=_STATUS + "Responder"
    ),
    "failed without an assertion": written(
        errors.StatusNotSuccess, drop("saml:Assertion"), sign=UNSIGNED, status=_STATUS + "Requester"
    ),
    "no status": written(errors.ElementMissing, drop("samlp:Status")),
    "no status code": written(errors.ElementMissing, drop("//samlp:StatusCode")),
    "two statuses": written(errors.ElementRepeated, twice("samlp:Status")),
    "two status codes": written(errors.ElementRepeated, put("samlp:Status", _SUCCESS), status=_STATUS + "Responder"),
    "status without a value": written(errors.XmlAttributeMissing, attribute("//samlp:StatusCode", "Value", None)),
    "details of the status": written(errors.ElementUnexpected, put("samlp:Status", f'<StatusDetail xmlns="{SAMLP}"/>')),
    "no assertion": written(errors.AssertionMissing, drop("saml:Assertion"), sign=UNSIGNED),
    "status in the text": written(errors.TextUnexpected, text("samlp:Status", "Success")),
}

CLAIMS = RESEMBLANCES | _ENVELOPE | _CONDITIONS | _HIDING_NAMES | _SUBJECT | _STATUSES
