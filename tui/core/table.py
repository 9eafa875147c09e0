"""Results for reading, as psql aligns them: a page at a time, so that memory stays flat."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TextIO

from tui.core.events import Column, Row
from tui.core.export import right_aligned
from tui.core.terminal import harmless, lines, width

_PAGE_ROWS: Final = 1000


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around a result: a title above it, and lines below it in place of the number of rows."""

    title: str = ""
    below: Sequence[str] | None = None


BARE: Final = Frame()


class TableWriter:
    """Aligned columns. Widths fit the first page; a later page with wider values widens its columns from there on."""

    def __init__(self, out: TextIO, frame: Frame = BARE, *, null: str = "", tuples_only: bool = False) -> None:
        self._out = out
        self._null = null
        self._tuples_only = tuples_only
        self._title = harmless(frame.title)
        self._below = frame.below
        self._columns: Sequence[Column] = ()
        self._widths: list[int] = []
        self._waiting: list[Row] = []
        self._count = -1

    def begin(self, columns: Sequence[Column]) -> None:
        self._columns = columns
        self._widths = [0] * len(columns)
        self._waiting, self._count = [], -1

    def rows(self, rows: Sequence[Row]) -> None:
        self._waiting += rows
        if len(self._waiting) >= _PAGE_ROWS:
            self._flush()

    def end(self) -> None:
        self._flush()
        below = [_counted(self._count)] if self._below is None else self._below
        self._out.write("\n" if self._tuples_only else "".join(f"{harmless(line)}\n" for line in (*below, "")))

    def _flush(self) -> None:
        texts = [[self._null if value is None else value for value in row] for row in self._waiting]
        joined = "".join(map("".join, texts))
        # Nearly every page is plain: one character is one cell, and every value one line.
        if self._count >= 0 and texts and joined.isascii() and joined.isprintable():
            self._widen(zip(*(map(len, row) for row in texts), strict=True))
            self._write_plain(texts)
        else:
            self._write_any([[lines(text) for text in row] for row in texts])
        self._count += len(texts)
        self._waiting = []

    def _widen(self, columns: Iterable[Iterable[int]]) -> None:
        self._widths = [max(room, *column) for room, column in zip(self._widths, columns, strict=True)]

    def _write_plain(self, texts: Sequence[Sequence[str]]) -> None:
        if not self._columns:
            return
        parts = [
            f"{{:{'>' if right_aligned(column) else '<'}{room}}}"
            for column, room in zip(self._columns, self._widths, strict=True)
        ]
        # psql leaves the last column unpadded.
        if not right_aligned(self._columns[-1]):
            parts[-1] = "{}"
        template = f" {' | '.join(parts)}\n"
        self._out.write("".join([template.format(*row) for row in texts]))

    def _write_any(self, page: Sequence[Sequence[list[str]]]) -> None:
        headings = [lines(column.name) for column in self._columns]
        for row in (headings, *page):
            self._widen([[max(map(width, cell))] for cell in row])
        if self._count < 0:
            self._count = 0
            self._write_heading(headings)
        aligned = [_right if right_aligned(column) else _left for column in self._columns]
        for row in page if self._columns else ():
            self._write_row(row, aligned)

    def _write_heading(self, headings: Sequence[list[str]]) -> None:
        if self._title and not self._tuples_only:
            room = sum(self._widths) + 3 * len(self._widths) - 1
            self._out.write(" " * max(0, (room - width(self._title)) // 2) + self._title + "\n")
        if not self._tuples_only:
            if headings:
                self._write_row(headings, [_centred] * len(headings), heading=True)
            self._out.write("+".join("-" * (room + 2) for room in self._widths) + ("" if headings else "--") + "\n")

    def _write_row(
        self, cells: Sequence[Sequence[str]], align: Sequence[Callable[[str, int], str]], *, heading: bool = False
    ) -> None:
        """One row, over as many lines as its tallest value; `+` marks a value that goes on (as in psql)."""
        for index in range(max(map(len, cells), default=1)):
            parts = []
            for cell, room, place in zip(cells, self._widths, align, strict=True):
                text = cell[index] if index < len(cell) else ""
                parts.append(f" {place(text, room)}{'+' if index + 1 < len(cell) else ' '}")
            # psql leaves the last column of a row unpadded, where nothing follows it.
            last = cells[-1]
            if not heading and index + 1 >= len(last):
                text = last[index] if index < len(last) else ""
                parts[-1] = (
                    f" {_right(text, self._widths[-1]) if align[-1] is _right and (text or not index) else text}"
                )
            self._out.write("|".join(parts) + "\n")


class ExpandedWriter:
    r"""One line a value, one block a row: psql's \x. The lines between rows fit the first page."""

    def __init__(self, out: TextIO, frame: Frame = BARE, *, null: str = "", tuples_only: bool = False) -> None:
        self._out = out
        self._null = null
        self._tuples_only = tuples_only
        self._title = harmless(frame.title)
        self._below = frame.below or ()
        self._names: list[list[str]] = []
        self._waiting: list[Row] = []
        self._count = self._room = self._value_room = 0

    def begin(self, columns: Sequence[Column]) -> None:
        self._names = [lines(column.name) for column in columns]
        self._room = max((width(line) for name in self._names for line in name), default=0)
        self._waiting, self._count, self._value_room = [], 0, 0

    def rows(self, rows: Sequence[Row]) -> None:
        self._waiting += rows
        if len(self._waiting) >= _PAGE_ROWS:
            self._flush()

    def end(self) -> None:
        self._flush()
        if self._count or self._tuples_only:
            below = () if self._tuples_only else self._below
            # As psql: one line more before them.
            self._out.write("".join(f"{harmless(line)}\n" for line in (*(["", *below] if below else ()), "")))
        else:
            self._out.write("(0 rows)\n\n")

    def _flush(self) -> None:
        page = [[lines(self._null if value is None else value) for value in row] for row in self._waiting]
        if page and self._title and not self._tuples_only and not self._count:
            self._out.write(self._title + "\n")
        self._value_room = max((width(line) for row in page for cell in row for line in cell), default=0)
        for row in page:
            self._write(row)
        self._waiting = []

    def _write(self, row: Sequence[list[str]]) -> None:
        self._count += 1
        if not self._tuples_only:
            self._out.write(self._ruled(f"-[ RECORD {self._count} ]") + "\n")
        elif self._count > 1:
            self._out.write("\n")
        for name, value in zip(self._names, row, strict=True):
            tallest = max(len(name), len(value))
            for index in range(tallest):
                left = name[index] if index < len(name) else ""
                mark = "+" if index + 1 < len(name) else " "
                text = value[index] if index < len(value) else ""
                goes_on = index + 1 < len(value)
                right = f"{_left(text, self._value_room)}+" if goes_on else text
                self._out.write(f"{_left(left, self._room)}{mark}| {right}\n")

    def _ruled(self, label: str) -> str:
        """The line above a row: as wide as names, bar and values, with a cross where the bar is."""
        line = list(label.ljust(self._room + self._value_room + 3, "-"))
        if len(label) <= self._room + 1:
            line[self._room + 1] = "+"
        return "".join(line)


class UnalignedWriter:
    r"""Values with a sign between them: psql's -A and \a."""

    def __init__(
        self,
        out: TextIO,
        frame: Frame = BARE,
        *,
        null: str = "",
        tuples_only: bool = False,
        separator: str = "|",
        record_separator: str = "\n",
        expanded: bool = False,
        for_terminal: bool = False,
    ) -> None:
        self._out = out
        self._null = null
        self._tuples_only = tuples_only
        self._separator = separator
        self._between = record_separator
        self._expanded = expanded
        self._for_terminal = for_terminal
        self._title = "" if tuples_only else frame.title
        self._below = frame.below
        self._names: list[str] = []
        self._count = 0
        self._begun = False

    def begin(self, columns: Sequence[Column]) -> None:
        self._names = [column.name for column in columns]
        self._count, self._begun = 0, False
        if self._title:
            self._put(self._title)
        if not self._tuples_only and not self._expanded:
            self._put(self._separator.join(self._names))

    def rows(self, rows: Sequence[Row]) -> None:
        for row in rows:
            texts = [self._null if value is None else value for value in row]
            if self._expanded:
                if self._count:
                    self._put("")
                for pair in zip(self._names, texts, strict=True):
                    self._put(self._separator.join(pair))
            elif texts:
                self._put(self._separator.join(texts))
            self._count += 1

    def end(self) -> None:
        below = self._below
        if below is None:
            below = () if self._expanded else [_counted(self._count)]
        for line in () if self._tuples_only else below:
            self._put(line)
        if self._begun:
            # As psql: the last line ends with a line's end, whatever stands between records, but for zero bytes.
            self._out.write("\0" if self._between == "\0" else "\n")

    def _put(self, line: str) -> None:
        self._out.write(self._between if self._begun else "")
        self._out.write(harmless(line) if self._for_terminal else line)
        self._begun = True


def _counted(rows: int) -> str:
    return f"({rows} row{'' if rows == 1 else 's'})"


def _left(text: str, room: int) -> str:
    return text + " " * (room - width(text))


def _right(text: str, room: int) -> str:
    return " " * (room - width(text)) + text


def _centred(text: str, room: int) -> str:
    spare = room - width(text)
    return " " * (spare // 2) + text + " " * (spare - spare // 2)
