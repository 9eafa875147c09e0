"""Charts of a result in block characters: bars, a line, a histogram. Lines of text, as wide as there is room."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from math import isfinite
from typing import Final

from tui.core.events import Column
from tui.core.export import right_aligned
from tui.core.feed import RowSource
from tui.core.progress import Progress
from tui.core.terminal import lines, width

_EIGHTHS: Final = " ▏▎▍▌▋▊▉█"
_BRAILLE: Final = 0x2800
# The dots of a braille cell, by column and row from above (Unicode 15.1, Braille Patterns).
_DOTS: Final = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
_BARS: Final = 1000
_LABEL: Final = 24
_BINS: Final = 20


class Kind(StrEnum):
    """What a chart shows."""

    BAR = "bar"
    LINE = "line"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines to show, and what must be said with them."""

    lines: tuple[str, ...]
    note: str = ""


def numeric_columns(source: RowSource) -> list[int]:
    """The columns that can be charted."""
    return [index for index, column in enumerate(source.columns) if right_aligned(column)]


def label_column(columns: Sequence[Column]) -> int | None:
    """The column that names bars: the first that is no number."""
    return next((index for index, column in enumerate(columns) if not right_aligned(column)), None)


def draw(kind: Kind, source: RowSource, column: int, size: tuple[int, int], progress: Progress | None = None) -> Chart:
    """Chart a column of numbers in `size` (width, height) of cells.

    Raises:
        WorkStopped: through `progress`.
    """
    progress = progress or Progress()
    room, height = max(size[0], 20), max(size[1], 4)

    def values() -> Iterable[float]:
        rows = progress.over(source.slice(0, source.rows), source.rows)
        return (number for row in rows if (number := _number(row[column])) is not None)

    match kind:
        case Kind.BAR:
            return _bars(source, column, room)
        case Kind.LINE:
            return _line(values, source.rows, room, height)
        case Kind.HISTOGRAM:
            return _histogram(values, room)


def _number(text: str | None) -> float | None:
    """A finite number, or None; money's signs are left out."""
    if text is None:
        return None
    try:
        number = float(text)
    except ValueError:
        digits = "".join(one for one in text if one.isdigit() or one in ".-")
        try:
            number = float(digits)
        except ValueError:
            return None
    return number if isfinite(number) else None


def _bars(source: RowSource, column: int, room: int) -> Chart:
    # Where all columns are numbers, the first most likely says what the others are of.
    labels = 0 if (named := label_column(source.columns)) is None and column else named
    found = []
    for index, row in enumerate(islice(source.slice(0, source.rows), _BARS)):
        number = _number(row[column])
        if number is not None:
            name = str(index + 1) if labels is None else "NULL" if row[labels] is None else str(row[labels])
            found.append((name, number, row[column] or ""))
    note = f"The first {_BARS:,} rows are shown." if source.rows > _BARS else ""
    return Chart(tuple(bar_lines(found, room)), note if found else "There is no number to show.")


def bar_lines(bars: Sequence[tuple[str, float, str]], room: int) -> list[str]:
    """A line for each (label, value, value as text); bars of negative values reach to the left of the zero line."""
    if not bars:
        return []
    names = [_short(label) for label, _, _ in bars]
    left, right = max(map(width, names)), max(len(text) for _, _, text in bars)
    low, high = min(0.0, *(v for _, v, _ in bars)), max(0.0, *(v for _, v, _ in bars))
    space = max(room - left - right - 3, 4)
    scale = space / ((high - low) or 1.0)
    zero = round(-low * scale)
    shown = []
    for name, (_, value, text) in zip(names, bars, strict=True):
        if value >= 0:
            bar = " " * zero + _bar(value * scale)
        else:
            length = round(-value * scale)
            bar = " " * (zero - length) + "█" * length
        shown.append(f"{name}{' ' * (left - width(name))} {bar.ljust(space + 1)} {text.rjust(right)}")
    return shown


def _bar(length: float) -> str:
    whole, part = divmod(round(length * 8), 8)
    return "█" * whole + (_EIGHTHS[part] if part else "")


def _short(label: str) -> str:
    text = " ".join(lines(label[:_LABEL]))
    while width(text) > _LABEL:
        text = text[:-1]
    return text


def _histogram(values: Callable[[], Iterable[float]], room: int) -> Chart:
    low, high, count = _range(values())
    if not count:
        return Chart((), "There is no number to show.")
    bins = 1 if low == high else _BINS
    step = (high - low) / bins
    counts = [0] * bins
    for value in values():
        counts[min(bins - 1, int((value - low) / step)) if step else 0] += 1
    bars = [(f"{low + index * step:,.6g} …", float(many), f"{many:,}") for index, many in enumerate(counts)]
    note = f"{count:,} numbers from {low:,.6g} to {high:,.6g}; each bar begins at its label."
    return Chart(tuple(bar_lines(bars, room)), note)


def _line(values: Callable[[], Iterable[float]], rows: int, room: int, height: int) -> Chart:
    """The mean of each dot's rows, from the first row at the left to the last at the right."""
    low, high, count = _range(values())
    if not count:
        return Chart((), "There is no number to show.")
    margin = max(len(f"{low:,.6g}"), len(f"{high:,.6g}"))
    cells = max(room - margin - 1, 4)
    across = min(cells * 2, count)
    sums, counts = [0.0] * across, [0] * across
    for index, value in enumerate(values()):
        at = index * across // count
        sums[at] += value
        counts[at] += 1
    means = [total / many for total, many in zip(sums, counts, strict=True) if many]
    grid = _plot(means, low, high, cells, height)
    shown = []
    for number, cells_of_line in enumerate(grid):
        label = f"{high:,.6g}" if number == 0 else f"{low:,.6g}" if number == height - 1 else ""
        shown.append(f"{label.rjust(margin)} {''.join(chr(_BRAILLE + cell) for cell in cells_of_line)}")
    each = f", {count // across:,} to a dot" if count > across else ""
    return Chart(tuple(shown), f"{count:,} of {rows:,} rows from left to right{each}.")


def _plot(means: Sequence[float], low: float, high: float, cells: int, height: int) -> list[list[int]]:
    """Dots, and between neighbours the dots that join them."""
    grid = [[0] * cells for _ in range(height)]
    dots = height * 4 - 1
    spread = (high - low) or 1.0
    stretch = (cells * 2 - 1) / max(1, len(means) - 1)
    before: tuple[int, int] | None = None
    for index, mean in enumerate(means):
        x, y = round(index * stretch), dots - round((mean - low) / spread * dots)
        x0, y0 = before or (x, y)
        steps = max(abs(x - x0), abs(y - y0), 1)
        for step in range(steps + 1):
            at_x, at_y = x0 + round((x - x0) * step / steps), y0 + round((y - y0) * step / steps)
            grid[at_y // 4][at_x // 2] |= _DOTS[at_x % 2][at_y % 4]
        before = (x, y)
    return grid


def _range(values: Iterable[float]) -> tuple[float, float, int]:
    low, high, count = float("inf"), float("-inf"), 0
    for value in values:
        low, high, count = min(low, value), max(high, value), count + 1
    return low, high, count
