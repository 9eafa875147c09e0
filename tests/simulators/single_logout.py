"""A provider that ends sessions: LogoutRequests on both bindings, true unless a test says otherwise."""

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


def redirect_query(text: str, keys: KeyPair, *, relay_state: str = "", algorithm: str = RSA_SHA256) -> str:
    """The signed query of the HTTP-Redirect binding."""
    return signed_query(deflated(text), keys, relay_state=relay_state, algorithm=algorithm)


def deflated(text: str) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(text.encode()) + packer.flush()


def signed_query(packed: bytes, keys: KeyPair, *, relay_state: str = "", algorithm: str = RSA_SHA256) -> str:
    query = "SAMLRequest=" + quote(base64.b64encode(packed).decode(), safe="")
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
    """The SAMLRequest form value of the HTTP-POST binding, signed inside."""
    tree = etree.fromstring(text)
    sign(tree, replace(provider.answer(None, "", "", now, attributes={}, name_id=""), keys=keys))
    return base64.b64encode(etree.tostring(tree)).decode()


def _time(value: datetime) -> str:
    return value.strftime("%Y-%m-%dT%H:%M:%SZ")
