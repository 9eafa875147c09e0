"""The seam to python3-saml, lxml and xmlsec: the only module that imports them and knows their faults.

python3-saml verifies signatures, signs, deflates and writes metadata. Its `OneLogin_Saml2_Response.is_valid` is not
used: it reads the clock itself, compiles an XML schema for each response (57 % of its time), and decides less than the
profile asks. What it decides, `saml.shape` and `saml.checks` decide; benchmarks/saml_validation.py has the figures.

No object of these libraries leaves this module, and no exception of theirs: each is translated where it is raised.
Nothing is cached or shared between threads: a key is loaded in 0.06 ms, and no key manager or schema is needed.
"""

import base64
import binascii
import copy
import hashlib
import hmac
from typing import Any, Final
from xml.sax.saxutils import escape

import xmlsec
from lxml import etree
from onelogin.saml2.errors import OneLogin_Saml2_Error, OneLogin_Saml2_ValidationError
from onelogin.saml2.metadata import OneLogin_Saml2_Metadata
from onelogin.saml2.utils import OneLogin_Saml2_Utils

from saml import names
from saml.element import Element
from saml.errors import (
    MarkupForbidden,
    NotWellFormed,
    PrivateKeyInvalid,
    SignatureInvalid,
    TextUnexpected,
    TooComplex,
)
from saml.model import Limits, ServiceProvider
from saml.raw import check_markup

RSA_SHA256: Final = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"


class Document:
    """A parsed document: `root` for reading, and the library's tree, kept here, for verifying."""

    __slots__ = ("_tree", "root")

    def __init__(self, tree: Any, limits: Limits) -> None:
        self._tree = tree
        self.root = _element(tree, limits, 1)

    def verify(self, signed: Element, certificates: tuple[str, ...]) -> bytes:
        """Verify the signature that stands in `signed` and return the bytes that it covers.

        The shape must have been checked: `signed` has the only element of its ID, one enveloped signature with one
        reference to it, and no algorithm, transform or URI beyond our lists.

        The library verifies; then the element is canonicalised once more, here, and the digest of *these* bytes is
        compared with the signed one. So the bytes returned, not a tree beside them, are what the provider signed.

        Raises:
            SignatureInvalid: none of the certificates verifies it.
        """
        tree = copy.deepcopy(self._tree)  # it is changed below
        xmlsec.tree.add_ids(tree, ["ID"])
        node = next(found for found in tree.iter(signed.tag) if found.get("ID") == signed.get("ID"))
        signature = node.find(names.SIGNATURE)
        if not any(_verifies(signature, node, certificate) for certificate in certificates):
            raise SignatureInvalid(f"no certificate of the provider verifies the signature of the {signed.name}")
        return _covered(node, signature, signed.one(names.SIGNATURE, names.SIGNED_INFO, names.REFERENCE))


def parse(markup: bytes, limits: Limits) -> Document:
    """Parse a document that the caller got from a stranger.

    Raises:
        SamlError: not UTF-8, forbidden markup, not well-formed, or over the limits.
    """
    check_markup(markup, limits)
    return _parsed(markup, limits)


def parse_verified(canonical: bytes, limits: Limits) -> Document:
    """Parse what `Document.verify` returned.

    It was written here, from a document whose markup was checked, and canonical XML has no markup to forbid.

    Raises:
        SamlError: not well-formed, or over the limits.
    """
    return _parsed(canonical, limits)


def parse_decrypted(markup: bytes, holder: Document, limits: Limits) -> Document:
    """Parse what was encrypted in `holder`, whose namespace prefixes it may use: its one root is put around it.

    Raises:
        SamlError: as `parse`.
    """
    check_markup(markup, limits)
    around = next(holder._tree.iter(names.ENCRYPTED_ASSERTION))
    declared = "".join(
        f' xmlns{":" + prefix if prefix else ""}="{escape(uri, {chr(34): "&quot;"})}"'
        for prefix, uri in around.nsmap.items()
    )
    return _parsed(b"<decrypted%b>%b</decrypted>" % (declared.encode(), markup), limits)


def _parsed(markup: bytes, limits: Limits) -> Document:
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, strip_cdata=False
    )
    try:
        tree = etree.fromstring(markup, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise NotWellFormed("the document is not well-formed XML") from None
    return Document(tree, limits)


def _element(node: Any, limits: Limits, depth: int) -> Element:
    if not isinstance(node.tag, str):  # check_markup lets none pass; here, should it ever be wrong
        raise MarkupForbidden("the document holds a comment, a processing instruction or an entity")
    attributes = dict(node.items())
    if depth > limits.depth or len(attributes) > limits.attributes_per_element:
        raise TooComplex("the document nests too deep, or an element has too many attributes")
    text, children, mixed = node.text or "", [], False
    for child in node:
        children.append(_element(child, limits, depth + 1))
        tail = child.tail
        mixed = mixed or bool(tail and tail.strip())
    if mixed or (children and text.strip()):
        raise TextUnexpected("text stands beside child elements")
    return Element(node.tag, attributes, text, tuple(children))


def _verifies(signature: Any, node: Any, certificate: str) -> bool:
    try:
        return bool(OneLogin_Saml2_Utils.validate_node_sign(signature, node, cert=certificate, raise_exceptions=True))
    except (OneLogin_Saml2_ValidationError, OneLogin_Saml2_Error, xmlsec.Error, ValueError, TypeError):
        return False


def _covered(node: Any, signature: Any, reference: Element) -> bytes:
    """The canonical bytes of `node` without its signature, proven by the digest in the signature."""
    _remove_keeping_tail(node, signature)
    prefixes = reference.one(names.TRANSFORMS).children[-1].find(names.INCLUSIVE_NAMESPACES)
    listed = prefixes.attributes["PrefixList"].split() if prefixes else None
    try:
        covered: bytes = etree.tostring(
            node, method="c14n", exclusive=True, with_comments=False, inclusive_ns_prefixes=listed, with_tail=False
        )
        signed_digest = base64.b64decode("".join(reference.one(names.DIGEST_VALUE).text.split()), validate=True)
    except (etree.LxmlError, binascii.Error, ValueError):
        raise SignatureInvalid("the signed element has no canonical form") from None
    algorithm = names.DIGEST_ALGORITHMS[reference.one(names.DIGEST_METHOD).attributes["Algorithm"]]
    if not hmac.compare_digest(hashlib.new(algorithm, covered).digest(), signed_digest):
        raise SignatureInvalid("the canonical form of the signed element is not the one that was signed")
    return covered


def _remove_keeping_tail(node: Any, child: Any) -> None:
    before = child.getprevious()
    if child.tail:
        if before is None:
            node.text = (node.text or "") + child.tail
        else:
            before.tail = (before.tail or "") + child.tail
    node.remove(child)


def deflate(message: bytes) -> str:
    """A message in the form of the HTTP-Redirect binding, before URL encoding (SAML Bindings 3.4.4.1)."""
    return str(OneLogin_Saml2_Utils.deflate_and_base64_encode(message))


def sign_query(query: str, private_key: str) -> bytes:
    """The RSA-SHA256 signature of a redirect's query (SAML Bindings 3.4.4.1).

    Raises:
        PrivateKeyInvalid: the key is no PEM private key.
    """
    try:
        return bytes(OneLogin_Saml2_Utils.sign_binary(query, private_key, xmlsec.constants.TransformRsaSha256))
    except (xmlsec.Error, ValueError, TypeError):
        raise PrivateKeyInvalid("the service provider's private key cannot sign") from None


def service_provider_metadata(service_provider: ServiceProvider) -> bytes:
    """Our metadata document: no validUntil, since it names nothing that ends by itself. The certificate was checked."""

    def quoted(text: str) -> str:  # the builder puts values into a template as they are
        return escape(text, {'"': "&quot;"})

    document: str = OneLogin_Saml2_Metadata.builder(
        {
            "entityId": quoted(service_provider.entity_id),
            "NameIDFormat": quoted(service_provider.name_id_format),
            "assertionConsumerService": {"binding": names.POST_BINDING, "url": quoted(service_provider.acs_url)},
        }
        | (
            {"singleLogoutService": {"binding": names.REDIRECT_BINDING, "url": quoted(service_provider.slo_url)}}
            if service_provider.slo_url
            else {}
        ),
        authnsign=bool(service_provider.private_key),
        wsign=True,
        valid_until="",
        cache_duration="",
    )
    published = document.encode()
    for certificate in reversed(service_provider.certificates):  # each goes before those that are there
        published = OneLogin_Saml2_Metadata.add_x509_key_descriptors(published, certificate)
    return published
