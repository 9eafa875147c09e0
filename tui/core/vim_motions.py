"""Where vi's motions lead, and what its text objects hold: functions of a text and a place in it."""

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from tui.core.keystrokes import above_or_below, line_end, line_start

_WORD: Final = re.compile(r"\w+|[^\w\s]+|(?<=\n)\n")
_LONG_WORD: Final = re.compile(r"\S+|(?<=\n)\n")
_PAIRS: Final = {"(": ")", "[": "]", "{": "}"}
_OPENINGS: Final = {"b": "(", "(": "(", ")": "(", "[": "[", "]": "[", "{": "{", "}": "{", "B": "{"}


class Reach(Enum):
    """What an operator takes of the way that a motion goes."""

    EXCLUSIVE = auto()
    INCLUSIVE = auto()
    LINES = auto()


@dataclass(frozen=True, slots=True)
class Motion:
    """Where one gets to."""

    to: int
    reach: Reach = Reach.EXCLUSIVE


def motion(key: str, text: str, at: int, count: int | None, column: int) -> Motion | None:
    """The motion of one key, or None where it is none. `column` is the one that j and k keep to."""
    times = count or 1
    match key:
        case "h":
            return Motion(max(line_start(text, at), at - times))
        case "l" | " ":
            return Motion(min(line_end(text, at), at + times))
        case "j":
            return Motion(above_or_below(text, at, times, column), Reach.LINES)
        case "k":
            return Motion(above_or_below(text, at, -times, column), Reach.LINES)
        case "0":
            return Motion(line_start(text, at))
        case "^" | "_":
            return Motion(first_of_line(text, at), Reach.EXCLUSIVE if key == "^" else Reach.LINES)
        case "$":
            end = line_end(text, above_or_below(text, at, times - 1, 0))
            return Motion(end)
        case "G":
            line = times - 1 if count else text.count("\n")
            return Motion(first_of_line(text, above_or_below(text, 0, line, 0)), Reach.LINES)
    return _by_words(key, text, at, times) or _by_blocks(key, text, at, times)


def words_taken(key: str, text: str, at: int, times: int, to: int) -> Motion:
    """The words up to `to` that an operator takes with w: the last one leaves its line feed."""
    before = _by_words(key, text, at, times - 1)
    end = line_end(text, at := before.to if before else at)
    return Motion(end if to > end and at < end else to)


def way_taken(text: str, at: int, target: Motion) -> tuple[int, int, Reach]:
    """What an operator takes of the way to a place, as [start, end)."""
    start, end = sorted((at, target.to))
    if target.reach is Reach.EXCLUSIVE and start < end == line_start(text, end):
        # What ends before a line's first character ends with the line before, and takes whole lines if it began so.
        return start, end - 1, Reach.LINES if start <= first_of_line(text, start) else Reach.EXCLUSIVE
    return start, end + (target.reach is Reach.INCLUSIVE), target.reach


def _by_words(key: str, text: str, at: int, times: int) -> Motion | None:
    pattern = _LONG_WORD if key.isupper() else _WORD
    match key.lower():
        case "w":
            for _ in range(times):
                here = pattern.match(text, at)
                found = pattern.search(text, here.end() if here else at)
                at = found.start() if found else len(text)
            return Motion(at)
        case "e":
            for _ in range(times):
                # An empty line is a word to w and b, but has no end.
                found = next((found for found in pattern.finditer(text, at + 1) if found.group() != "\n"), None)
                at = found.end() - 1 if found else max(0, len(text) - 1)
            return Motion(at, Reach.INCLUSIVE)
        case "b":
            for _ in range(times):
                starts = [found.start() for found in pattern.finditer(text, line_start(text, max(0, at - 1)), at)]
                while not starts and at > 0:
                    at = line_start(text, at - 1) if text[at - 1] == "\n" else line_start(text, at)
                    starts = [found.start() for found in pattern.finditer(text, line_start(text, max(0, at - 1)), at)]
                at = starts[-1] if starts else 0
            return Motion(at)
    return None


def _by_blocks(key: str, text: str, at: int, times: int) -> Motion | None:
    match key:
        case "}":
            for _ in range(times):
                found = re.compile(r"\n[ \t]*\n").search(text, at)
                at = found.start() + 1 if found else len(text)
                at = found.end() - 1 if found else at
            return Motion(at)
        case "{":
            for _ in range(times):
                before = [found.end() - 1 for found in re.finditer(r"\n[ \t]*\n", text[:at])]
                before = [place for place in before if place < at]
                at = before[-1] if before else 0
            return Motion(at)
        case "%":
            place = _other_bracket(text, at)
            return Motion(at if place < 0 else place, Reach.INCLUSIVE)
    return None


def first_of_line(text: str, at: int) -> int:
    """The line's first character that is no blank."""
    start, end = line_start(text, at), line_end(text, at)
    return start + len(text[start:end]) - len(text[start:end].lstrip())


def find_character(text: str, at: int, key: str, wanted: str, times: int, *, again: bool = False) -> Motion | None:
    """f, F, t and T: within the line. `again` is a repetition, which does not stop where it stands."""
    start, end = line_start(text, at), line_end(text, at)
    place = at + (again and key == "t") - (again and key == "T")
    for _ in range(times):
        place = text.find(wanted, place + 1, end) if key in "ft" else text.rfind(wanted, start, max(place, start))
        if place < 0:
            return None
    if key in "ft":
        return Motion(place - (key == "t"), Reach.INCLUSIVE)
    return Motion(place + (key == "T"))


def text_object(around: bool, kind: str, text: str, at: int) -> tuple[int, int, Reach] | None:
    """What `iw`, `a(`, `i"`, `ip` and their kin hold: [start, end)."""
    if kind in "wW":
        return _word_object(around, kind, text, at)
    if kind in "\"'`":
        return _quoted_object(around, kind, text, at)
    if kind in _OPENINGS:
        return _bracket_object(around, _OPENINGS[kind], text, at)
    if kind == "p":
        return _paragraph(around, text, at)
    return None


def _word_object(around: bool, kind: str, text: str, at: int) -> tuple[int, int, Reach] | None:
    pattern = re.compile(r"\w+|[^\w\s]+|[^\S\n]+" if kind == "w" else r"\S+|[^\S\n]+")
    spans = [found.span() for found in pattern.finditer(text, line_start(text, at), line_end(text, at))]
    here = next((number for number, (start, end) in enumerate(spans) if start <= at < end), None)
    if here is None:
        return None if around or spans else (at, at, Reach.EXCLUSIVE)
    start, end = spans[here]
    if around:
        # A word takes the blanks behind it, or else those before it; blanks take the word behind them.
        blank = text[start].isspace()
        if here + 1 < len(spans) and (blank or text[end].isspace()):
            end = spans[here + 1][1]
        elif not blank and here > 1 and text[start - 1].isspace():
            start = spans[here - 1][0]
    return start, end, Reach.EXCLUSIVE


def _quoted_object(around: bool, sign: str, text: str, at: int) -> tuple[int, int, Reach] | None:
    start, end = line_start(text, at), line_end(text, at)
    places = [place for place in range(start, end) if text[place] == sign]
    for opening, closing in zip(places[::2], places[1::2], strict=False):
        if at <= closing:
            return (opening, closing + 1, Reach.EXCLUSIVE) if around else (opening + 1, closing, Reach.EXCLUSIVE)
    return None


def _bracket_object(around: bool, opening: str, text: str, at: int) -> tuple[int, int, Reach] | None:
    depth, place = 0, at
    while place >= 0:
        sign = text[place : place + 1]
        if sign == opening:
            if not depth:
                break
            depth -= 1
        elif sign == _PAIRS[opening] and place != at:
            depth += 1
        place -= 1
    other = _other_bracket(text, place) if place >= 0 else -1
    if other < 0:
        return None
    return (place, other + 1, Reach.EXCLUSIVE) if around else (place + 1, other, Reach.EXCLUSIVE)


def _paragraph(around: bool, text: str, at: int) -> tuple[int, int, Reach]:
    start, end = line_start(text, at), line_end(text, at)
    blank = not text[start:end].strip()
    while start > 0 and (not text[line_start(text, start - 1) : start - 1].strip()) == blank:
        start = line_start(text, start - 1)
    while end < len(text) and (not text[end + 1 : line_end(text, end + 1)].strip()) == blank:
        end = line_end(text, end + 1)
    if around:
        while end < len(text) and not text[end + 1 : line_end(text, end + 1)].strip():
            end = line_end(text, end + 1)
    return start, end, Reach.LINES


def _other_bracket(text: str, at: int) -> int:
    """The bracket that belongs to the next one on the line, or -1."""
    place = next((place for place in range(at, line_end(text, at)) if text[place] in "()[]{}"), -1)
    if place < 0:
        return -1
    sign = text[place]
    forward = sign in _PAIRS
    other = _PAIRS[sign] if forward else next(key for key, value in _PAIRS.items() if value == sign)
    depth = 0
    while 0 <= place < len(text):
        depth += (text[place] == sign) - (text[place] == other)
        if not depth:
            return place
        place += 1 if forward else -1
    return -1
