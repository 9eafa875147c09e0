"""What is chosen to be run."""

import pytest

from tui.core.chosen import Chosen, read
from tui.core.errors import WorkStopped

TEXT = "select :a;\n  select ':b', x::int, y[1:2]; select :'c';\n\n-- :d\n\\echo :e\nselect 3"


def test_all_with_its_parameters():
    found = read(Chosen(TEXT, 100))
    assert [part.start for part in found.parts] == [100, 113, 142, 162, 171]
    assert found.names == ("a", "c")


@pytest.mark.parametrize(
    ("place", "begins"),
    [("select :a", 0), (":a;", 0), ("select ':b'", 13), ("y[1", 13), (":'c'", 42), ("echo", 62), ("ect 3", 71)],
)
def test_the_statement_at_the_cursor(place, begins):
    cursor = TEXT.index(place)
    found = read(Chosen(TEXT, 0, cursor, TEXT.rfind("\n", 0, cursor) + 1))
    assert [part.start for part in found.parts] == [begins]


def test_nothing_is_chosen_of_nothing():
    assert read(Chosen(" -- a\n", 0, 3, 0)).parts == ()


def test_reading_can_be_stopped():
    with pytest.raises(WorkStopped):
        read(Chosen(TEXT), lambda: True)
