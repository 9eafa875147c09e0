"""Charts: what is drawn says what the numbers say."""

import pytest

from tui.core.chart import Kind, bar_lines, draw, label_column, numeric_columns
from tui.core.events import Column
from tui.core.feed import ResultFeed
from tui.core.terminal import width

COLUMNS = (Column("name", 25), Column("n", 23), Column("m", 790))


def feed(rows):
    made = ResultFeed(COLUMNS)
    made.add(rows)
    return made


def test_bars_are_as_long_as_their_values():
    source = feed([("one", "1", None), ("two", "2", None), ("none", None, None), ("four", "4", None)])
    lines = draw(Kind.BAR, source, 1, (60, 10)).lines
    assert [line.split()[0] for line in lines] == ["one", "two", "four"]
    lengths = [line.count("█") for line in lines]
    assert lengths[2] == pytest.approx(4 * lengths[0], abs=4)
    assert {width(line) for line in lines} == {60}


def test_negative_bars_and_controls_in_labels():
    lines = bar_lines([("a\x1b[31m", -2.0, "-2"), ("界", 2.0, "2")], 40)
    assert "\x1b" not in "".join(lines)
    assert {width(line) for line in lines} == {40}
    assert lines[0].index("█") < lines[1].index("█")


def test_a_histogram_counts_every_number():
    chart = draw(Kind.HISTOGRAM, feed([("x", str(n), None) for n in range(1000)]), 1, (60, 10))
    assert sum(int(line.split()[-1].replace(",", "")) for line in chart.lines) == 1000
    assert "1,000 numbers from 0 to 999" in chart.note


def test_a_rising_line_rises():
    lines = draw(Kind.LINE, feed([("x", str(n), None) for n in range(500)]), 1, (40, 6)).lines
    assert len(lines) == 6
    drawn = [[at for at, one in enumerate(line[4:]) if one != "\u2800"] for line in lines]
    assert max(drawn[0]) > max(drawn[-1])
    assert drawn[0][0] > drawn[-1][0]


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("values", [[], [None], ["NaN"], ["5"], ["Infinity", "1"], ["1e300", "-1e300"]])
def test_odd_numbers(kind, values):
    draw(kind, feed([("x", value, None) for value in values]), 1, (10, 2))


def test_money_is_a_number():
    assert numeric_columns(feed([])) == [1, 2]
    assert label_column(COLUMNS) == 0
    assert draw(Kind.HISTOGRAM, feed([("x", None, "-$1,234.50")]), 2, (40, 5)).note.startswith(
        "1 numbers from -1,234.5"
    )


def test_where_all_columns_are_numbers_the_first_names_the_bars():
    source = ResultFeed((Column("day", 23), Column("n", 23)))
    source.add([("31", "5")])
    assert draw(Kind.BAR, source, 1, (40, 5)).lines[0].startswith("31 ")
    assert draw(Kind.BAR, source, 0, (40, 5)).lines[0].startswith("1 ")
