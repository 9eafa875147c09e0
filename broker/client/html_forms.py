"""The forms of an HTML page, as a program without a browser fills them in."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass(frozen=True, slots=True)
class Input:
    """One field of a form."""

    name: str
    kind: str
    identifier: str
    value: str


@dataclass(slots=True)
class Form:
    """A form of a page.

    Attributes:
        action: where it is sent, as the page has it: relative, or "" for the page itself.
        method: GET or POST.
    """

    action: str
    method: str = "GET"
    inputs: list[Input] = field(default_factory=list)

    def of_kind(self, kind: str) -> list[Input]:
        """Its fields of one type."""
        return [each for each in self.inputs if each.kind == kind]

    def filled_in(self) -> dict[str, str]:
        """What it sends if nobody changes it; boxes are left unticked, and no button is pressed."""
        return {each.name: each.value for each in self.inputs if each.name and each.kind not in ("submit", "checkbox")}


def read_forms(page: str) -> list[Form]:
    """The forms of a page; fields that stand outside of any belong to one without an action."""
    reader = _Reader()
    reader.feed(page)
    return reader.found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append(Form(given.get("action", ""), given.get("method", "get").upper()))
        elif tag == "input":
            if not self.found:
                self.found.append(Form(""))
            kind = given.get("type", "text").lower()
            self.found[-1].inputs.append(
                Input(given.get("name", ""), kind, given.get("id", ""), given.get("value", ""))
            )
