"""Sorting, filtering and search over rows on disk: what a plain scan and Python's sort would give."""

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.core.arrange import Order, arrange, find
from tui.core.conditions import equal_to, predicate
from tui.core.errors import FilterInvalid, WorkStopped
from tui.core.events import Column
from tui.core.feed import ResultFeed
from tui.core.progress import Progress

INT, TEXT, NUMERIC, BOOL, STAMP = 23, 25, 1700, 16, 1114
COLUMNS = (Column("id", INT), Column("Name", TEXT), Column("a b", NUMERIC))
NUMBERS = st.one_of(st.none(), st.integers(-(2**31), 2**31 - 1).map(str))
TEXTS = st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=4))
DECIMALS = st.one_of(st.none(), st.decimals(allow_nan=False, allow_infinity=False, places=3).map(lambda d: f"{d:f}"))
ROWS = st.lists(st.tuples(NUMBERS, TEXTS, DECIMALS), max_size=30)


def feed(rows, columns=COLUMNS):
    made = ResultFeed(columns)
    made.add(rows)
    return made


@settings(max_examples=25)
@given(ROWS, st.booleans())
def test_numbers_and_texts_are_sorted_as_python_sorts_them(rows, descending):
    """Stable, with NULL as the greatest."""
    for column, value in ((0, int), (1, str.encode), (2, float)):

        def key(row, column=column, value=value):
            return (row[column] is None, value(row[column]) if row[column] is not None else 0)

        rows = [row for row in rows if column != 2 or row[2] is None or len(row[2]) < 15]
        expected = sorted(rows, key=key, reverse=descending)
        if descending:
            expected = [row for _, row in sorted(enumerate(rows), key=lambda p: (key(p[1]), -p[0]), reverse=True)]
        assert list(arrange(feed(rows), None, [Order(column, descending)]).slice(0, 99)) == expected


def test_by_several_columns_and_filtered():
    source = feed([("2", "b", None), ("1", "b", None), ("3", "a", None), ("4", "c", None)])
    arranged = arrange(source, predicate("name != c", COLUMNS), [Order(1, descending=True), Order(0)])
    assert [row[0] for row in arranged.slice(0, 9)] == ["1", "2", "3"]
    assert (arranged.rows, arranged.number(0), arranged.row(2)[0], arranged.row(3)) == (3, 1, "3", None)


def test_a_style_that_is_not_read_is_sorted_as_text():
    source = feed([("02.01.2024",), ("2024-01-01 00:00:00",), ("01.02.2024",)], (Column("d", STAMP),))
    assert [row[0] for row in arrange(source, None, [Order(0)]).slice(0, 9)] == sorted(r[0] for r in source.slice(0, 9))


@settings(max_examples=25)
@given(ROWS, st.text("ab1%_ é", min_size=1, max_size=2))
def test_a_search_finds_what_a_scan_finds(rows, text):
    hits = [n for n, row in enumerate(rows) if any(v is not None and text.casefold() in v.casefold() for v in row)]
    wanted, source = predicate(text, COLUMNS), feed(rows)
    assert [n for n in range(len(rows)) if find(source, wanted, n) == n] == hits
    assert find(source, wanted, 0) == (hits[0] if hits else None)
    assert find(source, wanted, len(rows) - 1, backwards=True) == (hits[-1] if hits else None)
    assert arrange(source, wanted, []).rows == len(hits)


@given(TEXTS)
def test_the_filter_for_a_value_finds_it(value):
    for column in (Column("Name", TEXT), Column('we"ird and ', TEXT)):
        assert predicate(equal_to(column, value), [column])((value,))
        assert not predicate(equal_to(column, value), [column])(("no" if value is None else value + "x",))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("id > 9", ["10"]),
        ("id<=9", ["9", "-1"]),
        ('"a b" = 1.5', ["10"]),
        ('"A B" = 1.50 and id = 10', ["10"]),
        ("name is null", ["9"]),
        ("NAME is not null", ["10", "-1"]),
        ("name like A_%", ["10"]),
        ("name not like 'A%'", ["-1"]),
        ("name ilike '%MSTER%' and id != 9", ["10"]),
        ("name ~ '^A'", ["10"]),
        ("name !~ '^A'", ["-1"]),
        ("name = 'x and y'", ["-1"]),
        ("/^-/", ["-1"]),
        ("STERD", ["10"]),
        ("and", ["-1"]),
        ("city = 1", []),
    ],
)
def test_conditions(text, found):
    rows = [("10", "Amsterdam", "1.500"), ("9", None, "2"), ("-1", "x and y", None)]
    keep = predicate(text, COLUMNS)
    assert [row[0] for row in rows if keep(row)] == found


@pytest.mark.parametrize("text", ["/(/", "id = x", '"nope" = 1', "id = 1 and nope = 2", "name ~ ["])
def test_what_cannot_be_understood_is_refused(text):
    with pytest.raises(FilterInvalid):
        predicate(text, COLUMNS)


@pytest.mark.parametrize("text", ["/(a|a)*$/", "name ~ '^(a|a)*$'", "name !~ '(a|a)*$'"])
def test_a_pattern_that_tries_every_way_is_given_up(text):
    """Python's own engine would take years."""
    with pytest.raises(FilterInvalid, match="takes too long"):
        predicate(text, COLUMNS)((None, "a" * 60 + "b", None))


def test_other_threads_run_while_a_pattern_is_tried():
    def search():
        with pytest.raises(FilterInvalid):
            predicate("/(a|a)*$/", COLUMNS)((None, "a" * 60 + "b", None))

    thread = threading.Thread(target=search)
    thread.start()
    turns = 0
    while thread.is_alive():
        turns += 1
        thread.join(0.001)
    assert turns > 20


def test_a_pattern_knows_what_the_servers_knows():
    assert predicate(r"name ~ '^(?=.*c)(.)b\1'", COLUMNS)(("1", "abac", None))


def test_a_slow_row_does_not_keep_from_stopping():
    """Each row may take as long as a pattern is tried."""
    progress, seen = Progress(), []

    def slow(row):
        seen.append(row)
        progress.stop()
        return True

    with pytest.raises(WorkStopped):
        arrange(feed([("1", None, None)] * 10), slow, [], progress)
    assert len(seen) == 1


def test_a_like_pattern_may_span_lines():
    assert predicate("name like 'a%z'", COLUMNS)(("1", "a\n\nz", None))
    assert not predicate("name like 'a\\%z'", COLUMNS)(("1", "a\n\nz", None))


def test_work_can_be_stopped():
    progress = Progress()
    progress.stop()
    with pytest.raises(WorkStopped):
        arrange(feed([("1", None, None)]), None, [Order(0)], progress)
    with pytest.raises(WorkStopped):
        find(feed([("1", None, None)]), lambda row: False, 0, progress=progress)
