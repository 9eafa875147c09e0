"""How a test tells a lie: what a provider says, what it writes, what an attacker changes; each with its refusal."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from saml import errors
from tests.simulators.identity_provider import NS, Lie, Tree

SIGNED_BOTH = frozenset({"assertion", "response"})
SIGNED_RESPONSE = frozenset({"response"})
UNSIGNED: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Case:
    """A lie, what else holds, and what must come of it."""

    lie: Lie
    refusal: type[errors.SamlError]
    truth: Mapping[str, Any] = field(default_factory=dict)


def said(refusal: type[errors.SamlError], *, truth: Mapping[str, Any] | None = None, **facts: Any) -> Case:
    """The provider itself says it, and signs it."""
    return Case(Lie(facts=facts), refusal, truth or {})


def written(refusal: type[errors.SamlError], change: Callable[[Tree], None], **truth: Any) -> Case:
    """The provider writes it into the tree, and signs it."""
    return Case(Lie(before=lambda tree: _changed(tree, change)), refusal, truth)


def tampered(refusal: type[errors.SamlError], change: Callable[[Tree], Tree | None], **truth: Any) -> Case:
    """An attacker changes what was signed."""
    return Case(Lie(after=lambda tree: _changed(tree, change)), refusal, truth)


def replaced(refusal: type[errors.SamlError], old: str, new: str, **truth: Any) -> Case:
    """An attacker changes the bytes."""
    return Case(Lie(raw=lambda raw: _substituted(raw, old, new)), refusal, truth)


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
