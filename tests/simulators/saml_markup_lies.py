"""Lies in the bytes: what two parsers would read as two documents, or one parser at great cost."""

from collections.abc import Callable

from saml import errors
from tests.simulators.identity_provider import SAMLP, Lie, Shape, Tree
from tests.simulators.saml_lie_kit import (
    Case,
    attribute,
    put,
    replaced,
    tampered,
    text,
    written,
)


def _prefixed(prefix: bytes) -> Lie:
    return Lie(raw=lambda raw: prefix + raw)


def _nested(depth: int) -> Callable[[Tree], None]:
    return put(".", "<x>" * depth + "</x>" * depth)


MARKUP = {
    "comment in the name": replaced(errors.MarkupForbidden, "ethan@", "ethan@<!-- -->"),
    "comment in an attribute": replaced(errors.MarkupForbidden, ">sales<", ">sa<!---->les<"),
    "comment in the digest": replaced(errors.MarkupForbidden, "<ds:DigestValue>", "<ds:DigestValue><!--x-->"),
    "cdata in the name": replaced(errors.MarkupForbidden, "ethan@", "<![CDATA[ethan]]>@"),
    "instruction in the name": replaced(errors.MarkupForbidden, "ethan@", "ethan<?x y?>@"),
    "stylesheet instruction": Case(
        _prefixed(b'<?xml-stylesheet href="http://127.0.0.1:9/x"?>'), errors.MarkupForbidden
    ),
    "document type": Case(_prefixed(b"<!DOCTYPE x>"), errors.MarkupForbidden),
    "entity bomb": Case(
        _prefixed(b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>'), errors.MarkupForbidden
    ),
    "external entity": Case(
        _prefixed(b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'), errors.MarkupForbidden
    ),
    "parameter entity": Case(
        _prefixed(b'<!DOCTYPE x [<!ENTITY % e SYSTEM "http://127.0.0.1:9/x"> %e;]>'), errors.MarkupForbidden
    ),
    "unknown entity": replaced(errors.NotWellFormed, "ethan@", "&e;@"),
    "element in the name": tampered(errors.TextUnexpected, put("//saml:NameID", "<x/>")),
    "element in an attribute": written(errors.TextUnexpected, put("//saml:AttributeValue", "<x/>")),
    "text beside elements": written(errors.TextUnexpected, text("//saml:Subject", "admin")),
    "utf-16": Case(Lie(raw=lambda raw: raw.decode().encode("utf-16")), errors.ResponseNotUtf8),
    "another encoding declared": Case(_prefixed(b'<?xml version="1.0" encoding="UTF-7"?>'), errors.ResponseNotUtf8),
    "relative namespace": replaced(errors.NamespaceForbidden, "<saml:Subject>", '<saml:Subject xmlns:x="1">'),
    "empty namespace": replaced(errors.NamespaceForbidden, "<saml:Subject>", '<saml:Subject xmlns="">'),
    "many namespaces": replaced(
        errors.NamespaceForbidden,
        "<saml:Subject>",
        "<saml:Subject" + "".join(f' xmlns:n{i}="urn:n{i}"' for i in range(17)) + ">",
    ),
    "not xml": Case(Lie(raw=lambda raw: b"hello"), errors.NotWellFormed),
    "nothing": Case(Lie(raw=lambda raw: b""), errors.NotWellFormed),
    "cut off": Case(Lie(raw=lambda raw: raw[:-20]), errors.NotWellFormed),
    "nul": replaced(errors.NotWellFormed, "ethan@", "ethan\0@"),
    "deep": tampered(errors.TooComplex, _nested(45)),
    "many elements": Case(
        Lie(raw=lambda raw: raw.replace(b"</saml:Assertion>", b"<x/>" * 8_100 + b"</saml:Assertion>")),
        errors.TooComplex,
    ),
    "many xml attributes": replaced(
        errors.TooComplex, "<saml:Subject>", "<saml:Subject" + "".join(f' a{i}=""' for i in range(33)) + ">"
    ),
    "not base64": Case(Lie(form=lambda value: value[:40] + "*" + value[41:]), errors.ResponseNotBase64),
    "spaces in base64": Case(Lie(form=lambda value: value[:40] + " " + value[40:]), errors.ResponseNotBase64),
    "base64 cut off": Case(Lie(form=lambda value: value.rstrip("=")[:-1]), errors.ResponseNotBase64),
    "too large": Case(Lie(form=lambda value: value + "A" * 300_000), errors.ResponseTooLarge),
    "unknown xml attribute": written(errors.XmlAttributeUnexpected, attribute("//saml:Subject", "x", "y")),
    "xml:id": written(
        errors.XmlAttributeUnexpected,
        attribute("//saml:Attribute", "{http://www.w3.org/XML/1998/namespace}id", "x"),
    ),
    "xml:base": written(
        errors.XmlAttributeUnexpected,
        attribute("//saml:Attribute", "{http://www.w3.org/XML/1998/namespace}base", "x"),
    ),
    "id of junk": tampered(errors.IdInvalid, attribute("saml:Assertion", "ID", "1 or 2")),
    "no id": tampered(errors.XmlAttributeMissing, attribute("saml:Assertion", "ID", None)),
    "not a response": Case(
        Lie(raw=lambda raw: raw.replace(b"samlp:Response", b"samlp:ArtifactResponse")), errors.ElementUnexpected
    ),
    "extensions": written(
        errors.ElementUnexpected, put(".", f'<Extensions xmlns="{SAMLP}"/>', 1), shape=Shape.KEYCLOAK
    ),
}
