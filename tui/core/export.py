"""Results as CSV, JSON and Markdown, written while they come. `tui.core.table` writes them for reading."""

import json
import re
from collections.abc import Sequence
from typing import Final, Protocol, TextIO

from tui.core.arrays import ARRAYS, parse_array
from tui.core.query import Column, Row
from tui.core.terminal import harmless, lines

_CSV_SPECIAL: Final = re.compile(r'[",\n\r]|\A\\\.\Z|\A\s|\s\Z')
_BOOL, _JSON, _JSONB = 16, 114, 3802
_NUMBERS: Final = frozenset({20, 21, 23, 26, 700, 701, 1700})
_JSON_NUMBER: Final = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")
_MARKDOWN_SPECIAL: Final = re.compile(r"[\\|<>`*\[\]]")
# JSON lets these stand as they are; a terminal would obey them (C1 controls), or be misled (bidirectional controls).
_JSON_CONTROLS: Final = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


class ResultWriter(Protocol):
    """Writes results with rows, one after the other, each as begin, rows..., end."""

    def begin(self, columns: Sequence[Column]) -> None: ...

    def rows(self, rows: Sequence[Row]) -> None: ...

    def end(self) -> None: ...


class CsvWriter:
    """RFC 4180 with a heading, as `COPY ... (FORMAT csv, HEADER)`: NULL is empty, an empty text is `""`."""

    def __init__(self, out: TextIO, *, for_terminal: bool = False) -> None:
        self._out = out
        self._for_terminal = for_terminal

    def begin(self, columns: Sequence[Column]) -> None:
        self._line([column.name for column in columns])

    def rows(self, rows: Sequence[Row]) -> None:
        for row in rows:
            self._line(row)

    def end(self) -> None:
        pass

    def _line(self, row: Sequence[str | None]) -> None:
        line = ",".join(map(_csv_field, row))
        self._out.write((harmless(line) if self._for_terminal else line) + "\n")


class JsonWriter:
    """Each result as an array of objects. Numbers keep every digit; JSON and arrays are nested, not quoted."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._keys: list[str] = []
        self._columns: Sequence[Column] = ()
        self._separator = ""

    def begin(self, columns: Sequence[Column]) -> None:
        self._columns = columns
        self._keys = [_json_text(name) for name in _distinct(columns)]
        self._separator = "["

    def rows(self, rows: Sequence[Row]) -> None:
        for row in rows:
            pairs = ", ".join(
                f"{key}: {json_value(value, column.type_oid)}"
                for key, value, column in zip(self._keys, row, self._columns, strict=True)
            )
            self._out.write(f"{self._separator}{{{pairs}}}")
            self._separator = ",\n "

    def end(self) -> None:
        self._out.write("[]\n" if self._separator == "[" else "]\n")


class MarkdownWriter:
    """Each result as a table of GitHub's Markdown; numbers stand to the right."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def begin(self, columns: Sequence[Column]) -> None:
        self._line([column.name for column in columns])
        self._out.write("|" + "|".join(" ---: " if right_aligned(column) else " --- " for column in columns) + "|\n")

    def rows(self, rows: Sequence[Row]) -> None:
        for row in rows:
            self._line(row)

    def end(self) -> None:
        self._out.write("\n")

    def _line(self, row: Sequence[str | None]) -> None:
        self._out.write("| " + " | ".join(map(_markdown_cell, row)) + " |\n")


def right_aligned(column: Column) -> bool:
    """Whether the column holds numbers (or money), which stand to the right."""
    return column.type_oid in _NUMBERS or column.type_oid == 790


def json_value(value: str | None, type_oid: int) -> str:
    """A value's text as JSON, by its type."""
    if value is None:
        return "null"
    if type_oid == _BOOL:
        return "true" if value == "t" else "false"
    if type_oid in _NUMBERS and _JSON_NUMBER.fullmatch(value):
        return value
    if type_oid in (_JSON, _JSONB):
        return _JSON_CONTROLS.sub(_json_escape, value)
    if type_oid in ARRAYS:
        return _json_array(parse_array(value), ARRAYS[type_oid])
    return _json_text(value)


def _json_array(values: Sequence[object], element_oid: int) -> str:
    return (
        "["
        + ", ".join(
            _json_array(value, element_oid)
            if isinstance(value, list)
            else json_value(None if value is None else str(value), element_oid)
            for value in values
        )
        + "]"
    )


def _json_text(text: str) -> str:
    return _JSON_CONTROLS.sub(_json_escape, json.dumps(text, ensure_ascii=False))


def _json_escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match.group()):04x}"


def _distinct(columns: Sequence[Column]) -> list[str]:
    """The columns' names, with a number where one comes again: an object's keys are distinct."""
    taken: set[str] = set()
    names = []
    for column in columns:
        name, number = column.name, 1
        while name in taken:
            number += 1
            name = f"{column.name}_{number}"
        taken.add(name)
        names.append(name)
    return names


def _csv_field(value: str | None) -> str:
    if value is None:
        return ""
    if not value or _CSV_SPECIAL.search(value):
        return '"' + value.replace('"', '""') + '"'
    return value


def _markdown_cell(value: str | None) -> str:
    if value is None:
        return ""
    return "<br>".join(_MARKDOWN_SPECIAL.sub(r"\\\g<0>", line) for line in lines(value))
