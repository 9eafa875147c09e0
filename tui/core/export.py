"""Results as CSV, JSON and Markdown, written while they come. `tui.core.table` writes them for reading."""

import re
from collections.abc import Callable, Sequence
from json.encoder import encode_basestring as _quote_json
from typing import Final, Protocol, TextIO

from tui.core.arrays import ArrayValue, element_types, parse_array
from tui.core.events import Column, Row
from tui.core.terminal import harmless, lines

_CSV_SPECIAL: Final = re.compile(r'[",\n\r]|\A\\\.\Z')
_BOOL, _JSON, _JSONB = 16, 114, 3802
_NUMBERS: Final = frozenset({20, 21, 23, 26, 700, 701, 1700})
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

    def __init__(self, out: TextIO, *, for_terminal: bool = False, separator: str = ",", heading: bool = True) -> None:
        self._out = out
        self._for_terminal = for_terminal
        self._separator = separator
        self._heading = heading
        self._special = _CSV_SPECIAL if separator == "," else re.compile(rf'["{re.escape(separator)}\n\r]|\A\\\.\Z')

    def begin(self, columns: Sequence[Column]) -> None:
        if self._heading:
            self.rows([tuple(column.name for column in columns)])

    def rows(self, rows: Sequence[Row]) -> None:
        text = "".join([self._separator.join(map(self._field, row)) + "\n" for row in rows])
        self._out.write(harmless(text) if self._for_terminal else text)

    def end(self) -> None:
        pass

    def _field(self, value: str | None) -> str:
        if value is None:
            return ""
        if not value or self._special.search(value):
            return '"' + value.replace('"', '""') + '"'
        return value


class JsonWriter:
    """Each result as an array of objects. Numbers keep every digit; JSON and arrays are nested, not quoted."""

    _first, _between, _last, _empty = "[", ",\n ", "]\n", "[]\n"

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._columns: list[tuple[str, Callable[[str], str]]] = []
        self._separator, self._begun = "", False

    def begin(self, columns: Sequence[Column]) -> None:
        self._columns = [
            (f"{_json_text(name)}: ", json_encoder(column.type_oid))
            for name, column in zip(distinct_names(columns), columns, strict=True)
        ]
        self._separator, self._begun = self._first, False

    def rows(self, rows: Sequence[Row]) -> None:
        for row in rows:
            pairs = [
                key + ("null" if value is None else encode(value))
                for (key, encode), value in zip(self._columns, row, strict=True)
            ]
            self._out.write(f"{self._separator}{{{self._laid_out(', '.join(pairs))}}}")
            self._separator, self._begun = self._between, True

    def _laid_out(self, pairs: str) -> str:
        return pairs

    def end(self) -> None:
        self._out.write(self._last if self._begun else self._empty)


class JsonLinesWriter(JsonWriter):
    """An object a line, for programs that read line by line."""

    _first, _between, _last, _empty = "", "\n", "\n", ""

    def _laid_out(self, pairs: str) -> str:
        # Within texts a line end is escaped; between the parts of a json value it means nothing.
        return pairs.replace("\r", " ").replace("\n", " ")


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


def json_encoder(type_oid: int) -> Callable[[str], str]:
    """What turns a value's text into JSON, by its type."""
    if type_oid == _BOOL:
        return lambda value: "true" if value == "t" else "false"
    if type_oid in _NUMBERS:
        # All but NaN and the infinities end in a digit, and PostgreSQL writes the rest as JSON does.
        return lambda value: value if value[-1].isdigit() else _json_text(value)
    if type_oid in (_JSON, _JSONB):
        return lambda value: value if value.isascii() and "\x7f" not in value else _without_controls(value)
    if (element := element_types().get(type_oid)) is not None:
        encode = json_encoder(element)
        return lambda value: _json_array(parse_array(value), encode)
    return _json_text


def _json_array(values: ArrayValue, encode: Callable[[str], str]) -> str:
    parts = [
        "null" if value is None else encode(value) if isinstance(value, str) else _json_array(value, encode)
        for value in values
    ]
    return f"[{', '.join(parts)}]"


def _json_text(text: str) -> str:
    quoted = _quote_json(text)
    return quoted if quoted.isascii() and "\x7f" not in quoted else _without_controls(quoted)


def _without_controls(text: str) -> str:
    return _JSON_CONTROLS.sub(_json_escape, text)


def _json_escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match.group()):04x}"


def distinct_names(columns: Sequence[Column]) -> list[str]:
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


def _markdown_cell(value: str | None) -> str:
    if value is None:
        return ""
    return "<br>".join(_MARKDOWN_SPECIAL.sub(r"\\\g<0>", line) for line in lines(value))
