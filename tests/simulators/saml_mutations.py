"""Random changes of a signed response that know what XML is: what a hypothesis strategy draws, applied to a tree.

A change draws its places from the document itself, so that most of them stay well-formed and come far.
"""

import copy
from collections.abc import Callable

from hypothesis import strategies as st
from lxml import etree

from tests.simulators.identity_provider import DS, SAML, SAMLP, XENC, Tree

Mutation = Callable[[Tree, Tree, st.DataObject], Tree]

_KNOWN = {
    SAMLP: "Response Extensions Status StatusCode StatusDetail",
    SAML: "Assertion Issuer Subject NameID Attribute AttributeValue Advice Conditions EncryptedAssertion",
    DS: "Signature SignedInfo Reference Transform DigestValue Object KeyInfo",
    XENC: "EncryptedData EncryptedKey",
    "urn:x": "x Assertion Signature",
}
_TAGS = [f"{{{namespace}}}{name}" for namespace, names in _KNOWN.items() for name in names.split()]
_NAMES = ("ID", "Id", "URI", "Algorithm", "Name", "Version", "InResponseTo", "Recipient", "NotOnOrAfter", "x")
_TEXTS = ("", " ", "admin@example.com", "sales:finance:root", "_evil", "#", "2026-01-01T12:05:00Z", "&", "\u200b")


def _nodes(tree: Tree) -> list[Tree]:
    return [node for node in tree.iter() if isinstance(node.tag, str)]


def _any(tree: Tree, data: st.DataObject) -> Tree:
    return data.draw(st.sampled_from(_nodes(tree)))


def _below(tree: Tree, data: st.DataObject) -> Tree:
    return data.draw(st.sampled_from(_nodes(tree)[1:] or [tree]))


def _detached(node: Tree) -> Tree:
    parent = node.getparent()
    if parent is not None:
        parent.remove(node)
    return node


def _put(parent: Tree, node: Tree, data: st.DataObject) -> None:
    parent.insert(data.draw(st.integers(0, len(parent))), node)


def _deleted(tree: Tree, _other: Tree, data: st.DataObject) -> Tree:
    _detached(_below(tree, data))
    return tree


def _doubled(tree: Tree, _other: Tree, data: st.DataObject) -> Tree:
    _put(_any(tree, data), copy.deepcopy(_any(tree, data)), data)
    return tree


def _moved(tree: Tree, _other: Tree, data: st.DataObject) -> Tree:
    node = _below(tree, data)
    inside = set(node.iter())
    target = data.draw(st.sampled_from([each for each in _nodes(tree) if each not in inside] or [tree]))
    if node is not tree:
        _put(target, _detached(node), data)
    return tree


def _wrapped(tree: Tree, _other: Tree, data: st.DataObject) -> Tree:
    node = _any(tree, data)
    wrapper = etree.Element(data.draw(st.sampled_from(_TAGS)))
    parent = node.getparent()
    if parent is None:
        wrapper.append(node)
        return wrapper
    parent.replace(node, wrapper)
    wrapper.append(node)
    return tree


def _renamed(tree: Tree, _other: Tree, data: st.DataObject) -> Tree:
    _any(tree, data).tag = data.draw(st.sampled_from(_TAGS))
    return tree


def _spliced(tree: Tree, other: Tree, data: st.DataObject) -> Tree:
    """A part of another good response, somewhere in this one."""
    part = copy.deepcopy(_any(other, data))
    if data.draw(st.booleans()):
        node = _below(tree, data)
        if node is not tree:
            node.getparent().replace(node, part)
            return tree
    _put(_any(tree, data), part, data)
    return tree


def _swapped(tree: Tree, other: Tree, data: st.DataObject) -> Tree:
    """The value of one XML attribute, from this response or another, in the place of another."""
    values = [value for node in (*_nodes(tree), *_nodes(other)) for value in node.attrib.values()]
    node = _any(tree, data)
    name = data.draw(st.sampled_from(list(node.attrib) or _NAMES))
    node.set(name, data.draw(st.sampled_from(values)))
    return tree


def _attributed(tree: Tree, _other: Tree, data: st.DataObject) -> Tree:
    _any(tree, data).set(data.draw(st.sampled_from(_NAMES)), data.draw(st.sampled_from(_TEXTS)))
    return tree


def _stripped(tree: Tree, _other: Tree, data: st.DataObject) -> Tree:
    node = _any(tree, data)
    if node.attrib:
        del node.attrib[data.draw(st.sampled_from(list(node.attrib)))]
    return tree


def _retold(tree: Tree, other: Tree, data: st.DataObject) -> Tree:
    texts = [node.text for node in _nodes(other) if node.text]
    node = _any(tree, data)
    node.text = data.draw(st.sampled_from(_TEXTS) | st.sampled_from(texts))
    return tree


def _trailed(tree: Tree, _other: Tree, data: st.DataObject) -> Tree:
    node = _below(tree, data)
    if node is not tree:
        node.tail = data.draw(st.sampled_from(_TEXTS))
    return tree


def _commented(tree: Tree, _other: Tree, data: st.DataObject) -> Tree:
    node = _any(tree, data)
    _put(node, data.draw(st.sampled_from([etree.Comment("x"), etree.ProcessingInstruction("x", "y")])), data)
    return tree


MUTATIONS: tuple[Mutation, ...] = (
    *(_deleted, _doubled, _moved, _wrapped, _renamed, _spliced),
    *(_swapped, _attributed, _stripped, _retold, _trailed, _commented),
)


def mutated(document: bytes, other: bytes, data: st.DataObject) -> bytes:
    """`document` after one to four changes, and perhaps one in its bytes."""
    tree, second = etree.fromstring(document), etree.fromstring(other)
    for change in data.draw(st.lists(st.sampled_from(MUTATIONS), min_size=1, max_size=4)):
        tree = change(tree, second, data)
    raw: bytes = etree.tostring(tree)
    if data.draw(st.integers(0, 9)) == 0:
        place = data.draw(st.integers(0, len(raw) - 1))
        raw = raw[:place] + data.draw(st.binary(max_size=3)) + raw[place + data.draw(st.integers(0, 3)) :]
    return raw
