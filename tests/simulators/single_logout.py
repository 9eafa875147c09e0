"""A provider that ends sessions, and answers when asked to: on both bindings, true unless a test says otherwise."""

import base64
import zlib
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from lxml import etree

from tests.simulators.identity_provider import SAML, SAMLP, SimulatedIdentityProvider, sign
from tests.simulators.saml_keys import KeyPair

RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
STATUS = "urn:oasis:names:tc:SAML:2.0:status:"
ECDSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"


def message(provider: SimulatedIdentityProvider, slo_url: str, now: datetime, **changes: Any) -> str:
    """The LogoutRequest as text, unsigned."""
    facts: dict[str, Any] = {
        "id": "_logout",
        "issuer": provider.entity_id,
        "destination": slo_url,
        "issued": now,
        "not_on_or_after": None,
        "name_id": "ethan@example.com",
        "name_attributes": "",
        "indexes": ("_session",),
        "more": "",
    } | changes
    until = facts["not_on_or_after"]
    ending = f' NotOnOrAfter="{_time(until)}"' if until else ""
    return (
        f'<samlp:LogoutRequest xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" ID="{facts["id"]}" Version="2.0"'
        f' IssueInstant="{_time(facts["issued"])}" Destination="{facts["destination"]}"{ending}>'
        f"<saml:Issuer>{escape(facts['issuer'])}</saml:Issuer>"
        f"<saml:NameID{facts['name_attributes']}>{escape(facts['name_id'])}</saml:NameID>"
        + "".join(f"<samlp:SessionIndex>{escape(index)}</samlp:SessionIndex>" for index in facts["indexes"])
        + facts["more"]
        + "</samlp:LogoutRequest>"
    )


def answer(provider: SimulatedIdentityProvider, slo_url: str, now: datetime, **changes: Any) -> str:
    """The LogoutResponse as text, unsigned."""
    facts: dict[str, Any] = {
        "id": "_answer",
        "issuer": provider.entity_id,
        "destination": slo_url,
        "issued": now,
        "in_response_to": "_ours",
        "status": STATUS + "Success",
        "inner": "",
        "more": "",
    } | changes
    inner = f'<samlp:StatusCode Value="{STATUS}{facts["inner"]}"/>' if facts["inner"] else ""
    return (
        f'<samlp:LogoutResponse xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" ID="{facts["id"]}" Version="2.0"'
        f' IssueInstant="{_time(facts["issued"])}" Destination="{facts["destination"]}"'
        f' InResponseTo="{facts["in_response_to"]}"><saml:Issuer>{escape(facts["issuer"])}</saml:Issuer>'
        f'<samlp:Status><samlp:StatusCode Value="{facts["status"]}">{inner}</samlp:StatusCode></samlp:Status>'
        + facts["more"]
        + "</samlp:LogoutResponse>"
    )


def redirect_query(
    text: str, keys: KeyPair, *, relay_state: str = "", algorithm: str = RSA_SHA256, parameter: str = "SAMLRequest"
) -> str:
    """The signed query of the HTTP-Redirect binding."""
    return signed_query(deflated(text), keys, relay_state=relay_state, algorithm=algorithm, parameter=parameter)


def deflated(text: str) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(text.encode()) + packer.flush()


def signed_query(
    packed: bytes, keys: KeyPair, *, relay_state: str = "", algorithm: str = RSA_SHA256, parameter: str = "SAMLRequest"
) -> str:
    query = f"{parameter}=" + quote(base64.b64encode(packed).decode(), safe="")
    if relay_state:
        query += "&RelayState=" + quote(relay_state, safe="")
    query += "&SigAlg=" + quote(algorithm, safe="")
    key = serialization.load_pem_private_key(keys.private_key.encode(), None)
    if isinstance(key, rsa.RSAPrivateKey):
        made = key.sign(query.encode(), padding.PKCS1v15(), hashes.SHA256())
    else:
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        r, s = decode_dss_signature(key.sign(query.encode(), ec.ECDSA(hashes.SHA256())))
        made = r.to_bytes(32) + s.to_bytes(32)
    return query + "&Signature=" + quote(base64.b64encode(made).decode(), safe="")


def posted(text: str, provider: SimulatedIdentityProvider, keys: KeyPair, now: datetime) -> str:
    """The form value of the HTTP-POST binding, signed inside."""
    tree = etree.fromstring(text)
    sign(tree, replace(provider.answer(None, "", "", now, attributes={}, name_id=""), keys=keys))
    return base64.b64encode(etree.tostring(tree)).decode()


def _time(value: datetime) -> str:
    return value.strftime("%Y-%m-%dT%H:%M:%SZ")
