"""Snippets: texts with places to fill in, from the person's own file."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tui.core.errors import SnippetsInvalid

_HOLE: Final = re.compile(r"\$(?:(?P<bare>[0-9])|\{(?P<number>[0-9])(?::(?P<default>[^}]*))?\})")
_NAME: Final = re.compile(r"[a-z_][a-z0-9_]*")
EXAMPLE: Final = '''# Snippets of wsql. Type a name and choose it from the list, or open them with the command palette.
# $1, ${2:default} are places to fill in, in this order (Tab goes on); $0 is where the cursor ends.

[snippets.top]
description = "the most frequent values"
body = """
select ${1:column}, count(*)
from ${2:table}
group by 1
order by 2 desc
limit ${3:10}"""

[snippets.rows]
description = "how many rows"
body = "select count(*) from ${1:table}$0"
'''


@dataclass(frozen=True, slots=True)
class Hole:
    """A place to fill in, at [start, end) of the text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Snippet:
    """A named text.

    Attributes:
        text: with the defaults of its places in it.
        holes: in the order of filling in; the last one is where the cursor ends.
    """

    name: str
    description: str
    text: str
    holes: tuple[Hole, ...]


def parse_snippets(content: str, file: str = "snippets.toml") -> tuple[Snippet, ...]:
    """The snippets of a file, by name.

    Raises:
        SnippetsInvalid: it is no TOML, or one of them is not written as it must be.
    """
    try:
        found = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise SnippetsInvalid(f"{file}: {error}.") from None
    if unknown := set(found) - {"snippets"}:
        raise SnippetsInvalid(f"{file}: {sorted(unknown)[0]} is not known here.")
    table = found.get("snippets", {})
    if not isinstance(table, dict):
        raise SnippetsInvalid(f"{file}: snippets is no table.")
    return tuple(_snippet(name, value, file) for name, value in sorted(table.items()))


def load_snippets(file: Path) -> tuple[Snippet, ...]:
    """The person's snippets; none where there is no file.

    Raises:
        SnippetsInvalid: see `parse_snippets`; also where the file cannot be read.
    """
    try:
        return parse_snippets(file.read_text(encoding="utf-8"), str(file))
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise SnippetsInvalid(f"{file}: {reason}.") from None


def _snippet(name: str, value: object, file: str) -> Snippet:
    if not _NAME.fullmatch(name):
        raise SnippetsInvalid(f"{file}: {name!r} is no name: lower-case letters, digits and _.")
    if not isinstance(value, dict) or set(value) - {"body", "description"} or not isinstance(value.get("body"), str):
        raise SnippetsInvalid(f"{file}: snippets.{name} takes a body and a description, both texts.")
    text, holes = _filled(value["body"].strip("\n"))
    return Snippet(name, str(value.get("description", "")), text, holes)


def _filled(body: str) -> tuple[str, tuple[Hole, ...]]:
    pieces: list[str] = []
    found: list[tuple[int, int, int]] = []
    length = at = 0
    for match in _HOLE.finditer(body):
        before, default = body[at : match.start()], match["default"] or ""
        pieces += before, default
        start = length + len(before)
        length = start + len(default)
        found.append((int(match["bare"] or match["number"]), start, length))
        at = match.end()
    pieces.append(body[at:])
    text = "".join(pieces)
    # $0 comes last; without one, the text's end does.
    found.sort(key=lambda one: (one[0] == 0, one[0], one[1]))
    holes = [Hole(start, end) for _, start, end in found]
    if not any(number == 0 for number, _, _ in found):
        holes.append(Hole(len(text), len(text)))
    return text, tuple(holes)
