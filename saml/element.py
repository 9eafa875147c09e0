"""A parsed element as a plain value: what the rest of this package reads instead of a library's tree."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Element:
    """One element: no comments, no processing instructions, no mixed content can be in it.

    Attributes:
        tag: Clark notation, `{namespace}name`.
        attributes: names in Clark notation where they have a namespace.
        text: its own text; white space only, where it has children.
    """

    tag: str
    attributes: Mapping[str, str]
    text: str
    children: tuple["Element", ...]

    @property
    def name(self) -> str:
        """The tag without its namespace, for messages."""
        return self.tag.rpartition("}")[2]

    def get(self, attribute: str) -> str | None:
        """The value of an XML attribute, or None."""
        return self.attributes.get(attribute)

    def all(self, tag: str) -> tuple["Element", ...]:
        """The children of that tag."""
        return tuple([child for child in self.children if child.tag == tag])

    def find(self, *path: str) -> "Element | None":
        """The first child of that tag, and so on down the path."""
        element = self
        for tag in path:
            for child in element.children:
                if child.tag == tag:
                    element = child
                    break
            else:
                return None
        return element

    def one(self, *path: str) -> "Element":
        """As `find`, where the shape check has made sure that there is one.

        Raises:
            LookupError: it is not there; a defect of the shape check.
        """
        element = self.find(*path)
        if element is None:
            raise LookupError(f"{self.name} was read before its shape was checked")
        return element

    def walk(self) -> Iterator["Element"]:
        """This element and all below it, in document order."""
        waiting = [self]
        while waiting:
            element = waiting.pop()
            yield element
            waiting.extend(reversed(element.children))
