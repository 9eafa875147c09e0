"""Rows as Arrow columns, typed as PostgreSQL typed them, for Parquet and Arrow files. Needs pyarrow (extra `export`).

A column whose values do not fit the type's usual Arrow form (a timestamp `infinity`, a numeric of 80 digits) becomes a
column of texts: nothing is rounded or left out.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any, BinaryIO, Final

import pyarrow as pa

from tui.core.arrays import element_types, parse_array
from tui.core.errors import ExportFailed
from tui.core.events import Column, Row
from tui.core.export import distinct_names
from tui.core.feed import RowSource
from tui.core.progress import Progress

_NUMERIC, _BYTEA = 1700, 17
_PRECISE: Final = 38
_MOST_PRECISE: Final = 76
_PLAIN: Final[dict[int, Callable[[], Any]]] = {
    16: pa.bool_,
    20: pa.int64,
    21: pa.int16,
    23: pa.int32,
    26: pa.uint32,
    700: pa.float32,
    701: pa.float64,
    _BYTEA: pa.binary,
    1082: pa.date32,
    1083: lambda: pa.time64("us"),
    1114: lambda: pa.timestamp("us"),
    1184: lambda: pa.timestamp("us", "UTC"),
}
# Types with values that Arrow has no word for.
_DOUBTFUL: Final = frozenset({1082, 1083, 1114, 1184})
Values = Sequence[str | None]


@dataclass(frozen=True, slots=True)
class ArrowColumn:
    """A column of the file: its name, its Arrow type, and how values become an array of that type."""

    name: str
    type: Any
    convert: Callable[[Values], Any]


def arrow_columns(source: RowSource, progress: Progress) -> list[ArrowColumn]:
    """How the columns of a result are written; reads all rows once where their types alone do not tell.

    Raises:
        WorkStopped: through `progress`.
    """
    columns = source.columns
    examined = {index: _Examined(column.type_oid) for index, column in enumerate(columns) if _is_doubtful(column)}
    if examined:
        for row in progress.over(source.slice(0, source.rows), source.rows):
            for index, facts in examined.items():
                value = row[index]
                if value is not None:
                    facts.see(value)
    return [
        _column(name, column, examined.get(index))
        for index, (name, column) in enumerate(zip(distinct_names(columns), columns, strict=True))
    ]


def write_arrow(out: BinaryIO, form: str, columns: Sequence[ArrowColumn], batches: Iterable[Sequence[Row]]) -> None:
    """Write batches of rows as a Parquet or an Arrow file (IPC, also known as Feather 2)."""
    schema = pa.schema([(column.name, column.type) for column in columns])
    try:
        with open_writer(out, form, schema) as writer:
            for batch in batches:
                values = list(zip(*batch, strict=True)) or [()] * len(columns)
                arrays = [column.convert(one) for column, one in zip(columns, values, strict=True)]
                writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))
    except pa.ArrowException as error:
        raise ExportFailed(f"A value does not fit the file's form: {error}", remedy="Export it as CSV.") from None


def open_writer(out: BinaryIO, form: str, schema: Any) -> Any:
    """A writer of record batches."""
    if form == ".parquet":
        from pyarrow import parquet

        return parquet.ParquetWriter(out, schema, compression="zstd")
    return pa.ipc.new_file(out, schema)


class _Examined:
    """What the values of a column have in common."""

    def __init__(self, type_oid: int) -> None:
        self._type_oid = type_oid
        self.fits = True
        self.whole = self.fraction = 0

    def see(self, value: str) -> None:
        """Take a value into account."""
        if self._type_oid == _NUMERIC:
            digits = value.removeprefix("-")
            self.fits = self.fits and digits[:1].isdigit()
            whole, _, fraction = digits.partition(".")
            self.whole, self.fraction = max(self.whole, len(whole)), max(self.fraction, len(fraction))
        elif self._type_oid in _DOUBTFUL:
            # Arrow knows years of four digits, before no era, and no 24:00.
            self.fits = self.fits and not value.endswith("BC") and _is_usual(self._type_oid, value)
        else:
            # Arrays of several dimensions, or with bounds of their own.
            self.fits = self.fits and not value.startswith(("{{", "["))


def _is_usual(type_oid: int, value: str) -> bool:
    return not value.startswith("24") if type_oid == 1083 else value[4:5] == "-" and value[:4].isdigit()


def _is_doubtful(column: Column) -> bool:
    return column.type_oid in _DOUBTFUL or column.type_oid == _NUMERIC or column.type_oid in element_types()


def _column(name: str, column: Column, examined: _Examined | None) -> ArrowColumn:
    oid = column.type_oid
    if examined is not None and not examined.fits:
        return _as_text(name)
    if oid == _NUMERIC and examined is not None:
        precision = max(1, examined.whole + examined.fraction)
        if precision > _MOST_PRECISE:
            return _as_text(name)
        make = pa.decimal128 if precision <= _PRECISE else pa.decimal256
        kind = make(precision, examined.fraction)
        return ArrowColumn(name, kind, lambda values: pa.array(values, pa.string()).cast(kind))
    if (element := element_types().get(oid)) is not None:
        if element == _NUMERIC or element in _DOUBTFUL:
            return _as_text(name)
        inner = _column(name, Column(name, element), None)
        return ArrowColumn(name, pa.list_(inner.type), lambda values: _lists(values, inner))
    if oid in _PLAIN:
        kind = _PLAIN[oid]()
        return ArrowColumn(name, kind, lambda values: _plain(oid, kind, values))
    return _as_text(name)


def _as_text(name: str) -> ArrowColumn:
    return ArrowColumn(name, pa.string(), lambda values: pa.array(values, pa.string()))


def _plain(oid: int, kind: Any, values: Values) -> Any:
    match oid:
        case 16:
            return pa.array([None if value is None else value == "t" for value in values], kind)
        case 700 | 701:
            return pa.array([None if value is None else float(value) for value in values], kind)
        case 1083:
            return pa.array([None if value is None else time.fromisoformat(value) for value in values], kind)
        case 17:
            return pa.array([None if value is None else _bytes(value) for value in values], kind)
    return pa.array(values, pa.string()).cast(kind)


def _bytes(value: str) -> bytes:
    return bytes.fromhex(value[2:]) if value.startswith("\\x") else value.encode()


def _lists(values: Values, inner: ArrowColumn) -> Any:
    parsed = [None if value is None else parse_array(value) for value in values]
    flat = [one if isinstance(one, str) else None for values in parsed if values for one in values]
    offsets: list[int | None] = []
    at = 0
    for one in parsed:
        offsets.append(None if one is None else at)
        at += len(one or ())
    offsets.append(at)
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), inner.convert(flat))
