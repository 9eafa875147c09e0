"""What batch mode writes: results to the output, everything else to the error stream."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO, Final, TextIO

from tui.core.errors import SqlClientError, StatementFailed
from tui.core.events import Columns, Completed, CopyData, Event, Rows
from tui.core.export import CsvWriter, JsonWriter, MarkdownWriter, ResultWriter
from tui.core.table import BARE, ExpandedWriter, Frame, TableWriter, UnalignedWriter
from tui.core.terminal import harmless, width
from tui.core.told import Notice

_EXCERPT: Final = 120


class Format(StrEnum):
    """How results are written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    MARKDOWN = "markdown"
    UNALIGNED = "unaligned"


@dataclass(slots=True)
class Look:
    r"""How tables look, as \pset, \x, \t and \f change it.

    Attributes:
        format: of results.
        expanded: one line a value, in the table and unaligned formats.
        null: stands for NULL there.
        separator: between unaligned values.
        tuples_only: no headings, titles and counts.
        footer: the number of rows stands below.
        record_separator: between the lines of unaligned values.
        csv_separator: between the values of a CSV.
    """

    format: Format = Format.TABLE
    expanded: bool = False
    null: str = ""
    separator: str = "|"
    tuples_only: bool = False
    footer: bool = True
    record_separator: str = "\n"
    csv_separator: str = ","


class Printer:
    """Writes events as they come."""

    def __init__(self, out: TextIO, err: TextIO, look: Look, *, quiet: bool = False) -> None:
        self._out = self._first_out = out
        self._err = err
        self.look = look
        self._quiet = quiet

    def redirect(self, out: TextIO | None) -> None:
        """Write results to `out` from now on, or to where they went at first; the printer closes `out`."""
        self._flush()
        if self._out is not self._first_out:
            self._out.close()
        self._out = out or self._first_out

    @contextmanager
    def flat(self) -> Iterator[None]:
        """Within, nothing is written one line a value."""
        before, self.look.expanded = self.look.expanded, False
        try:
            yield
        finally:
            self.look.expanded = before

    @contextmanager
    def into(self, out: TextIO) -> Iterator[None]:
        """Within, write results to `out`."""
        before, self._out = self._out, out
        try:
            yield
        finally:
            self._out = before

    def show(self, events: Iterable[Event], frame: Frame = BARE) -> None:
        """Write everything that a sent text gives, as it comes."""
        writer, begun, copied = self._writer(frame), False, False
        for event in events:
            match event:
                case Columns():
                    writer.begin(event.columns)
                    begun = True
                case Rows():
                    writer.rows(event.rows)
                    self._flush()
                case CopyData():
                    self._write_bytes(event.data)
                    copied = True
                case Completed():
                    if begun:
                        writer.end()
                    elif frame.title:
                        # As psql: \\watch tells when it was also where no rows come.
                        self._out.write(f"{harmless(frame.title)}\n{event.tag}\n\n")
                        continue
                    # psql, too, has no tag below what a COPY wrote.
                    self._tag(event.tag, gave_rows=begun or copied)
                    begun = copied = False
        self._flush()

    def say(self, text: str, *, end: str = "\n") -> None:
        """Write a text among the results."""
        self._out.write(harmless(text) + end)
        self._flush()

    def echo(self, text: str, *, end: str = "\n") -> None:
        """Write a text where results went at first, wherever they go now."""
        self._first_out.write(harmless(text) + end)
        self._first_out.flush()

    def remark(self, text: str) -> None:
        """Write what a command changed, unless only results are wanted."""
        if not self._quiet:
            self.say(text)

    def tell(self, text: str) -> None:
        """Write a line to the error stream."""
        self._flush()
        self._err.write(harmless(text) + "\n")
        self._err.flush()

    def notice(self, notice: Notice) -> None:
        """Write what the server says besides."""
        self.tell(f"{notice.severity}:  {notice.message}")
        self._more(notice.detail, notice.hint)

    def failure(self, error: SqlClientError, place: str, excerpt: str = "", *, thorough: bool = False) -> None:
        """Write what went wrong at `place` of the script; `thorough`: and all that the server named."""
        if not isinstance(error, StatementFailed):
            self.tell(
                f"{place}{'error: ' if place else ''}{error.what}" + (f"\n{error.remedy}" if error.remedy else "")
            )
            return
        said = error.said
        self.tell(f"{place}{said.severity}:  {said.sqlstate}: {said.message}" + (f"\n{excerpt}" if excerpt else ""))
        self._more(said.detail, said.hint)
        about = said.about if thorough else ()
        for label, text in (("CONTEXT", said.context), *about):
            if text:
                self.tell(f"{label}:  {text}")

    def _more(self, detail: str, hint: str) -> None:
        if detail:
            self.tell(f"DETAIL:  {detail}")
        if hint:
            self.tell(f"HINT:  {hint}")

    def _writer(self, frame: Frame) -> ResultWriter:
        look = self.look
        if frame.below is None and not look.footer:
            frame = Frame(frame.title, ())
        match look.format:
            case Format.CSV:
                return CsvWriter(
                    self._out,
                    for_terminal=self._out.isatty(),
                    separator=look.csv_separator,
                    heading=not look.tuples_only,
                )
            case Format.JSON:
                return JsonWriter(self._out)
            case Format.MARKDOWN:
                return MarkdownWriter(self._out)
            case Format.UNALIGNED:
                return UnalignedWriter(
                    self._out,
                    frame,
                    null=look.null,
                    tuples_only=look.tuples_only,
                    separator=look.separator,
                    record_separator=look.record_separator,
                    expanded=look.expanded,
                    for_terminal=self._out.isatty(),
                )
        if look.expanded:
            return ExpandedWriter(self._out, frame, null=look.null, tuples_only=look.tuples_only)
        return TableWriter(self._out, frame, null=look.null, tuples_only=look.tuples_only)

    def _tag(self, tag: str, *, gave_rows: bool) -> None:
        """As psql: the tag of what changes something, and no tag below a query's rows."""
        is_query = gave_rows and tag.partition(" ")[0] in ("SELECT", "FETCH", "SHOW", "EXPLAIN", "COPY", "")
        if self.look.format in (Format.TABLE, Format.UNALIGNED) and not self._quiet and not is_query:
            self._out.write(tag + "\n")

    def _write_bytes(self, data: bytes) -> None:
        binary: BinaryIO | None = getattr(self._out, "buffer", None)
        if binary is None or self._out.isatty():
            self._out.write(harmless(data.decode(errors="replace")))
            return
        self._out.flush()
        binary.write(data)

    def _flush(self) -> None:
        self._out.flush()


def excerpt(text: str, position: int, line: int) -> str:
    """The line of `text` that holds the 1-based `position`, numbered `line`, with a caret below, cut to fit."""
    offset = min(position - 1, len(text))
    begin = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    before, after = text[begin:offset], text[offset : end if end >= 0 else len(text)]
    cut = "..." if len(before) > _EXCERPT // 2 else ""
    before = cut + harmless(before[-_EXCERPT // 2 :]).expandtabs(1)
    after = harmless(after[: _EXCERPT - len(before)]).expandtabs(1)
    label = f"LINE {line}: "
    return f"{label}{before}{after}\n{' ' * (len(label) + width(before))}^"
