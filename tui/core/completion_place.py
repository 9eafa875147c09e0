"""Where in a text one types: the word under the cursor, what qualifies it, and the statement around it."""

import re
from dataclasses import dataclass
from typing import Final

from tui.core.completion_text import Piece
from tui.core.statements import WORD_SIGN, Token, tokens

_WINDOW: Final = 20_000
"""Characters before and behind the cursor that are looked at in a large text."""
_FRESH_LINE: Final = re.compile(r";[ \t]*\r?\n")
_IN_WORD: Final = re.compile(WORD_SIGN)
_REST_OF_NAME: Final = re.compile(r'\w*"')
_SENDING: Final = re.compile(r"\\(g|gx|gset|gexec|gdesc|crosstabview|watch|r)\b")
_BETWEEN: Final = frozenset({"blank", "operator", "other", "open", "close"})
_META: Final = re.compile(r"\\(?P<name>\S*)(?P<blank>\s*)(?P<argument>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Place:
    r"""What completion has to go by.

    Attributes:
        start: of what a candidate replaces, in the text; with `end`.
        typed: the part of it before the cursor, unquoted.
        quoted: it begins with a double quote.
        qualifiers: the names before it, each followed by a dot; None in place of one that is no name.
        pieces: of the statement, without the word and its qualifiers.
        meta: the backslash command around the cursor, or ""; "\\" where the command itself is typed.
    """

    start: int
    end: int
    typed: str
    quoted: bool = False
    qualifiers: tuple[str, ...] | None = ()
    pieces: tuple[Piece, ...] = ()
    statement_end: int = 0
    meta: str = ""


def find_place(text: str, cursor: int) -> Place | None:
    """The place at `cursor`; None in strings, comments, numbers and parameters, where nothing is completed."""
    cursor = min(max(cursor, 0), len(text))
    begin, stop = _window(text, cursor)
    return _find(text[begin:stop], cursor - begin, begin, 0)


def _window(text: str, cursor: int) -> tuple[int, int]:
    if len(text) <= 2 * _WINDOW:
        return 0, len(text)
    # A statement that begins on a line of its own: where the text may be cut with some confidence.
    begin = max(0, cursor - _WINDOW)
    fresh = _FRESH_LINE.search(text, begin, cursor) if begin else None
    return (fresh.end() if fresh else begin), min(len(text), cursor + _WINDOW)


def _find(text: str, cursor: int, shift: int, depth: int) -> Place | None:
    found, here = _statement(text, cursor)
    if here is None and text[cursor - 1 : cursor] == ":":
        return None  # a name there would be a parameter's
    if here is None or here.kind == "semicolon" or (here.kind == "cast" and cursor == here.end):
        return _placed(found, cursor, cursor, "", False, shift)
    piece = text[here.start : here.end]
    match here.kind:
        case "word":
            return _placed(found, here.start, here.end, text[here.start : cursor], False, shift)
        case "quoted":
            return _in_quotes(found, text, here, cursor, shift)
        case "dollar":
            tag = piece[: piece.index("$", 1) + 1]
            inner, body = here.start + len(tag), piece[len(tag) :].removesuffix(tag)
            inside = not depth and 0 <= cursor - inner <= len(body)
            return _find(body, cursor - inner, shift + inner, 1) if inside else None
        case "meta" if not depth:
            return _in_meta(piece, here.start, cursor, shift)
        case "literal" | "comment" | "block" if _behind(here, piece, cursor):
            return _placed(found, cursor, cursor, "", False, shift)
    return None


def _statement(text: str, cursor: int) -> tuple[list[Piece], Token | None]:
    """The pieces of the statement around the cursor, and the token that the cursor is in or right behind."""
    found: list[Piece] = []
    here: Token | None = None
    for token in tokens(text):
        if token.start < cursor <= token.end and token.kind not in _BETWEEN:
            here = token
        if token.kind == "semicolon" or _sends(text, token):
            if token.start >= cursor:
                break
            found.clear()
        elif token.kind not in ("blank", "comment", "block", "meta"):
            found.append(Piece(token.kind, token.start, token.end, text[token.start : token.end]))
    return found, here


def _sends(text: str, token: Token) -> bool:
    return token.kind == "meta" and _SENDING.match(text, token.start) is not None


def _behind(here: Token, piece: str, cursor: int) -> bool:
    """Whether the cursor is behind a string or comment that has ended: then what follows is no more of it."""
    return cursor == here.end and [*tokens(f"{piece} x")][-1].kind == "word"


def _in_quotes(found: list[Piece], text: str, here: Token, cursor: int, shift: int) -> Place | None:
    if text[here.start] != '"' or _IN_WORD.match(text[here.start - 1 : here.start]):
        return None  # a name that needs no quotes would be one with the word or number before it
    if cursor == here.end and text[here.start : here.end].endswith('"') and here.end - here.start > 1:
        return None
    # The quotes that follow may belong to others: only a name that is closed at once is replaced as a whole.
    rest = _REST_OF_NAME.match(text, cursor)
    end = rest.end() if rest and rest.end() <= here.end else cursor
    typed = text[here.start + 1 : cursor].replace('""', '"')
    return _placed(found, here.start, end, typed, True, shift)


def _in_meta(piece: str, start: int, cursor: int, shift: int) -> Place | None:
    typed = piece[: cursor - start]
    match = _META.match(typed)
    if match is None or "\n" in typed:
        return None
    if not match["blank"]:
        return Place(shift + start, shift + cursor, match["name"], meta="\\")
    word = re.search(r"\S*\Z", match["argument"])
    last = word.group() if word else ""
    *qualifiers, name = last.split(".")
    begin = cursor - len(name)
    return Place(
        shift + begin,
        shift + cursor,
        name,
        qualifiers=tuple(part.strip('"') for part in qualifiers),
        meta=match["name"],
    )


def _placed(found: list[Piece], start: int, end: int, typed: str, quoted: bool, shift: int) -> Place | None:
    before = [piece for piece in found if piece.end <= start]
    behind = [piece for piece in found if piece.start >= end]
    qualifiers: tuple[str, ...] | None = ()
    while before and before[-1].text == "." and qualifiers is not None:
        before.pop()
        qualifiers = (before.pop().name, *qualifiers) if before and before[-1].name else None
    pieces = tuple(Piece(kind, a + shift, b + shift, text) for kind, a, b, text in (*before, *behind))
    last = max(end, behind[-1].end if behind else end)
    return Place(start + shift, end + shift, typed, quoted, qualifiers, pieces, last + shift)
