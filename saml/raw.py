"""What a document may be before it is parsed: bounded, base64, UTF-8, and plain markup alone."""

import base64
import binascii
import re
from typing import Final

from saml.errors import (
    MarkupForbidden,
    NamespaceForbidden,
    ResponseNotBase64,
    ResponseNotUtf8,
    ResponseTooLarge,
    TooComplex,
)
from saml.model import Limits, RawResponse

_DECLARATION: Final = re.compile(rb"<\?xml[ \t\r\n][^<>?]*\?>")
_VERSION_1_0: Final = re.compile(rb"""version[ \t\r\n]*=[ \t\r\n]*["']1\.0["']""")
_ENCODING: Final = re.compile(rb"""encoding[ \t\r\n]*=[ \t\r\n]*["']([^"']*)["']""")
_NAMESPACE: Final = re.compile(rb"""xmlns(?::[^\s=]+)?\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_QUOTES_PER_ATTRIBUTE: Final = 32  # two, and room for those in text
_ABSOLUTE_URI: Final = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>&]+")


def decode_form_value(raw: RawResponse, limits: Limits) -> bytes:
    """The document in a SAMLResponse form value (SAML Bindings 3.5.4); line ends as RFC 2045 has them are let pass.

    Raises:
        ResponseTooLarge: over `limits.response` bytes.
        ResponseNotBase64: anything but base64.
    """
    value = raw.unverified_form_value
    if len(value) > limits.response:
        raise ResponseTooLarge(f"the SAMLResponse has {len(value)} bytes; {limits.response} are allowed")
    try:
        return base64.b64decode(value.translate(None, b"\r\n"), validate=True)
    except binascii.Error:
        raise ResponseNotBase64("the SAMLResponse is not base64") from None


def check_markup(document: bytes, limits: Limits) -> None:
    """Refuse what the parser shall never see.

    A raw `<` cannot stand in text or in an attribute value of well-formed XML, so a look at the bytes is exact: every
    `<!` opens a document type, a CDATA section or a comment, and every `<?` a processing instruction or declaration.

    Raises:
        ResponseNotUtf8, MarkupForbidden, TooComplex, NamespaceForbidden: as they say.
    """
    try:
        document.decode("utf-8")
    except UnicodeDecodeError:
        raise ResponseNotUtf8("the document is not UTF-8") from None
    declaration = _DECLARATION.match(document)
    if declaration:
        if not _VERSION_1_0.search(declaration.group()):  # XML 1.1 knows other line ends: two readers, two documents
            raise MarkupForbidden("the document is not XML 1.0")
        encoding = _ENCODING.search(declaration.group())
        if encoding and encoding[1].upper() != b"UTF-8":
            raise ResponseNotUtf8("the document declares another encoding than UTF-8")
    if document.find(b"<?", declaration.end() if declaration else 0) >= 0:
        raise MarkupForbidden("the document holds a processing instruction")
    if b"<!" in document:
        raise MarkupForbidden("the document holds a document type, a CDATA section or a comment")
    if document.count(b"<") > 2 * limits.elements + 1:
        raise TooComplex(f"the document holds more than {limits.elements} elements")
    _check_tags(document, limits)


def _check_tags(document: bytes, limits: Limits) -> None:
    """Bound each tag (and the text behind it) before the parser compares each attribute with those before it.

    That costs seconds for thousands of them; the exact limit follows when it is parsed. Where the whole document has no
    more quotes than one tag may have, none needs to be counted.
    """
    most_quotes = _QUOTES_PER_ATTRIBUTE * limits.attributes_per_element
    count_quotes = document.count(b'"') + document.count(b"'") > most_quotes
    for tag in document.split(b"<"):
        if count_quotes and tag.count(b'"') + tag.count(b"'") > most_quotes:
            raise TooComplex("an element has too many attributes")
        if b"xmlns" in tag:
            _check_namespaces(tag, limits)


def _check_namespaces(tag: bytes, limits: Limits) -> None:
    """Bound the declarations of a tag: few namespaces, and each of them an absolute URI.

    A relative or empty one makes libxml2's canonicalisation fail, which some callers take for an empty document that
    digests well (CVE-2025-66568). Names cannot be written with character references, so no declaration escapes this;
    text that only looks like one is refused too.
    """
    if tag.count(b"xmlns") > limits.namespaces_per_element:
        raise NamespaceForbidden(f"an element declares more than {limits.namespaces_per_element} namespaces")
    if not all(_ABSOLUTE_URI.fullmatch(a or b) for a, b in _NAMESPACE.findall(tag)):
        raise NamespaceForbidden("a namespace is not an absolute URI")
