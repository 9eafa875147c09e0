"""An identity provider that signs what a test tells it to: the truth by default, or one lie at a time.

    provider = SimulatedIdentityProvider("https://idp.example.com/metadata", "https://idp.example.com/sso")
    value = provider.respond(request_id, acs_url, audience, now, attributes={"groups": ("sales",)})

`value` is the SAMLResponse form field. `lie` takes a `Lie` (see tests/simulators/saml_lies.py for named ones); every
other keyword replaces a field of `Answer`, for truths that differ (a shape, an encrypted assertion, a session end).
"""

import base64
import secrets
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape, quoteattr

import xmlsec
from lxml import etree

from tests.simulators.saml_keys import KeyPair, key_pair

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
DS = "http://www.w3.org/2000/09/xmldsig#"
XENC = "http://www.w3.org/2001/04/xmlenc#"
NS = {"saml": SAML, "samlp": SAMLP, "ds": DS, "xenc": XENC}

SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"

Tree = Any
Attributes = Mapping[str, str | Sequence[str]]


class Shape(StrEnum):
    """How a product writes its responses: prefixes, which elements are signed, how values are typed and repeated."""

    PLAIN = "plain"
    OKTA = "okta"
    KEYCLOAK = "keycloak"
    ENTRA = "entra"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Everything that a response says; None leaves the thing out."""

    issuer: str | None
    response_issuer: str | None
    destination: str | None
    recipient: str | None
    in_response_to: str | None
    confirmation_in_response_to: str | None
    audiences: tuple[tuple[str, ...], ...]
    issue_instant: datetime | str
    response_issue_instant: datetime | str
    not_before: datetime | str | None
    not_on_or_after: datetime | str | None
    confirmation_not_before: datetime | str | None = None
    confirmation_not_on_or_after: datetime | str | None
    authn_instant: datetime | str
    session_not_on_or_after: datetime | str | None = None
    session_index: str | None = "_session"
    authn_context: str = PASSWORD
    status: str = SUCCESS
    method: str = BEARER
    name_id: str | None
    name_id_format: str | None = EMAIL
    attributes: tuple[tuple[str, tuple[str, ...]], ...]
    response_id: str
    assertion_id: str
    shape: Shape = Shape.PLAIN
    sign: frozenset[str] | None = None
    keys: KeyPair
    signature_method: Any = xmlsec.Transform.RSA_SHA256
    digest_method: Any = xmlsec.Transform.SHA256
    encrypt_for: str | None = None
    cipher: Any = xmlsec.Transform.AES256_GCM
    key_transport: Any = xmlsec.Transform.RSA_OAEP


def _same(tree: Tree) -> Tree:
    return tree


@dataclass(frozen=True, slots=True)
class Lie:
    """What a test wants to be false.

    Attributes:
        facts: fields of `Answer` to replace: a lie that the provider itself signs. A timedelta counts from now; a
            function gets the true answer.
        before: changes the tree before it is signed.
        after: changes the signed tree, as an attacker between the two would.
        raw: changes the serialised bytes.
        form: changes the base64 text of the form.
    """

    facts: Mapping[str, Any] = field(default_factory=dict)
    before: Callable[[Tree], Tree] = _same
    after: Callable[[Tree], Tree] = _same
    raw: Callable[[bytes], bytes] = _same
    form: Callable[[str], str] = _same


TRUTH = Lie()


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """An AuthnRequest as it arrived on the HTTP-Redirect binding."""

    request_id: str
    issuer: str
    acs_url: str
    destination: str
    relay_state: str
    xml: bytes


def read_request(redirect_url: str) -> ReceivedRequest:
    """Unpack the AuthnRequest of a redirect to the provider (SAML Bindings 3.4.4.1)."""
    query = parse_qs(urlsplit(redirect_url).query)
    xml = zlib.decompress(base64.b64decode(query["SAMLRequest"][0]), -15)
    request = etree.fromstring(xml)
    return ReceivedRequest(
        request_id=request.get("ID"),
        issuer=request.findtext("saml:Issuer", namespaces=NS),
        acs_url=request.get("AssertionConsumerServiceURL"),
        destination=request.get("Destination"),
        relay_state=query.get("RelayState", [""])[0],
        xml=xml,
    )


class SimulatedIdentityProvider:
    """A provider with one signing key; `metadata()` and `respond()` are all that a service provider sees of it."""

    def __init__(
        self, entity_id: str, sso_url: str, *, shape: Shape = Shape.PLAIN, keys: KeyPair | None = None
    ) -> None:
        self.entity_id = entity_id
        self.sso_url = sso_url
        self.shape = shape
        self.keys = keys or key_pair("identity provider")

    def metadata(self, *, valid_until: datetime | None = None) -> bytes:
        """The provider's metadata document."""
        until = f" validUntil={quoteattr(_time(valid_until))}" if valid_until else ""
        return (
            '<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" '
            f"entityID={quoteattr(self.entity_id)}{until}>"
            '<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
            f'<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="{DS}"><ds:X509Data><ds:X509Certificate>'
            f"{_der_text(self.keys.certificate)}"
            "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
            f"<md:NameIDFormat>{EMAIL}</md:NameIDFormat>"
            '<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" '
            f"Location={quoteattr(self.sso_url)}/>"
            "</md:IDPSSODescriptor></md:EntityDescriptor>"
        ).encode()

    def respond(
        self,
        request_id: str | None,
        acs_url: str,
        audience: str,
        now: datetime,
        *,
        attributes: Attributes | None = None,
        name_id: str = "ethan@example.com",
        lie: Lie = TRUTH,
        **facts: Any,
    ) -> str:
        """The SAMLResponse form value that answers `request_id` (None: unsolicited)."""
        answer = self.answer(request_id, acs_url, audience, now, attributes=attributes or {}, name_id=name_id)
        replaced = {**facts, **lie.facts}
        for name, value in replaced.items():
            if callable(value):
                value = value(answer)
            replaced[name] = now + value if isinstance(value, timedelta) else value
        answer = replace(answer, **replaced)
        tree = lie.after(_sealed(lie.before(_render(answer)), answer))
        return lie.form(base64.b64encode(lie.raw(etree.tostring(tree))).decode())

    def answer(
        self,
        request_id: str | None,
        acs_url: str,
        audience: str,
        now: datetime,
        *,
        attributes: Attributes,
        name_id: str,
    ) -> Answer:
        """The truth, before anything is replaced."""
        flat = tuple(
            (name, (values,) if isinstance(values, str) else tuple(values)) for name, values in attributes.items()
        )
        return Answer(
            issuer=self.entity_id,
            response_issuer=self.entity_id,
            destination=acs_url,
            recipient=acs_url,
            in_response_to=request_id,
            confirmation_in_response_to=request_id,
            audiences=((audience,),),
            issue_instant=now,
            response_issue_instant=now,
            not_before=now - timedelta(minutes=5),
            not_on_or_after=now + timedelta(minutes=5),
            confirmation_not_on_or_after=now + timedelta(minutes=5),
            authn_instant=now,
            name_id=name_id,
            attributes=flat,
            response_id="_" + secrets.token_hex(16),
            assertion_id="_" + secrets.token_hex(16),
            shape=self.shape,
            keys=self.keys,
        )


_SIGNED = {
    Shape.PLAIN: frozenset({"assertion"}),
    Shape.OKTA: frozenset({"assertion", "response"}),
    Shape.KEYCLOAK: frozenset({"response"}),
    Shape.ENTRA: frozenset({"assertion"}),
}
_PREFIXES = {
    Shape.PLAIN: ("samlp:", "saml:"),
    Shape.OKTA: ("saml2p:", "saml2:"),
    Shape.KEYCLOAK: ("samlp:", "saml:"),
    Shape.ENTRA: ("samlp:", ""),
}


def _time(value: datetime | str) -> str:
    return value if isinstance(value, str) else value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _attrs(**values: datetime | str | None) -> str:
    return "".join(f" {name}={quoteattr(_time(value))}" for name, value in values.items() if value is not None)


def _der_text(pem: str) -> str:
    return "".join(pem.strip().splitlines()[1:-1])


def _render(answer: Answer) -> Tree:
    p, a = _PREFIXES[answer.shape]
    declare_p = f'xmlns:{p[:-1]}="{SAMLP}"'
    declare_a = f'xmlns:{a[:-1]}="{SAML}"' if a else f'xmlns="{SAML}"'
    issuer = f"<{a}Issuer>{escape(answer.issuer)}</{a}Issuer>" if answer.issuer is not None else ""
    outer = ""
    if answer.response_issuer is not None:
        outer = f"<{a}Issuer {declare_a}>{escape(answer.response_issuer)}</{a}Issuer>"
    response = _attrs(
        ID=answer.response_id,
        Version="2.0",
        IssueInstant=answer.response_issue_instant,
        Destination=answer.destination,
        InResponseTo=answer.in_response_to,
    )
    assertion = _attrs(ID=answer.assertion_id, Version="2.0", IssueInstant=answer.issue_instant)
    return etree.fromstring(
        f"<{p}Response {declare_p}{response}>{outer}"
        f'<{p}Status><{p}StatusCode Value="{answer.status}"/></{p}Status>'
        f"<{a}Assertion {declare_a}{assertion}>{issuer}"
        f"{_subject(answer, a)}{_conditions(answer, a)}{_authn(answer, a)}{_attribute_statement(answer, a)}"
        f"</{a}Assertion></{p}Response>"
    )


def _subject(answer: Answer, a: str) -> str:
    data = _attrs(
        InResponseTo=answer.confirmation_in_response_to,
        NotBefore=answer.confirmation_not_before,
        NotOnOrAfter=answer.confirmation_not_on_or_after,
        Recipient=answer.recipient,
    )
    name = ""
    if answer.name_id is not None:
        name = f"<{a}NameID{_attrs(Format=answer.name_id_format)}>{escape(answer.name_id)}</{a}NameID>"
    return (
        f'<{a}Subject>{name}<{a}SubjectConfirmation Method="{answer.method}">'
        f"<{a}SubjectConfirmationData{data}/></{a}SubjectConfirmation></{a}Subject>"
    )


def _conditions(answer: Answer, a: str) -> str:
    restrictions = "".join(
        f"<{a}AudienceRestriction>"
        + "".join(f"<{a}Audience>{escape(audience)}</{a}Audience>" for audience in restriction)
        + f"</{a}AudienceRestriction>"
        for restriction in answer.audiences
    )
    times = _attrs(NotBefore=answer.not_before, NotOnOrAfter=answer.not_on_or_after)
    return f"<{a}Conditions{times}>{restrictions}</{a}Conditions>"


def _authn(answer: Answer, a: str) -> str:
    statement = _attrs(
        AuthnInstant=answer.authn_instant,
        SessionIndex=answer.session_index,
        SessionNotOnOrAfter=answer.session_not_on_or_after,
    )
    return (
        f"<{a}AuthnStatement{statement}><{a}AuthnContext><{a}AuthnContextClassRef>{answer.authn_context}"
        f"</{a}AuthnContextClassRef></{a}AuthnContext></{a}AuthnStatement>"
    )


def _attribute_statement(answer: Answer, a: str) -> str:
    if not answer.attributes:
        return ""
    typed = ""
    if answer.shape in (Shape.OKTA, Shape.KEYCLOAK):
        typed = (
            ' xmlns:xs="http://www.w3.org/2001/XMLSchema" '
            'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string"'
        )
    attributes = answer.attributes
    if answer.shape is Shape.KEYCLOAK:  # one Attribute element for each value
        attributes = tuple((name, (value,)) for name, values in attributes for value in values)
    rendered = "".join(
        f"<{a}Attribute Name={quoteattr(name)}>"
        + "".join(f"<{a}AttributeValue{typed}>{escape(value)}</{a}AttributeValue>" for value in values)
        + f"</{a}Attribute>"
        for name, values in attributes
    )
    return f"<{a}AttributeStatement>{rendered}</{a}AttributeStatement>"


def _sealed(tree: Tree, answer: Answer) -> Tree:
    """Sign the assertion, then encrypt it, then sign the response: the order of SAML Core 5.4 and 6.2."""
    assertion = tree.find("saml:Assertion", NS)
    signed = _SIGNED[answer.shape] if answer.sign is None else answer.sign
    if "assertion" in signed:
        sign(assertion, answer)
    if answer.encrypt_for:
        encrypt(assertion, answer)
    if "response" in signed:
        sign(tree, answer)
    return tree


def sign(element: Tree, answer: Answer) -> None:
    """Put an enveloped signature behind the element's Issuer."""
    signature = xmlsec.template.create(element, xmlsec.Transform.EXCL_C14N, answer.signature_method, ns="ds")
    issuer = element.find("saml:Issuer", NS)
    if issuer is None:
        element.insert(0, signature)
    else:
        issuer.addnext(signature)
    reference = xmlsec.template.add_reference(signature, answer.digest_method, uri="#" + element.get("ID"))
    xmlsec.template.add_transform(reference, xmlsec.Transform.ENVELOPED)
    exclusive = xmlsec.template.add_transform(reference, xmlsec.Transform.EXCL_C14N)
    if answer.shape is Shape.OKTA:
        xmlsec.template.transform_add_c14n_inclusive_namespaces(exclusive, ["xs"])
    xmlsec.template.add_x509_data(xmlsec.template.ensure_key_info(signature))
    xmlsec.tree.add_ids(element, ["ID"])
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(answer.keys.private_key, xmlsec.KeyFormat.PEM, None)
    context.key.load_cert_from_memory(answer.keys.certificate, xmlsec.KeyFormat.PEM)
    context.sign(signature)


def encrypt(assertion: Tree, answer: Answer) -> None:
    """Replace the assertion by an EncryptedAssertion for `answer.encrypt_for`."""
    wrapper = etree.Element(f"{{{SAML}}}EncryptedAssertion", nsmap={assertion.prefix: SAML})
    assertion.getparent().replace(assertion, wrapper)
    wrapper.append(assertion)
    data = xmlsec.template.encrypted_data_create(wrapper, answer.cipher, type=xmlsec.EncryptionType.ELEMENT, ns="xenc")
    xmlsec.template.encrypted_data_ensure_cipher_value(data)
    info = xmlsec.template.encrypted_data_ensure_key_info(data, ns="dsig")
    key = xmlsec.template.add_encrypted_key(info, answer.key_transport)
    xmlsec.template.encrypted_data_ensure_cipher_value(key)
    manager = xmlsec.KeysManager()
    manager.add_key(xmlsec.Key.from_memory(answer.encrypt_for, xmlsec.KeyFormat.CERT_PEM, None))
    context = xmlsec.EncryptionContext(manager)
    bits = int("".join(filter(str.isdigit, answer.cipher.name.split("-")[0][3:])) or 256)
    context.key = xmlsec.Key.generate(xmlsec.KeyData.AES, bits, xmlsec.KeyDataType.SESSION)
    context.encrypt_xml(data, assertion)
