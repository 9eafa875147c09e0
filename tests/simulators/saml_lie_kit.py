"""How a test tells a lie: what a provider says, what it writes, what an attacker changes; each with its refusal."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from broker.errors import BrokerError
from saml import errors
from tests.simulators.identity_provider import NS, Lie, Tree
from tests.simulators.saml_keys import key_pair

SIGNED_BOTH = frozenset({"assertion", "response"})
SIGNED_RESPONSE = frozenset({"response"})
UNSIGNED: frozenset[str] = frozenset()
FOR_US = key_pair("service provider").certificate

Refusal = type[errors.SamlError] | type[BrokerError]


@dataclass(frozen=True, slots=True)
class Case:
    """A lie, what else holds, and what must come of it."""

    lie: Lie
    refusal: Refusal
    truth: Mapping[str, Any] = field(default_factory=dict)


def said(refusal: Refusal, *, truth: Mapping[str, Any] | None = None, **facts: Any) -> Case:
    """The provider itself says it, and signs it."""
    return Case(Lie(facts=facts), refusal, truth or {})


def written(refusal: Refusal, change: Callable[[Tree], None], **truth: Any) -> Case:
    """The provider writes it into the tree, and signs it."""
    return Case(Lie(before=lambda tree: _changed(tree, change)), refusal, truth)


def tampered(refusal: Refusal, change: Callable[[Tree], Tree | None], **truth: Any) -> Case:
    """An attacker changes what was signed."""
    return Case(Lie(after=lambda tree: _changed(tree, change)), refusal, truth)


def replaced(refusal: Refusal, old: str, new: str, **truth: Any) -> Case:
    """An attacker changes the bytes."""
    return Case(Lie(raw=lambda raw: _substituted(raw, old, new)), refusal, truth)


def rewritten(refusal: Refusal, change: Callable[[bytes], bytes], **truth: Any) -> Case:
    """An attacker rewrites the bytes."""
    return Case(Lie(raw=change), refusal, truth)


def encoded(refusal: Refusal, change: Callable[[str], str], **truth: Any) -> Case:
    """An attacker changes the text of the form."""
    return Case(Lie(form=change), refusal, truth)


def _changed(tree: Tree, change: Callable[[Tree], Tree | None]) -> Tree:
    root = change(tree)
    return tree if root is None else root


def _substituted(raw: bytes, old: str, new: str) -> bytes:
    assert old.encode() in raw, f"{old} is not in the response"
    return raw.replace(old.encode(), new.encode(), 1)


def at(tree: Tree, path: str) -> Tree:
    """The first element at an XPath below the response."""
    return tree.xpath(path, namespaces=NS)[0]


def put(path: str, markup: str, index: int | None = None) -> Callable[[Tree], None]:
    """Add an element, as the last child or at an index."""

    def change(tree: Tree) -> None:
        parent = at(tree, path)
        parent.insert(len(parent) if index is None else index, etree.fromstring(markup))

    return change


def drop(path: str) -> Callable[[Tree], None]:
    """Remove the element."""
    return lambda tree: at(tree, path).getparent().remove(at(tree, path))


def emptied(path: str) -> Callable[[Tree], None]:
    """Remove all that is in the element."""
    return lambda tree: at(tree, path).clear()


def twice(path: str) -> Callable[[Tree], None]:
    """Repeat the element."""
    return lambda tree: at(tree, path).addnext(copy.deepcopy(at(tree, path)))


def attribute(path: str, name: str, value: str | None) -> Callable[[Tree], None]:
    """Set or remove an XML attribute."""

    def change(tree: Tree) -> None:
        element = at(tree, path)
        element.attrib.pop(name, None) if value is None else element.set(name, value)

    return change


def text(path: str, value: str) -> Callable[[Tree], None]:
    """Replace the text of an element."""

    def change(tree: Tree) -> None:
        at(tree, path).text = value

    return change


def move(path: str, to: str) -> Callable[[Tree], None]:
    """Make the element the last child of another."""
    return lambda tree: at(tree, to).append(at(tree, path))
