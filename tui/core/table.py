"""Results for reading, as psql aligns them: a page at a time, so that memory stays flat."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, TextIO

from tui.core.events import Column, Row
from tui.core.export import right_aligned
from tui.core.terminal import lines, width

_PAGE_ROWS: Final = 1000


class TableWriter:
    """Aligned columns. Widths fit the first page; a later page with wider values widens its columns from there on."""

    def __init__(self, out: TextIO, *, null: str = "", footer: bool = True) -> None:
        self._out = out
        self._null = null
        self._footer = footer
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
        if self._footer:
            self._out.write(f"({self._count} row{'' if self._count == 1 else 's'})\n\n")

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
        template = " | ".join(
            f"{{:{'>' if right_aligned(column) else '<'}{room}}}"
            for column, room in zip(self._columns, self._widths, strict=True)
        )
        self._out.write("".join([f" {template.format(*row)}".rstrip(" ") + "\n" for row in texts]))

    def _write_any(self, page: Sequence[Sequence[list[str]]]) -> None:
        headings = [lines(column.name) for column in self._columns]
        for row in (headings, *page):
            self._widen([[max(map(width, cell))] for cell in row])
        if self._count < 0:
            self._count = 0
            self._write_row(headings, [_centred] * len(headings))
            self._out.write("+".join("-" * (room + 2) for room in self._widths) + "\n")
        aligned = [_right if right_aligned(column) else _left for column in self._columns]
        for row in page:
            self._write_row(row, aligned)

    def _write_row(self, cells: Sequence[Sequence[str]], align: Sequence[Callable[[str, int], str]]) -> None:
        """One row, over as many lines as its tallest value; `+` marks a value that goes on (as in psql)."""
        tallest = max(map(len, cells), default=1)
        if tallest == 1:
            placed = zip(cells, self._widths, align, strict=True)
            line = " | ".join([place(cell[0], room) for cell, room, place in placed])
            self._out.write(f" {line}".rstrip(" ") + "\n")
            return
        for index in range(tallest):
            parts = []
            for cell, room, place in zip(cells, self._widths, align, strict=True):
                text = cell[index] if index < len(cell) else ""
                parts.append(f" {place(text, room)}{'+' if index + 1 < len(cell) else ' '}")
            # psql leaves the last column unpadded.
            self._out.write("|".join(parts).rstrip(" ") + "\n")


class ExpandedWriter:
    r"""One line a value, one block a row: psql's \x."""

    def __init__(self, out: TextIO, *, null: str = "", footer: bool = True) -> None:
        self._out = out
        self._null = null
        self._footer = footer
        self._names: list[str] = []
        self._count = 0

    def begin(self, columns: Sequence[Column]) -> None:
        self._names = [" ".join(lines(column.name)) for column in columns]
        self._count = 0

    def rows(self, rows: Sequence[Row]) -> None:
        room = max(map(width, self._names), default=0)
        for row in rows:
            self._count += 1
            self._out.write(f"-[ RECORD {self._count} ]".ljust(room + 1, "-") + "-\n")
            for name, value in zip(self._names, row, strict=True):
                first, *others = lines(self._null if value is None else value)
                self._out.write(f"{_left(name, room)} | {first}".rstrip(" ") + "\n")
                self._out.writelines(f"{' ' * room} | {other}\n" for other in others)

    def end(self) -> None:
        if self._footer:
            self._out.write("\n" if self._count else "(0 rows)\n\n")


def _left(text: str, room: int) -> str:
    return text + " " * (room - width(text))


def _right(text: str, room: int) -> str:
    return " " * (room - width(text)) + text


def _centred(text: str, room: int) -> str:
    spare = room - width(text)
    return " " * (spare // 2) + text + " " * (spare - spare // 2)
