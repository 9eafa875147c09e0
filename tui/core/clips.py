"""Rows as text for the clipboard, in the forms that people paste."""

import io
from collections.abc import Sequence
from enum import StrEnum

from tui.core.events import Column, Row
from tui.core.export import CsvWriter, MarkdownWriter, right_aligned
from tui.core.interpolation import quote_identifier, quote_literal

_TSV = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


class Form(StrEnum):
    """How rows are copied."""

    TSV = "TSV"
    CSV = "CSV"
    MARKDOWN = "Markdown"
    INSERT = "INSERT"
    IN_LIST = "IN list"


def clip(form: Form, columns: Sequence[Column], rows: Sequence[Row], column: int = 0, table: str = "") -> str:
    """The rows as text; an IN list is made of the values of `column` alone, an INSERT goes into `table`."""
    match form:
        case Form.TSV:
            heading = tuple(one.name for one in columns)
            return "".join("\t".join((value or "").translate(_TSV) for value in row) + "\n" for row in (heading, *rows))
        case Form.CSV | Form.MARKDOWN:
            out = io.StringIO()
            writer = CsvWriter(out) if form is Form.CSV else MarkdownWriter(out)
            writer.begin(columns)
            writer.rows(rows)
            writer.end()
            return out.getvalue()
        case Form.INSERT:
            names = ", ".join(quote_identifier(one.name) for one in columns)
            values = (", ".join(_literal(one, value) for one, value in zip(columns, row, strict=True)) for row in rows)
            return f"INSERT INTO {table} ({names}) VALUES\n" + ",\n".join(f"    ({row})" for row in values) + ";\n"
        case Form.IN_LIST:
            # NULL is never IN a list.
            found = dict.fromkeys(row[column] for row in rows if row[column] is not None)
            return "(" + ", ".join(_literal(columns[column], value) for value in found) + ")"


def _literal(column: Column, value: str | None) -> str:
    if value is None:
        return "NULL"
    is_number = right_aligned(column) and column.type_oid != 790 and value[-1:].isdigit()
    return value if is_number else quote_literal(value).strip()
