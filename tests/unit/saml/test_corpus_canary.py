"""Nothing that a response names is ever fetched: a listener and a file that must not be touched while it is judged."""

import base64
import http.server
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from saml.errors import SamlError
from saml.model import RawResponse
from tests.simulators.identity_provider import DS, SAML, XENC, Lie, Tree
from tests.simulators.saml_lie_kit import FOR_US, attribute, drop, put
from tests.simulators.saml_world import accept, respond

_KEY_INFO = "//ds:KeyInfo"
_REFERENCE = "//ds:Reference"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_XSL = "http://www.w3.org/1999/XSL/Transform"


@dataclass
class Canary:
    """Counts who comes."""

    url: str
    visits: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def canary() -> Iterator[Canary]:
    visits: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            visits.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield Canary(f"http://127.0.0.1:{server.server_port}", visits)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def in_tree(change: Callable[[str], Callable[[Tree], None]], **truth: object) -> Callable[[str], RawResponse]:
    def told(uri: str) -> RawResponse:
        return respond(Lie(after=lambda tree: change(uri)(tree) or tree), **truth)

    return told


def in_bytes(change: Callable[[str, bytes], bytes]) -> Callable[[str], RawResponse]:
    return lambda uri: respond(Lie(raw=lambda raw: change(uri, raw)))


LURES: dict[str, Callable[[str], RawResponse]] = {
    "reference": in_tree(lambda uri: attribute(_REFERENCE, "URI", uri)),
    "retrieval method": in_tree(lambda uri: put(_KEY_INFO, f'<RetrievalMethod xmlns="{DS}" URI="{uri}"/>')),
    "key by reference": in_tree(
        lambda uri: put(_KEY_INFO, f'<KeyInfoReference xmlns="http://www.w3.org/2009/xmldsig11#" URI="{uri}"/>')
    ),
    "cipher reference": in_tree(
        lambda uri: put("//xenc:CipherData", f'<CipherReference xmlns="{XENC}" URI="{uri}"/>', 0), encrypt_for=FOR_US
    ),
    "only a cipher reference": in_tree(
        lambda uri: (
            lambda tree: (
                drop("//xenc:CipherValue")(tree),
                put("//xenc:CipherData", f'<CipherReference xmlns="{XENC}" URI="{uri}"/>')(tree),
                None,
            )[2]
        ),
        encrypt_for=FOR_US,
    ),
    "algorithm": in_tree(lambda uri: attribute("//ds:SignatureMethod", "Algorithm", uri)),
    "transform": in_tree(lambda uri: attribute("//ds:Transform", "Algorithm", uri)),
    "stylesheet": in_tree(
        lambda uri: put(
            "//ds:Transform", f'<x:stylesheet xmlns:x="{_XSL}" version="1.0"><x:import href="{uri}"/></x:stylesheet>'
        )
    ),
    "inclusion": in_tree(
        lambda uri: put("//saml:Subject", f'<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="{uri}"/>')
    ),
    "schema": in_tree(lambda uri: attribute(".", f"{{{_XSI}}}schemaLocation", f"{SAML} {uri}")),
    "schema of no namespace": in_tree(lambda uri: attribute(".", f"{{{_XSI}}}noNamespaceSchemaLocation", uri)),
    "base": in_tree(lambda uri: attribute(".", "{http://www.w3.org/XML/1998/namespace}base", uri)),
    "assertion by reference": in_tree(lambda uri: put(".", f'<AssertionURIRef xmlns="{SAML}">{uri}</AssertionURIRef>')),
    "document type": in_bytes(lambda uri, raw: f'<!DOCTYPE x SYSTEM "{uri}">'.encode() + raw),
    "public document type": in_bytes(lambda uri, raw: f'<!DOCTYPE x PUBLIC "-//x" "{uri}">'.encode() + raw),
    "external entity": in_bytes(
        lambda uri, raw: f'<!DOCTYPE x [<!ENTITY e SYSTEM "{uri}">]>'.encode() + raw.replace(b"ethan@", b"&e;@")
    ),
    "parameter entity": in_bytes(lambda uri, raw: f'<!DOCTYPE x [<!ENTITY % e SYSTEM "{uri}"> %e;]>'.encode() + raw),
    "stylesheet instruction": in_bytes(lambda uri, raw: f'<?xml-stylesheet href="{uri}"?>'.encode() + raw),
}


@pytest.mark.parametrize("name", LURES)
@pytest.mark.parametrize("form", ["{url}/x", "{url}/x?{n}#y", "HTTP://{host}/x", "//{host}/x"])
def test_no_address_is_visited(canary: Canary, name: str, form: str) -> None:
    uri = form.format(url=canary.url, host=canary.url.removeprefix("http://"), n=name.replace(" ", "-"))
    with pytest.raises(SamlError):
        accept(LURES[name](uri))
    assert canary.visits == []


def test_an_address_for_a_namespace_is_a_name_alone(canary: Canary) -> None:
    """Any absolute URI may name a namespace; providers use their own."""
    raw = base64.b64decode(respond(Lie(before=lambda tree: _with_namespace(tree, canary.url))).unverified_form_value)
    assert canary.url.encode() in raw
    accept(RawResponse(base64.b64encode(raw)))
    assert canary.visits == []


def _with_namespace(tree: Tree, uri: str) -> Tree:
    tree.xpath("//*[local-name()='Attribute']")[0].set(f"{{{uri}/claims}}OriginalIssuer", uri)
    return tree


@pytest.mark.parametrize("name", LURES)
def test_no_file_is_read(tmp_path: Path, name: str) -> None:
    bait = tmp_path / "bait"
    bait.write_text("<x/>")
    old = bait.stat().st_mtime_ns - 10**12  # older than its last change: even a relaxed file system notes the next read
    os.utime(bait, ns=(old, bait.stat().st_mtime_ns))
    with pytest.raises(SamlError):
        accept(LURES[name](bait.as_uri()))
    assert bait.stat().st_atime_ns == old


def test_the_canary_sings(canary: Canary) -> None:
    httpx.get(canary.url + "/song", trust_env=False)
    assert canary.visits.pop() == "/song"
