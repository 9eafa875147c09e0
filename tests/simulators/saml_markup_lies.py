"""Lies in the bytes: what two parsers would read as two documents, or one parser at great cost."""

import base64
import gzip
import zlib
from collections.abc import Callable

from saml import errors
from tests.simulators.identity_provider import SAML, SAMLP, Shape, Tree
from tests.simulators.saml_lie_kit import attribute, encoded, put, replaced, rewritten, said, tampered, text, written

_XML = "http://www.w3.org/XML/1998/namespace"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_CANARY = "http://127.0.0.1:9/x"


def _before(prefix: bytes) -> Callable[[bytes], bytes]:
    return lambda raw: prefix + raw


def _in_subject(declarations: str) -> tuple[str, str]:
    return "<saml:Subject>", f"<saml:Subject {declarations}>"


def _nested(depth: int) -> Callable[[Tree], None]:
    return put(".", "<x>" * depth + "</x>" * depth)


# --- what no identity provider writes ------------------------------------------------------------------------------

_DOCUMENT_TYPES = {
    "document type": "<!DOCTYPE x>",
    "document type of elsewhere": f'<!DOCTYPE x SYSTEM "{_CANARY}">',
    "document type that is public": f'<!DOCTYPE x PUBLIC "-//x//y" "{_CANARY}">',
    "entity": '<!DOCTYPE x [<!ENTITY e "admin">]>',
    "entity bomb": '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>',
    "quadratic blow-up": f'<!DOCTYPE x [<!ENTITY a "{"a" * 40_000}">]>',
    "external entity": '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
    "external entity over http": f'<!DOCTYPE x [<!ENTITY e SYSTEM "{_CANARY}">]>',
    "parameter entity": f'<!DOCTYPE x [<!ENTITY % e SYSTEM "{_CANARY}"> %e;]>',
    "default attribute (CVE-2025-25291)": '<!DOCTYPE x [<!ATTLIST saml:Assertion ID CDATA "_evil">]>',
    "declared ID": "<!DOCTYPE x [<!ATTLIST saml:Subject x ID #IMPLIED>]>",
    "default namespace declaration (CVE-2025-25292)": f'<!DOCTYPE x [<!ATTLIST x xmlns:ds CDATA "{SAML}">]>',
    "notation": '<!DOCTYPE x [<!NOTATION n SYSTEM "x">]>',
}
_FORBIDDEN = {
    **{name: rewritten(errors.MarkupForbidden, _before(kind.encode())) for name, kind in _DOCUMENT_TYPES.items()},
    "document type behind": rewritten(errors.MarkupForbidden, lambda raw: raw + b"<!DOCTYPE x>"),
    "document type in lower case": rewritten(errors.MarkupForbidden, _before(b"<!doctype x>")),
    "comment in the name": replaced(errors.MarkupForbidden, "ethan@", "ethan@<!-- -->"),
    "comment around half a name": replaced(errors.MarkupForbidden, "ethan@example.com<", "admin<!--ethan@-->.com<"),
    "comment in an attribute": replaced(errors.MarkupForbidden, ">sales<", ">sa<!---->les<"),
    "comment in the digest (CVE-2025-29775)": replaced(
        errors.MarkupForbidden, "<ds:DigestValue>", "<ds:DigestValue><!--x-->"
    ),
    "comment in the signature value": replaced(
        errors.MarkupForbidden, "<ds:SignatureValue>", "<ds:SignatureValue><!--x-->"
    ),
    "comment in the issuer": replaced(errors.MarkupForbidden, "https://idp", "https://<!--x-->idp"),
    "comment before": rewritten(errors.MarkupForbidden, _before(b"<!--x-->")),
    "comment behind": rewritten(errors.MarkupForbidden, lambda raw: raw + b"<!--x-->"),
    "comment without end": rewritten(errors.MarkupForbidden, lambda raw: raw + b"<!--"),
    "cdata in the name": replaced(errors.MarkupForbidden, "ethan@", "<![CDATA[ethan]]>@"),
    "cdata in an attribute": replaced(errors.MarkupForbidden, ">sales<", "><![CDATA[sales]]><"),
    "instruction in the name": replaced(errors.MarkupForbidden, "ethan@", "ethan<?x y?>@"),
    "instruction behind": rewritten(errors.MarkupForbidden, lambda raw: raw + b"<?x y?>"),
    "stylesheet instruction": rewritten(
        errors.MarkupForbidden, _before(f'<?xml-stylesheet href="{_CANARY}"?>'.encode())
    ),
    "second declaration": rewritten(errors.MarkupForbidden, _before(b'<?xml version="1.0"?><?xml version="1.0"?>')),
    "declaration behind a blank": rewritten(errors.MarkupForbidden, _before(b' <?xml version="1.0"?>')),
    "xml 1.1": rewritten(errors.MarkupForbidden, _before(b'<?xml version="1.1"?>')),
    "xml 1.1 with a next-line control": rewritten(
        errors.MarkupForbidden,
        lambda raw: b'<?xml version="1.1"?>' + raw.replace(b"ethan@", "ethan\u0085@".encode()),
    ),
}

# --- encodings -----------------------------------------------------------------------------------------------------


def _as(encoding: str) -> Callable[[bytes], bytes]:
    return lambda raw: raw.decode().encode(encoding)


def _declared(encoding: str) -> bytes:
    return f'<?xml version="1.0" encoding="{encoding}"?>'.encode()


_ENCODINGS = {
    "utf-16": rewritten(errors.ResponseNotUtf8, _as("utf-16")),
    "utf-16 without a mark": rewritten(errors.NotWellFormed, _as("utf-16-le")),
    "utf-32": rewritten(errors.ResponseNotUtf8, _as("utf-32")),
    "ebcdic": rewritten(errors.ResponseNotUtf8, _as("cp500")),
    "latin-1": replaced(errors.SignatureInvalid, "ethan@", "\u00e9than@"),
    "overlong utf-8": rewritten(errors.ResponseNotUtf8, lambda raw: raw.replace(b"ethan@", b"\xc1\xa5than@")),
    "surrogates in utf-8": rewritten(errors.ResponseNotUtf8, lambda raw: raw.replace(b"ethan@", b"\xed\xa0\x80@")),
    "lone continuation": rewritten(errors.ResponseNotUtf8, lambda raw: raw.replace(b"ethan@", b"\x80@")),
    "utf-7 declared": rewritten(errors.ResponseNotUtf8, _before(_declared("UTF-7"))),
    "utf-16 declared": rewritten(errors.ResponseNotUtf8, _before(_declared("UTF-16"))),
    "latin-1 declared": rewritten(errors.ResponseNotUtf8, _before(_declared("ISO-8859-1"))),
    "no encoding declared": rewritten(errors.ResponseNotUtf8, _before(_declared(""))),
}

# --- namespaces ----------------------------------------------------------------------------------------------------

_NAMESPACES = {
    "relative namespace (CVE-2025-66568)": replaced(errors.NamespaceForbidden, *_in_subject('xmlns:x="1"')),
    "relative path as a namespace": replaced(errors.NamespaceForbidden, *_in_subject('xmlns:x="./a"')),
    "fragment as a namespace": replaced(errors.NamespaceForbidden, *_in_subject('xmlns:x="#a"')),
    "relative namespace in apostrophes": replaced(errors.NamespaceForbidden, *_in_subject("xmlns:x='1'")),
    "relative namespace in spelt letters": replaced(errors.NamespaceForbidden, *_in_subject('xmlns:x="&#49;"')),
    "relative namespace on lines of its own": replaced(errors.NamespaceForbidden, *_in_subject('xmlns:x\n=\n"1"')),
    "namespace with blanks": replaced(errors.NamespaceForbidden, *_in_subject('xmlns:x="urn: x"')),
    "namespace with a line end": replaced(errors.NamespaceForbidden, *_in_subject('xmlns:x="urn:x&#10;"')),
    "empty namespace": replaced(errors.NamespaceForbidden, *_in_subject('xmlns=""')),
    "empty namespace of a prefix": replaced(errors.NamespaceForbidden, *_in_subject('xmlns:x=""')),
    "the prefix xml elsewhere": replaced(errors.NotWellFormed, *_in_subject('xmlns:xml="urn:x"')),
    "the prefix xmlns": replaced(errors.NotWellFormed, *_in_subject('xmlns:xmlns="urn:x"')),
    "the namespace of xml": replaced(errors.NotWellFormed, *_in_subject(f'xmlns:x="{_XML}"')),
    "prefix of nothing": replaced(errors.NotWellFormed, "<saml:Subject>", "<x:y/><saml:Subject>"),
    "two colons": replaced(errors.NotWellFormed, "<saml:Subject>", "<saml:a:b/><saml:Subject>"),
    "prefix rebound": replaced(errors.ElementUnexpected, *_in_subject('xmlns:saml="urn:evil:x"')),
    "prefix of the protocol rebound": replaced(
        errors.ElementUnexpected, "<samlp:Status>", f'<samlp:Status xmlns:samlp="{SAML}">'
    ),
    "namespace with more behind": rewritten(
        errors.ElementUnexpected, lambda raw: raw.replace(SAML.encode(), SAML.encode() + b"#")
    ),
    "namespace in upper case": rewritten(
        errors.ElementUnexpected, lambda raw: raw.replace(SAML.encode(), SAML.upper().encode())
    ),
    "many namespaces": replaced(
        errors.NamespaceForbidden, *_in_subject(" ".join(f'xmlns:n{i}="urn:n{i}"' for i in range(17)))
    ),
}

# --- well-formed, and yet ------------------------------------------------------------------------------------------

_MALFORMED = {
    "unknown entity": replaced(errors.NotWellFormed, "ethan@", "&e;@"),
    "bare ampersand": replaced(errors.NotWellFormed, "ethan@", "&@"),
    "nul": replaced(errors.NotWellFormed, "ethan@", "ethan\0@"),
    "spelt nul": replaced(errors.NotWellFormed, "ethan@", "ethan&#0;@"),
    "control character": replaced(errors.NotWellFormed, "ethan@", "ethan\x01@"),
    "spelt control character": replaced(errors.NotWellFormed, "ethan@", "ethan&#1;@"),
    "spelt surrogate": replaced(errors.NotWellFormed, "ethan@", "ethan&#xD800;@"),
    "character beyond Unicode": replaced(errors.NotWellFormed, "ethan@", "ethan&#x110000;@"),
    "no character": replaced(errors.NotWellFormed, "ethan@", "ethan\ufffe@"),
    "attribute twice": replaced(errors.NotWellFormed, *_in_subject('x="1" x="2"')),
    "attribute twice by two prefixes": replaced(
        errors.NotWellFormed, *_in_subject('xmlns:a="urn:a" xmlns:b="urn:a" a:x="1" b:x="2"')
    ),
    "attribute without quotes": replaced(errors.NotWellFormed, *_in_subject("x=1")),
    "tags crossed": replaced(errors.NotWellFormed, "</saml:Subject>", "</saml:Conditions>"),
    "two roots": rewritten(errors.NotWellFormed, lambda raw: raw + raw),
    "text before the root": rewritten(errors.NotWellFormed, _before(b"x")),
    "text behind the root": rewritten(errors.NotWellFormed, lambda raw: raw + b"x"),
    "nul behind the root": rewritten(errors.NotWellFormed, lambda raw: raw + b"\0<x/>"),
    "not xml": rewritten(errors.NotWellFormed, lambda _: b"hello"),
    "json": rewritten(errors.NotWellFormed, lambda _: b'{"NameID": "admin"}'),
    "nothing": rewritten(errors.NotWellFormed, lambda _: b""),
    "cut off": rewritten(errors.NotWellFormed, lambda raw: raw[:-20]),
    "cut off in a tag": rewritten(errors.NotWellFormed, lambda raw: raw[: raw.index(b"<saml:Conditions") + 9]),
    "spelt line end in the name": replaced(errors.SignatureInvalid, "ethan@", "ethan&#13;@"),
    "text beside elements": written(errors.TextUnexpected, text("//saml:Subject", "admin")),
    "text behind elements": replaced(errors.TextUnexpected, "</saml:Subject>", "</saml:Subject>admin"),
    "element in the name": tampered(errors.TextUnexpected, put("//saml:NameID", "<x/>")),
    "element in an attribute": written(errors.TextUnexpected, put("//saml:AttributeValue", "<x/>")),
    "inclusion": written(
        errors.TextUnexpected,
        put("//saml:AttributeValue", f'<x:include xmlns:x="http://www.w3.org/2001/XInclude" href="{_CANARY}"/>'),
    ),
    "unknown xml attribute": written(errors.XmlAttributeUnexpected, attribute("//saml:Subject", "x", "y")),
    "place of a schema": written(
        errors.XmlAttributeUnexpected, attribute("//saml:Subject", f"{{{_XSI}}}schemaLocation", f"urn:x {_CANARY}")
    ),
    "place of a schema on the response": tampered(
        errors.XmlAttributeUnexpected, attribute(".", f"{{{_XSI}}}noNamespaceSchemaLocation", _CANARY)
    ),
    "xml:id": written(errors.XmlAttributeUnexpected, attribute("//saml:Attribute", f"{{{_XML}}}id", "x")),
    "xml:base": written(errors.XmlAttributeUnexpected, attribute("//saml:Attribute", f"{{{_XML}}}base", "x")),
    "xml:space": written(errors.XmlAttributeUnexpected, attribute("//saml:Subject", f"{{{_XML}}}space", "preserve")),
    "id of junk": tampered(errors.IdInvalid, attribute("saml:Assertion", "ID", "1 or 2")),
    "id with a line end": tampered(errors.IdInvalid, attribute("saml:Assertion", "ID", "_x\n")),
    "id in other letters": said(errors.IdInvalid, assertion_id="_\u0435"),
    "id without end": said(errors.IdInvalid, assertion_id="_" * 300),
    "empty id": tampered(errors.IdInvalid, attribute("saml:Assertion", "ID", "")),
    "no id": tampered(errors.XmlAttributeMissing, attribute("saml:Assertion", "ID", None)),
    "no id of the response": tampered(errors.XmlAttributeMissing, attribute(".", "ID", None)),
    "not a response": rewritten(
        errors.ElementUnexpected, lambda raw: raw.replace(b"samlp:Response", b"samlp:ArtifactResponse")
    ),
    "a logout response": rewritten(
        errors.ElementUnexpected, lambda raw: raw.replace(b"samlp:Response", b"samlp:LogoutResponse")
    ),
    "extensions": written(
        errors.ElementUnexpected, put(".", f'<Extensions xmlns="{SAMLP}"/>', 1), shape=Shape.KEYCLOAK
    ),
}

# --- size and cost -------------------------------------------------------------------------------------------------

_COSTLY = {
    "deep": tampered(errors.TooComplex, _nested(45)),
    "very deep": tampered(errors.TooComplex, _nested(200)),
    "deeper than the parser goes": replaced(
        errors.NotWellFormed, "<saml:Subject>", "<x>" * 3_000 + "</x>" * 3_000 + "<saml:Subject>"
    ),
    "many elements": rewritten(
        errors.TooComplex, lambda raw: raw.replace(b"</saml:Assertion>", b"<x/>" * 8_100 + b"</saml:Assertion>")
    ),
    "many values": said(errors.TooComplex, attributes=(("groups", ("x",) * 1_001),)),
    "many xml attributes": replaced(errors.TooComplex, *_in_subject(" ".join(f'a{i}=""' for i in range(33)))),
    "very many xml attributes": replaced(errors.TooComplex, *_in_subject(" ".join(f'a{i}=""' for i in range(9_000)))),
    "too large": encoded(errors.ResponseTooLarge, lambda value: value + "A" * 300_000),
}

# --- the form's text -----------------------------------------------------------------------------------------------

_FORM = {
    "not base64": encoded(errors.ResponseNotBase64, lambda value: value[:40] + "*" + value[41:]),
    "base64 for URLs": encoded(errors.ResponseNotBase64, lambda value: "-_" + value[2:]),
    "spaces in base64": encoded(errors.ResponseNotBase64, lambda value: value[:40] + " " + value[40:]),
    "tab in base64": encoded(errors.ResponseNotBase64, lambda value: value[:40] + "\t" + value[40:]),
    "nul in base64": encoded(errors.ResponseNotBase64, lambda value: value[:40] + "\0" + value[40:]),
    "base64 cut off": encoded(errors.ResponseNotBase64, lambda value: value.rstrip("=")[:-1]),
    "padding in the middle": encoded(errors.ResponseNotBase64, lambda value: value[:4] + "====" + value[4:]),
    "padding before": encoded(errors.ResponseNotBase64, lambda value: "=" + value),
    "more behind the padding": encoded(errors.ResponseNotBase64, lambda value: value.rstrip("=") + "==AAAA"),
    "only padding": encoded(errors.ResponseNotBase64, lambda _: "===="),
    "a data URL": encoded(errors.ResponseNotBase64, lambda value: "data:text/xml;base64," + value),
    "percent-encoded twice": encoded(errors.ResponseNotBase64, lambda value: value[:4] + "%3D" + value[4:]),
    "bare xml": encoded(errors.ResponseNotBase64, lambda value: base64.b64decode(value).decode()),
    "base64 in base64": encoded(errors.NotWellFormed, lambda value: base64.b64encode(value.encode()).decode()),
    "deflated": rewritten(errors.ResponseNotUtf8, lambda raw: zlib.compress(raw)[2:-4]),
    "gzipped": rewritten(errors.ResponseNotUtf8, gzip.compress),
    "a bomb, deflated": rewritten(errors.ResponseNotUtf8, lambda _: zlib.compress(bytes(10_000_000))),
}

MARKUP = _FORBIDDEN | _ENCODINGS | _NAMESPACES | _MALFORMED | _COSTLY | _FORM
