"""\\crosstabview: rows as a grid, with psql's own refusals."""

import pytest

from tui.core.crosstab import crosstab
from tui.core.errors import MetaCommandFailed
from tui.core.events import Column

INT, TEXT = 23, 25
COLUMNS = (Column("year", INT), Column("Region", TEXT), Column("sum", INT))
ROWS = [("2023", "north", "1"), ("2023", "south", None), ("2024", "north", "3"), ("2024", None, "4")]


def test_rows_become_a_grid_and_what_is_not_there_is_empty():
    columns, rows = crosstab(COLUMNS, ROWS, [])
    assert [column.name for column in columns] == ["year", "north", "south", ""]
    assert [column.type_oid for column in columns] == [INT] * 4
    assert rows == [("2023", "1", None, ""), ("2024", "3", "", "4")]


def test_columns_are_named_or_numbered_and_ordered_by_another():
    columns = (*COLUMNS, Column("rank", INT))
    rows = [("a", "x", "1", "10"), ("a", "y", "2", "9"), ("b", "y", "3", "9")]
    made, grid = crosstab(columns, rows, ["1", '"Region"', "SUM", "rank"])
    assert [column.name for column in made] == ["year", "y", "x"]
    assert grid == [("a", "2", "1"), ("b", "3", "")]


@pytest.mark.parametrize(
    ("columns", "names", "told"),
    [
        (COLUMNS[:2], [], "at least three columns"),
        ((*COLUMNS, Column("more", INT)), [], "data column must be specified"),
        (COLUMNS, ["1", "1"], "must be different"),
        (COLUMNS, ["4"], "out of range 1..3"),
        (COLUMNS, ["region"], 'not found: "region"'),
        ((COLUMNS[0], COLUMNS[0], COLUMNS[2]), ["year"], 'ambiguous column name: "year"'),
        (COLUMNS, ["1", "2", "3", "2"], "sorted by a number, not by 'north'"),
    ],
)
def test_what_cannot_be_a_grid_is_refused(columns, names, told):
    with pytest.raises(MetaCommandFailed, match=told):
        crosstab(columns, ROWS if len(columns) == 3 else [], names)


def test_two_values_for_a_place_are_refused():
    with pytest.raises(MetaCommandFailed, match='row "2023", column "north"'):
        crosstab(COLUMNS, [*ROWS, ROWS[0]], [])
