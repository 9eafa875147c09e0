"""Rows into a file: CSV, JSON, Markdown, and through `tui.core.arrow` Parquet and Arrow. Nothing half-written stays."""

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final, TextIO

from tui.core.errors import ExportFailed, ExportNotInstalled
from tui.core.events import Column, Row
from tui.core.export import CsvWriter, JsonLinesWriter, JsonWriter, MarkdownWriter, ResultWriter
from tui.core.feed import RowSource
from tui.core.progress import Progress

_BATCH_ROWS: Final = 10_000
_BATCH_CHARACTERS: Final = 8_000_000


class FileForm(StrEnum):
    """Forms of files, by the ending of their names."""

    CSV = ".csv"
    JSON = ".json"
    JSON_LINES = ".jsonl"
    MARKDOWN = ".md"
    PARQUET = ".parquet"
    ARROW = ".arrow"

    @property
    def is_arrow(self) -> bool:
        """Whether it needs the libraries of the extra `export`."""
        return self in (FileForm.PARQUET, FileForm.ARROW)


_WRITERS: Final[dict[FileForm, Callable[[TextIO], ResultWriter]]] = {
    FileForm.CSV: CsvWriter,
    FileForm.JSON: JsonWriter,
    FileForm.JSON_LINES: JsonLinesWriter,
    FileForm.MARKDOWN: MarkdownWriter,
}


def form_of(path: Path) -> FileForm:
    """The form that a file's name asks for.

    Raises:
        ExportFailed: its ending names none.
        ExportNotInstalled: the form needs a library that is not here.
    """
    try:
        form = FileForm(path.suffix.lower())
    except ValueError:
        raise ExportFailed(
            f"{path.name!r} does not say in which form.", remedy=f"End the name in {', '.join(FileForm)}."
        ) from None
    if form.is_arrow:
        try:
            import pyarrow  # noqa: F401
        except ImportError:
            raise ExportNotInstalled(f"{form} files need pyarrow, which is not installed.") from None
    return form


def save(source: RowSource, path: Path, progress: Progress | None = None) -> int:
    """Write all rows of `source`; tells how many.

    Raises:
        ExportFailed: the file cannot be written.
        ExportNotInstalled: the form needs a library that is not here.
        WorkStopped: through `progress`; no file is left then.
    """
    progress = progress or Progress()
    form, count = form_of(path), source.rows
    with whole_file(path) as out:
        rows = progress.over(source.slice(0, count), count)
        if form.is_arrow:
            from tui.core.arrow import arrow_columns, write_arrow

            write_arrow(out, form, arrow_columns(source, progress), batches(rows))
        else:
            with text_file(out) as text:
                write_rows(text, form, source.columns, batches(rows))
    return count


def write_rows(out: TextIO, form: FileForm, columns: Sequence[Column], rows: Iterable[Sequence[Row]]) -> None:
    """Write batches of rows as text."""
    writer = _WRITERS[form](out)
    writer.begin(columns)
    for batch in rows:
        writer.rows(batch)
    writer.end()


@contextmanager
def text_file(out: BinaryIO) -> Iterator[TextIO]:
    """A text file over a binary one, which stays open."""
    text = open(out.fileno(), "w", encoding="utf-8", newline="", closefd=False)  # noqa: SIM115
    try:
        yield text
        text.flush()
    finally:
        with suppress(OSError):
            text.close()


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file beside `path` that takes its name once it is whole; otherwise it goes, and what was at `path` stays.

    Raises:
        ExportFailed: it cannot be written.
    """
    beside: Path | None = None
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name[:100]}.", suffix=".part", dir=path.parent)
        beside = Path(name)
        with open(descriptor, "wb") as out:  # noqa: PTH123 - a descriptor, not a path
            yield out
        beside.chmod(0o666 & ~_umask())
        beside.replace(path)
        beside = None
    except OSError as error:
        raise ExportFailed(f"{path} cannot be written: {error.strerror or error}.") from None
    finally:
        if beside is not None:
            with suppress(OSError):
                beside.unlink()


def batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """The rows in lists that are neither long nor large."""
    iterator = iter(rows)
    wanted = 100
    while batch := list(islice(iterator, wanted)):
        characters = sum(len(value) for row in batch for value in row if value)
        width = max(1, characters // len(batch))
        wanted = max(1, min(_BATCH_ROWS, wanted * 10, _BATCH_CHARACTERS // width))
        yield batch


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
