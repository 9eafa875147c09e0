r"""psql's variables in a statement: :name, :'name', :"name", :{?name}.

psql pastes a plain :name blindly. Here a pasted value may be any run of whole tokens (a number, a name, a list), but
it may not open, close or swallow a string, comment or statement: that is refused. A name that is not set stays as it
is, as in psql, so that array slices and named notations pass.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tui.core.errors import VariableUnsafe
from tui.core.statements import Token, tokens

_OPAQUE: Final = frozenset({"literal", "quoted", "dollar", "comment", "block", "meta", "semicolon"})


@dataclass(frozen=True, slots=True)
class _Pasted:
    """A value at [start, end) of the text that stands for [origin, origin_end) of the template."""

    start: int
    end: int
    origin: int
    origin_end: int


@dataclass(frozen=True, slots=True)
class Interpolated:
    """A statement with its values in place."""

    text: str
    pasted: tuple[_Pasted, ...] = ()

    def origin(self, position: int) -> int:
        """Where in the template the character at `position` (0-based) of the text comes from."""
        shift = 0
        for paste in self.pasted:
            if position < paste.start:
                break
            if position < paste.end:
                return paste.origin
            shift = paste.origin_end - paste.end
        return position + shift


def interpolate(template: str, variables: Mapping[str, str], *, standard_strings: bool = True) -> Interpolated:
    """Put the values of `variables` into a statement.

    Raises:
        VariableUnsafe: a value would change where something around it begins or ends, or holds a zero byte.
    """
    if not variables or ":" not in template:
        return Interpolated(template)
    pieces: list[str] = []
    pasted: list[_Pasted] = []
    expected: list[Token] = []
    length = 0
    for token in tokens(template, standard_strings=standard_strings):
        piece = template[token.start : token.end]
        value = _value(piece, variables) if token.kind == "variable" else None
        if value is not None:
            pasted.append(_Pasted(length, length + len(value), token.start, token.end))
            expected += [] if piece[1] == "{" else _paste_regions(piece, value, length, standard_strings)
            piece = value
        elif token.kind in _OPAQUE:
            expected.append(Token(token.kind, length, length + len(piece)))
        pieces.append(piece)
        length += len(piece)
    text = "".join(pieces)
    if pasted and _regions(text, standard_strings) != expected:
        raise VariableUnsafe("A variable's value would change where a string, comment or statement ends.")
    return Interpolated(text, tuple(pasted))


def quote_literal(value: str) -> str:
    """`value` as a literal under either setting of standard_conforming_strings (as libpq's PQescapeLiteral)."""
    doubled = value.replace("'", "''")
    return f" E'{doubled.replace(chr(92), chr(92) * 2)}'" if "\\" in value else f"'{doubled}'"


def quote_identifier(value: str) -> str:
    """`value` as an identifier (as libpq's PQescapeIdentifier)."""
    return '"' + value.replace('"', '""') + '"'


def _value(reference: str, variables: Mapping[str, str]) -> str | None:
    """What to put in place of a reference, or None to leave it."""
    name = reference[1:].strip("'\"{?}")
    if reference[1] == "{":
        return "TRUE" if name in variables else "FALSE"
    if name not in variables:
        return None
    value = variables[name]
    if "\x00" in value:
        raise VariableUnsafe(f"The value of {name} holds a zero byte.", remedy="PostgreSQL's texts cannot hold one.")
    if reference[1] == "'":
        return quote_literal(value)
    return quote_identifier(value) if reference[1] == '"' else value


def _paste_regions(reference: str, value: str, at: int, standard_strings: bool) -> list[Token]:
    found = _regions(value, standard_strings)
    if any(kind not in ("literal", "quoted", "dollar") for kind, _, _ in found):
        raise VariableUnsafe(f"The value of {reference[1:]} holds a comment, a semicolon or a backslash command.")
    return [Token(kind, at + start, at + end) for kind, start, end in found]


def _regions(text: str, standard_strings: bool) -> list[Token]:
    """Where the strings, quoted names, comments and semicolons of `text` lie."""
    return [token for token in tokens(text, standard_strings=standard_strings) if token.kind in _OPAQUE]
