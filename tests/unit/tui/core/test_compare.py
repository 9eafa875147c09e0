"""What two results differ in: as a plain comparison in memory says it."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.core.changes import change_of, changed_columns
from tui.core.compare import compare, usual_keys
from tui.core.errors import ComparisonInvalid
from tui.core.events import Column
from tui.core.feed import ResultFeed

COLUMNS = (Column("id", 23), Column("name", 25))
VALUES = st.one_of(st.none(), st.sampled_from(["a", "b", ""]))
SIDES = st.lists(st.tuples(st.sampled_from(["1", "2", "3", None]), VALUES), max_size=8)


def feed(rows, columns=COLUMNS):
    made = ResultFeed(columns)
    made.add(rows)
    return made


def kinds(comparison):
    return Counter(change_of(row) for row in comparison.feed.slice(0, 999))


@settings(max_examples=40)
@given(SIDES, SIDES)
def test_whole_rows_are_compared_as_multisets(left, right):
    comparison = compare(feed(left), feed(right), None)
    added, removed = Counter(right) - Counter(left), Counter(left) - Counter(right)
    assert (comparison.added, comparison.removed, comparison.changed) == (added.total(), removed.total(), 0)
    assert comparison.same == (Counter(left) & Counter(right)).total()
    rows = list(comparison.feed.slice(0, 999))
    assert Counter(row[1:] for row in rows if change_of(row) == "added") == added
    assert Counter(row[1:] for row in rows if change_of(row) == "removed") == removed


@settings(max_examples=40)
@given(SIDES, SIDES)
def test_by_position(left, right):
    comparison = compare(feed(left), feed(right), [])
    changed = sum(a != b for a, b in zip(left, right, strict=False))
    assert (comparison.changed, comparison.added, comparison.removed) == (
        changed,
        max(0, len(right) - len(left)),
        max(0, len(left) - len(right)),
    )


def test_by_key_the_changed_columns_are_named_in_the_first_result_s_order():
    left = feed([("1", "a"), ("2", "b"), ("3", None)])
    right = feed([("4", "d"), ("3", ""), ("1", "a")])
    rows = list(compare(left, right, ["id"]).feed.slice(0, 9))
    assert rows == [
        ("+ added", "4", "d"),
        ("- removed", "2", "b"),
        ("~ before", "3", None),
        ("~ after: name", "3", ""),
    ]
    assert changed_columns(rows[-1]) == {"name"}


def test_columns_are_matched_by_name():
    right = feed([("x", "a", "1")], (Column("more", 25), Column("name", 25), Column("id", 23)))
    assert compare(feed([("1", "a")]), right, ["id"]).same == 1


def test_what_cannot_be_compared_is_refused():
    other = feed([("1",)], (Column("x", 23),))
    with pytest.raises(ComparisonInvalid):
        compare(feed([("1", "a")]), other, None)
    with pytest.raises(ComparisonInvalid):
        compare(feed([("1", "a")]), feed([]), ["nope"])


def test_the_usual_key_tells_rows_apart():
    assert usual_keys(feed([("1", "a"), ("2", "a")]), feed([("1", "a")])) == ("id",)
    assert usual_keys(feed([("1", "a"), ("1", "b")]), feed([("1", "a")])) == ()
