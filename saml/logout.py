"""Single logout, both ways (SAML Profiles 4.4): a provider's messages are believed as little as a sign-in's answer.

A request ends sessions, so whoever could forge one could lock people out; an answer tells somebody that they are signed
out, so whoever could forge one could leave them signed in unawares. Either must be signed, on either binding, by a key
of the provider; be addressed to us, to the letter; and be new.
"""

import base64
import binascii
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import unquote_to_bytes
from xml.sax.saxutils import escape, quoteattr

from saml import checks, names, shape
from saml._toolkit import parse, parse_verified
from saml.attributes import is_plain_text
from saml.certificates import verifies
from saml.element import Element
from saml.errors import (
    AlgorithmForbidden,
    DestinationWrong,
    Expired,
    IssuerWrong,
    NameIdInvalid,
    ResponseNotBase64,
    ResponseTooLarge,
    SignatureInvalid,
    SignatureMissing,
    XmlAttributeUnexpected,
)
from saml.model import CLOCK_SKEW, IdentityProvider, Limits, ProviderSession, RawResponse, ServiceProvider
from saml.raw import decode_form_value
from saml.redirect import redirect_to

LIMITS: Final = Limits(response=64 * 1024, elements=400, depth=16)
_RELAY_STATE_BYTES: Final = 80
_SIGNED: Final = r"{}=([^&]*)(?:&RelayState=([^&]*))?&SigAlg=([^&]*)&Signature=([^&]*)"
_REQUEST: Final = re.compile(_SIGNED.format("SAMLRequest"), re.ASCII)
_RESPONSE: Final = re.compile(_SIGNED.format("SAMLResponse"), re.ASCII)


@dataclass(frozen=True, slots=True)
class LogoutRequest:
    """What a provider signed for us, now.

    Attributes:
        session_indexes: of the sessions to end; () for every session of that name (SAML Core 3.7.1).
        keep_until: until when the request must be remembered, so that it counts once.
    """

    request_id: str
    name_id: str
    session_indexes: tuple[str, ...]
    keep_until: datetime


@dataclass(frozen=True, slots=True)
class LogoutAnswer:
    """What a provider signed for us, now, about a request of ours.

    Attributes:
        in_response_to: the ID that it names; whether that is one of our requests is for the caller to find out.
        complete: whether every session was ended, at the provider and at the services behind it (Core 3.7.3.2).
    """

    in_response_to: str
    complete: bool


def read_redirect(
    query: str, provider: IdentityProvider, service_provider: ServiceProvider, now: datetime
) -> LogoutRequest:
    """A LogoutRequest on the HTTP-Redirect binding; its signature covers the query as it came (Bindings 3.4.4.1).

    Raises:
        SamlError: the first thing that is wrong.
    """
    request = _redirected(query, _REQUEST, provider, shape.check_logout_request, now)
    return _decide(request, provider, service_provider, now)


def read_post(
    raw: RawResponse, provider: IdentityProvider, service_provider: ServiceProvider, now: datetime
) -> LogoutRequest:
    """A LogoutRequest on the HTTP-POST binding; its signature stands in it (Bindings 3.5.4).

    Raises:
        SamlError: the first thing that is wrong.
    """
    request = _posted(raw, provider, shape.check_logout_request, now)
    return _decide(request, provider, service_provider, now)


def read_redirected_answer(
    query: str, provider: IdentityProvider, service_provider: ServiceProvider, now: datetime
) -> LogoutAnswer:
    """As `read_redirect`, of a LogoutResponse.

    Raises:
        SamlError: the first thing that is wrong.
    """
    answer = _redirected(query, _RESPONSE, provider, shape.check_logout_response, now)
    return _decide_answer(answer, provider, service_provider, now)


def read_posted_answer(
    raw: RawResponse, provider: IdentityProvider, service_provider: ServiceProvider, now: datetime
) -> LogoutAnswer:
    """As `read_post`, of a LogoutResponse.

    Raises:
        SamlError: the first thing that is wrong.
    """
    answer = _posted(raw, provider, shape.check_logout_response, now)
    return _decide_answer(answer, provider, service_provider, now)


def build_request(
    provider: IdentityProvider,
    service_provider: ServiceProvider,
    session: ProviderSession,
    message_id: str,
    now: datetime,
) -> str:
    """The address at the provider that ends a person's session there, and at every service behind it.

    Raises:
        PrivateKeyInvalid: our key cannot sign.
    """
    name_format = f" Format={quoteattr(session.name_id_format)}" if session.name_id_format else ""
    index = f"<samlp:SessionIndex>{escape(session.session_index)}</samlp:SessionIndex>" if session.session_index else ""
    body = f"<saml:NameID{name_format}>{escape(session.name_id)}</saml:NameID>{index}"
    message = _message("LogoutRequest", provider.sign_out_url, service_provider, message_id, "", body, now)
    return redirect_to(provider.sign_out_url, "SAMLRequest", message, "", service_provider)


def build_response(
    provider: IdentityProvider,
    service_provider: ServiceProvider,
    message_id: str,
    in_response_to: str,
    relay_state: str,
    now: datetime,
) -> str:
    """The address at the provider to which its request is answered: done.

    Raises:
        PrivateKeyInvalid: our key cannot sign.
    """
    answers = f" InResponseTo={quoteattr(in_response_to)}"
    body = f'<samlp:Status><samlp:StatusCode Value="{names.STATUS_SUCCESS}"/></samlp:Status>'
    target = provider.sign_out_response_url or provider.sign_out_url
    message = _message("LogoutResponse", target, service_provider, message_id, answers, body, now)
    kept = relay_state if len(relay_state.encode()) <= _RELAY_STATE_BYTES else ""
    return redirect_to(target, "SAMLResponse", message, kept, service_provider)


_CheckShape = Callable[[Element, Limits], None]


def _redirected(
    query: str, parameters: re.Pattern[str], provider: IdentityProvider, check_shape: _CheckShape, now: datetime
) -> Element:
    checks.check_provider(provider, now)
    found = parameters.fullmatch(query)
    if not found:  # another order, a parameter more or one twice: two readers would read two things
        raise SignatureMissing("the query is not a message, perhaps RelayState, SigAlg and Signature, in this order")
    message, _, algorithm, signature = found.groups()
    signed = query[: found.start(4) - len("&Signature=")].encode()
    if unquote_to_bytes(algorithm).decode("ascii", errors="replace") not in names.SIGNATURE_ALGORITHMS:
        raise AlgorithmForbidden("the signature algorithm of the query is not allowed")
    uri = unquote_to_bytes(algorithm).decode()
    if not any(verifies(pem, uri, _base64(signature), signed) for pem in provider.certificates):
        raise SignatureInvalid("no certificate of the provider verifies the signature of the query")
    root = parse(_inflate(_base64(message)), LIMITS).root
    check_shape(root, LIMITS)
    if root.all(names.SIGNATURE):
        raise XmlAttributeUnexpected("a message on the HTTP-Redirect binding may hold no signature of its own")
    return root


def _posted(raw: RawResponse, provider: IdentityProvider, check_shape: _CheckShape, now: datetime) -> Element:
    checks.check_provider(provider, now)
    document = parse(decode_form_value(raw, LIMITS), LIMITS)
    check_shape(document.root, LIMITS)
    if not document.root.all(names.SIGNATURE):
        raise SignatureMissing(f"the {document.root.name} is not signed")
    return parse_verified(document.verify(document.root, provider.certificates), LIMITS).root


def _check_envelope(
    message: Element, provider: IdentityProvider, service_provider: ServiceProvider, now: datetime
) -> None:
    """Who, to whom, when."""
    issuer = message.one(names.ISSUER)
    if issuer.attributes.keys() - {"Format"} or issuer.text != provider.entity_id:
        raise IssuerWrong(f"the Issuer of the {message.name} is not the expected identity provider")
    if message.get("Destination") != service_provider.slo_url:
        raise DestinationWrong(f"the Destination of the {message.name} is not our single logout service")
    checks.check_issue_instant(message, now)


def _decide_answer(
    answer: Element, provider: IdentityProvider, service_provider: ServiceProvider, now: datetime
) -> LogoutAnswer:
    _check_envelope(answer, provider, service_provider, now)
    code = answer.one(names.STATUS, names.STATUS_CODE)
    complete = code.attributes["Value"] == names.STATUS_SUCCESS and not code.children
    return LogoutAnswer(answer.attributes["InResponseTo"], complete)


def _decide(
    request: Element, provider: IdentityProvider, service_provider: ServiceProvider, now: datetime
) -> LogoutRequest:
    _check_envelope(request, provider, service_provider, now)
    keep_until = checks.instant(request, "IssueInstant") + checks.MAXIMUM_AGE + 2 * CLOCK_SKEW
    if request.get("NotOnOrAfter") is not None and checks.instant(request, "NotOnOrAfter") + CLOCK_SKEW <= now:
        raise Expired("the LogoutRequest is no longer valid")
    name_id = request.one(names.NAME_ID)
    if name_id.get("SPNameQualifier") not in (None, service_provider.entity_id):
        raise NameIdInvalid("the NameID is one for another service provider")
    if len(name_id.text) > 256 or not is_plain_text(name_id.text):
        raise NameIdInvalid("the NameID is empty, too long, or holds forbidden characters or outer white space")
    return LogoutRequest(request.attributes["ID"], name_id.text, tuple(_indexes(request)), keep_until)


def _indexes(request: Element) -> Iterator[str]:
    for index in request.all(names.SESSION_INDEX):
        # An empty one would be read as "every session" by nobody but a mistake.
        if len(index.text) > 256 or not is_plain_text(index.text):
            raise NameIdInvalid("a SessionIndex is empty, too long, or holds forbidden characters")
        yield index.text


def _base64(quoted: str) -> bytes:
    try:
        return base64.b64decode(unquote_to_bytes(quoted).translate(None, b"\r\n"), validate=True)
    except binascii.Error:
        raise ResponseNotBase64("a parameter of the query is not base64") from None


def _inflate(packed: bytes) -> bytes:
    """At most `LIMITS.response` bytes, however little was sent: 300 kB can hold 300 MB."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        message = inflater.decompress(packed, LIMITS.response + 1)
    except zlib.error:
        raise ResponseNotBase64("the message is not deflated") from None
    if len(message) > LIMITS.response:
        raise ResponseTooLarge(f"the message inflates to more than {LIMITS.response} bytes")
    if not inflater.eof or inflater.unused_data:
        raise ResponseNotBase64("the query holds more than one deflated message, or less")
    return message


def _message(
    kind: str, destination: str, sender: ServiceProvider, message_id: str, more: str, body: str, now: datetime
) -> str:
    return (
        f'<samlp:{kind} xmlns:samlp="{names.PROTOCOL_NS}" xmlns:saml="{names.ASSERTION_NS}"'
        f' ID={quoteattr(message_id)} Version="2.0" IssueInstant="{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"'
        f" Destination={quoteattr(destination)}{more}>"
        f"<saml:Issuer>{escape(sender.entity_id)}</saml:Issuer>{body}</samlp:{kind}>"
    )
