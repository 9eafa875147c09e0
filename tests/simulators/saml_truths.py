"""Good responses in the shapes of real products (tests/fixtures/saml), each of which must be accepted.

`TRUTHS` maps a name to a `Truth`: a product, what is signed and encrypted, and what differs from its usual answer.
"""

import base64
import copy
import secrets
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import Template
from typing import Any
from xml.sax.saxutils import escape

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from lxml import etree

from tests.simulators.identity_provider import DS, EMAIL, NS, Tree
from tests.simulators.saml_ciphertext import encrypted
from tests.simulators.saml_keys import KeyPair
from tests.simulators.sign_in import PROVIDER_ARN, ROLE_ARN

FIXTURES = Path(__file__).parents[1] / "fixtures" / "saml"
ASSERTION, RESPONSE = "saml:Assertion", "."
_FORMAT = "urn:oasis:names:tc:SAML:2.0:nameid-format:"
_FORMAT11 = "urn:oasis:names:tc:SAML:1.1:nameid-format:"


@dataclass(frozen=True, slots=True)
class Product:
    """How a product signs.

    Attributes:
        template: its file in tests/fixtures/saml.
        signs: what it signs as it is shipped.
        prefix: of the Signature element; None for the default namespace.
        prefix_list: of the exclusive canonical form.
        key_value: whether it adds the bare key, and `key_name` a name, to the certificate.
    """

    template: str
    signs: tuple[str, ...]
    prefix: str | None = "ds"
    prefix_list: tuple[str, ...] = ()
    key_value: bool = False
    key_name: bool = False


OKTA = Product("okta", (ASSERTION, RESPONSE), prefix_list=("xs",))
ENTRA = Product("entra", (ASSERTION,), prefix=None)
ADFS = Product("adfs", (ASSERTION,))
PING = Product("ping", (ASSERTION,), key_value=True)
KEYCLOAK = Product("keycloak", (RESPONSE,), prefix="dsig", key_value=True, key_name=True)
GOOGLE = Product("google", (RESPONSE,))
ONELOGIN = Product("onelogin", (ASSERTION,))
SIMPLESAMLPHP = Product("simplesamlphp", (ASSERTION, RESPONSE))


@dataclass(frozen=True, slots=True)
class Truth:
    """One good response.

    Attributes:
        facts: what differs from the usual values of the template; a timedelta counts from now.
        signs: what is signed, where it is not as shipped.
        encrypt: whether the assertion is encrypted for us.
        raw, form: change the bytes, and the text of the form, in ways that change nothing that was said.
    """

    product: Product
    facts: Mapping[str, str | timedelta] = field(default_factory=dict)
    signs: tuple[str, ...] | None = None
    encrypt: bool = False
    method: Any = xmlsec.Transform.RSA_SHA256
    digest: Any = xmlsec.Transform.SHA256
    raw: Callable[[bytes], bytes] = bytes
    form: Callable[[str], str] = str


@dataclass(frozen=True, slots=True)
class Asked:
    """The request that is answered, and by whom."""

    request_id: str
    acs_url: str
    audience: str
    issuer: str
    now: datetime
    keys: KeyPair


def answer(truth: Truth, asked: Asked) -> str:
    """The SAMLResponse form value."""
    template = Template((FIXTURES / f"{truth.product.template}.xml").read_text())
    values = {name: escape(value) for name, value in _values(truth, asked).items()}
    tree = etree.fromstring(template.substitute(values).encode())
    signs = truth.product.signs if truth.signs is None else truth.signs
    if ASSERTION in signs:
        _sign(tree.find(ASSERTION, NS), truth, asked.keys)
    if truth.encrypt:
        assertion = tree.find(ASSERTION, NS)
        plain = etree.tostring(assertion, with_tail=False)
        assertion.addnext(encrypted(plain))
        tree.remove(assertion)
    if RESPONSE in signs:
        _sign(tree, truth, asked.keys)
    return truth.form(base64.b64encode(truth.raw(etree.tostring(tree))).decode())


def _values(truth: Truth, asked: Asked) -> dict[str, str]:
    usual: dict[str, str | timedelta] = {
        "response_id": "_" + secrets.token_hex(16),
        "assertion_id": "_" + secrets.token_hex(16),
        "request_id": asked.request_id,
        "acs_url": asked.acs_url,
        "audience": asked.audience,
        "issuer": asked.issuer,
        "now": timedelta(),
        "not_before": -timedelta(minutes=5),
        "not_on_or_after": timedelta(minutes=5),
        "session_end": timedelta(hours=8),
        "name_id": "ethan@example.com",
        "name_id_format": EMAIL,
        "role": f"{ROLE_ARN},{PROVIDER_ARN}",
        "session_name": "ethan@example.com",
        "database_user": "ethan@example.com",
        "database_roles": "sales:finance",
    }
    given = usual | dict(truth.facts)
    return {
        name: _instant(asked.now + value) if isinstance(value, timedelta) else value for name, value in given.items()
    }


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _sign(element: Tree, truth: Truth, keys: KeyPair) -> None:
    product = truth.product
    signature = xmlsec.template.create(element, xmlsec.Transform.EXCL_C14N, truth.method, ns=product.prefix)
    element.find("saml:Issuer", NS).addnext(signature)
    reference = xmlsec.template.add_reference(signature, truth.digest, uri="#" + element.get("ID"))
    xmlsec.template.add_transform(reference, xmlsec.Transform.ENVELOPED)
    exclusive = xmlsec.template.add_transform(reference, xmlsec.Transform.EXCL_C14N)
    if product.prefix_list:
        xmlsec.template.transform_add_c14n_inclusive_namespaces(exclusive, list(product.prefix_list))
    info = xmlsec.template.ensure_key_info(signature)
    if product.key_name:
        xmlsec.template.add_key_name(info, "Fq4z7Rk2-key")
    xmlsec.template.add_x509_data(info)
    if product.key_value:
        _add_rsa_key(xmlsec.template.add_key_value(info), keys)
    xmlsec.tree.add_ids(element, ["ID"])
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(keys.private_key, xmlsec.KeyFormat.PEM, None)
    context.key.load_cert_from_memory(keys.certificate, xmlsec.KeyFormat.PEM)
    context.sign(signature)


def _add_rsa_key(key_value: Tree, keys: KeyPair) -> None:
    public = x509.load_pem_x509_certificate(keys.certificate.encode()).public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    numbers = public.public_numbers()
    rsa_key = etree.SubElement(key_value, f"{{{DS}}}RSAKeyValue")
    for name, number in (("Modulus", numbers.n), ("Exponent", numbers.e)):
        octets = number.to_bytes((number.bit_length() + 7) // 8, "big")
        etree.SubElement(rsa_key, f"{{{DS}}}{name}").text = base64.b64encode(octets).decode()


def rewrapped(truth: Truth, asked: Asked, times: int) -> list[str]:
    """One unsolicited assertion, signed once, in `times` new responses, and encrypted anew in each if it is to be."""
    document = etree.fromstring(base64.b64decode(answer(replace(truth, signs=(), encrypt=False), asked)))
    for element in document.iter():
        element.attrib.pop("InResponseTo", None)
    _sign(document.find(ASSERTION, NS), truth, asked.keys)
    found = []
    for _ in range(times):
        tree = copy.deepcopy(document)
        tree.set("ID", "_" + secrets.token_hex(16))
        if truth.encrypt:
            assertion = tree.find(ASSERTION, NS)
            tree.replace(assertion, encrypted(etree.tostring(assertion, with_tail=False)))
        found.append(base64.b64encode(etree.tostring(tree)).decode())
    return found


# --- the table -----------------------------------------------------------------------------------------------------

_SHIPPED = {
    "okta": OKTA,
    "entra": ENTRA,
    "adfs": ADFS,
    "ping": PING,
    "keycloak": KEYCLOAK,
    "google": GOOGLE,
    "onelogin": ONELOGIN,
    "simplesamlphp": SIMPLESAMLPHP,
}
_BOTH = (ASSERTION, RESPONSE)
_EDGE = timedelta(seconds=60)
_SHORT = timedelta(milliseconds=1)

TRUTHS: dict[str, Truth] = {
    **{name: Truth(product) for name, product in _SHIPPED.items()},
    **{f"{name}, encrypted": Truth(product, encrypt=True) for name, product in _SHIPPED.items()},
    **{f"{name}, both signed": Truth(product, signs=_BOTH) for name, product in _SHIPPED.items()},
    **{f"{name}, only the response signed": Truth(product, signs=(RESPONSE,)) for name, product in _SHIPPED.items()},
    **{f"{name}, only the assertion signed": Truth(product, signs=(ASSERTION,)) for name, product in _SHIPPED.items()},
    **{
        f"{name}, encrypted under a signed response": Truth(product, signs=(RESPONSE,), encrypt=True)
        for name, product in _SHIPPED.items()
    },
    "sha-512": Truth(PING, method=xmlsec.Transform.RSA_SHA512, digest=xmlsec.Transform.SHA512),
    "sha-384": Truth(ADFS, method=xmlsec.Transform.RSA_SHA384, digest=xmlsec.Transform.SHA384),
    "line-wrapped base64": Truth(OKTA, form=lambda value: "\r\n".join(textwrap.wrap(value, 76)) + "\r\n"),
    "base64 on unix lines": Truth(KEYCLOAK, form=lambda value: "\n".join(textwrap.wrap(value, 64))),
    "byte order mark": Truth(ENTRA, raw=lambda raw: b"\xef\xbb\xbf" + raw),
    "declaration": Truth(ADFS, raw=lambda raw: b'<?xml version="1.0" encoding="utf-8" standalone="yes"?>\n' + raw),
    "line end behind the document": Truth(PING, raw=lambda raw: raw + b"\r\n"),
    "attributes in apostrophes": Truth(PING, raw=lambda raw: raw.replace(b'Version="2.0"', b"Version='2.0'")),
    "empty elements with end tags": Truth(
        ONELOGIN, raw=lambda raw: raw.replace(b'Success"/>', b'Success"></samlp:StatusCode>')
    ),
    "signature value in lines": Truth(
        GOOGLE, raw=lambda raw: raw.replace(b"</ds:SignatureValue>", b"\n</ds:SignatureValue>")
    ),
    "persistent name": Truth(SIMPLESAMLPHP, {"name_id_format": _FORMAT + "persistent", "name_id": "_7f3e21"}),
    "transient name": Truth(SIMPLESAMLPHP, {"name_id_format": _FORMAT + "transient", "name_id": "_d1e5"}),
    "unspecified name": Truth(OKTA, {"name_id_format": _FORMAT11 + "unspecified", "name_id": "ethan"}),
    "windows name": Truth(ADFS, {"name_id_format": _FORMAT11 + "WindowsDomainQualifiedName", "name_id": "EX\\ethan"}),
    "x509 name": Truth(PING, {"name_id_format": _FORMAT11 + "X509SubjectName", "name_id": "CN=Ethan Lee, O=Example"}),
    "name in other letters": Truth(ENTRA, {"name_id": "\u042d\u0439\u0442\u0430\u043d@example.com"}),
    "name with an ampersand": Truth(ENTRA, {"name_id": "r&d@example.com"}),
    "name of 256 characters": Truth(OKTA, {"name_id": "e" * 244 + "@example.com"}),
    "user in upper case": Truth(OKTA, {"database_user": "Ethan@Example.com"}),
    "one role": Truth(ENTRA, {"database_roles": "sales"}),
    "one of two groups": Truth(OKTA, {"database_roles": "sales:"}),
    "the other of two groups": Truth(OKTA, {"database_roles": ":finance"}),
    "two of five groups": Truth(OKTA, {"database_roles": ":sales:::finance"}),
    "none of two groups": Truth(OKTA, {"database_roles": ":"}),
    "a role that nobody has beside": Truth(GOOGLE, {"database_roles": "sales:nobody"}),
    "access role behind the provider": Truth(ADFS, {"role": f"{PROVIDER_ARN},{ROLE_ARN}"}),
    "begins at the edge of the skew": Truth(ENTRA, {"not_before": _EDGE}),
    "ends at the edge of the skew": Truth(ENTRA, {"not_on_or_after": -_EDGE + _SHORT}),
    "issued at the edge of the skew": Truth(OKTA, {"now": _EDGE}),
    "issued at the edge of its age": Truth(OKTA, {"now": -timedelta(minutes=5) - _EDGE}),
    "valid for a day": Truth(ADFS, {"not_on_or_after": timedelta(hours=23, minutes=55)}),
    "session ends soon": Truth(KEYCLOAK, {"session_end": timedelta(seconds=30)}),
}
