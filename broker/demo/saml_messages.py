"""The SAML messages of the demo identity provider: it reads an AuthnRequest, and writes a signed response.

Requests come from a browser, so from anybody: they are bounded, refused if they hold a DTD, and an answer goes to the
registered consumer service alone (SAML Profiles 4.1.4.1).
"""

import base64
import binascii
import io
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from xml.etree import ElementTree

from jinja2 import Environment, PackageLoader, StrictUndefined
from signxml.algorithms import CanonicalizationMethod
from signxml.signer import XMLSigner

from broker.demo.certificates import CertificateFiles
from broker.demo.people import Person
from broker.errors import RequestMalformed
from broker.secrets import random_name

_MAXIMUM_REQUEST: Final = 16 * 1024
_LIFETIME: Final = timedelta(minutes=5)
_PROTOCOL: Final = "{urn:oasis:names:tc:SAML:2.0:protocol}"
_ASSERTION: Final = "{urn:oasis:names:tc:SAML:2.0:assertion}"
_XML: Final = Environment(
    loader=PackageLoader("broker.demo", "messages"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)


@dataclass(frozen=True, slots=True)
class ServiceProvider:
    """The one application that is registered here: the broker."""

    entity_id: str
    acs_url: str


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who the provider is.

    Attributes:
        role: the value of the Role attribute: access role ARN and provider ARN, comma separated.
    """

    base_url: str
    signing: CertificateFiles
    role: str

    @property
    def entity_id(self) -> str:
        """The provider's name in SAML: its metadata's address."""
        return f"{self.base_url}/metadata"

    @property
    def sso_url(self) -> str:
        """Where requests arrive."""
        return f"{self.base_url}/sso"


def metadata(issuer: Issuer) -> str:
    """The provider's metadata (SAML Metadata 2.4.3)."""
    lines = issuer.signing.certificate.read_text().splitlines()
    certificate = "".join(line for line in lines if not line.startswith("-----"))
    return _XML.get_template("metadata.xml").render(issuer=issuer, certificate=certificate)


def read_request(raw_request: str, issuer: Issuer, provider: ServiceProvider) -> str:
    """The ID of an AuthnRequest in the HTTP-Redirect encoding (SAML Bindings 3.4.4.1).

    Raises:
        RequestMalformed: it is no such request, or not from the registered service provider.
    """
    root = _parse(raw_request)
    if root.tag != _PROTOCOL + "AuthnRequest" or not root.get("ID"):
        raise RequestMalformed("The SAMLRequest is no AuthnRequest.")
    asked_by = root.findtext(_ASSERTION + "Issuer", "").strip()
    if asked_by != provider.entity_id:
        raise RequestMalformed("The application that sent the SAMLRequest is not registered here.")
    if root.get("AssertionConsumerServiceURL", provider.acs_url) != provider.acs_url:
        raise RequestMalformed("The SAMLRequest names a consumer service that is not registered here.")
    if root.get("Destination", issuer.sso_url) != issuer.sso_url:
        raise RequestMalformed("The SAMLRequest was meant for another identity provider.")
    return root.attrib["ID"]


def attributes(issuer: Issuer, person: Person) -> dict[str, tuple[str, ...]]:
    """What is asserted of `person`, in the names and shapes of AWS; a person without groups has no role tag."""
    prefix = "https://aws.amazon.com/SAML/Attributes/"
    stated = {
        "Role": (issuer.role,),
        "RoleSessionName": (person.email,),
        "SessionDuration": ("3600",),
        "PrincipalTag:RedshiftDbUser": (person.email,),
        "PrincipalTag:RedshiftDbRoles": (":".join(person.groups),) if person.groups else (),
        "TransitiveTagKeys": ("RedshiftDbUser", "RedshiftDbRoles"),
    }
    return {prefix + name: values for name, values in stated.items() if values}


def response(issuer: Issuer, provider: ServiceProvider, person: Person, request_id: str, now: datetime) -> str:
    """A response with one signed assertion, base64; `request_id` "" for a sign-in that the provider began."""
    assertion_id = f"_{random_name(32)}"
    facts = {
        "issuer": issuer,
        "provider": provider,
        "person": person,
        "attributes": attributes(issuer, person),
        "request_id": request_id,
        "assertion_id": assertion_id,
        "session_index": f"_{random_name(32)}",
        "now": _instant(now),
        "end": _instant(now + _LIFETIME),
    }
    assertion = _sign(_XML.get_template("assertion.xml").render(facts), assertion_id, issuer.signing)
    # Spliced as text: parsing and writing again could only harm what was signed.
    head, tail = _XML.get_template("response.xml").render(facts, response_id=f"_{random_name(32)}").split("<!--here-->")
    return base64.b64encode((head + assertion + tail).encode()).decode()


def _parse(raw_request: str) -> ElementTree.Element:
    try:
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        xml = inflater.decompress(base64.b64decode(raw_request, validate=True), _MAXIMUM_REQUEST)
        if inflater.unconsumed_tail or b"<!" in xml:
            raise RequestMalformed("The SAMLRequest is too large, or holds what no request needs.")
        return ElementTree.fromstring(xml.decode())  # noqa: S314 - bounded, UTF-8, and without any "<!"
    except (binascii.Error, zlib.error, UnicodeDecodeError, ElementTree.ParseError):
        raise RequestMalformed("The SAMLRequest cannot be read.") from None


def _sign(assertion: str, assertion_id: str, signing: CertificateFiles) -> str:
    signer = XMLSigner(c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0)
    signed = signer.sign(
        ElementTree.fromstring(assertion),  # noqa: S314 - our own text
        key=signing.key.read_bytes(),
        cert=signing.certificate.read_text(),
        reference_uri=assertion_id,
        id_attribute="ID",
    )
    text = io.BytesIO()
    signed.getroottree().write(text, encoding="utf-8")
    return text.getvalue().decode()


def _instant(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
