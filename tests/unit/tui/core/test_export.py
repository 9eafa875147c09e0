import csv
import io
import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.core.arrays import parse_array
from tui.core.events import Column
from tui.core.export import CsvWriter, JsonWriter, MarkdownWriter, json_encoder
from tui.core.table import ExpandedWriter, TableWriter

TEXT, INT, NUMERIC, BOOL, JSON, TEXTS, INTS = 25, 23, 1700, 16, 114, 1009, 1007


def write(writer_class, columns, rows, **options):
    out = io.StringIO()
    writer = writer_class(out, **options)
    writer.begin([Column(name, oid) for name, oid in columns])
    writer.rows(rows)
    writer.end()
    return out.getvalue()


VALUES = st.one_of(st.none(), st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=20))
TABLES = st.lists(st.tuples(VALUES, VALUES), max_size=6)


@given(TABLES)
def test_csv_reads_back(rows):
    text = write(CsvWriter, [("a", TEXT), ("b,", TEXT)], rows)
    read = list(csv.reader(io.StringIO(text, newline="")))
    assert read == [["a", "b,"], *([value or "" for value in row] for row in rows)]


def test_csv_tells_null_from_an_empty_text():
    assert write(CsvWriter, [("a", TEXT), ("b", TEXT)], [(None, "")]) == 'a,b\n,""\n'


@given(TABLES)
def test_json_reads_back(rows):
    assert [tuple(row.values()) for row in json.loads(write(JsonWriter, [("a", TEXT), ("b", TEXT)], rows))] == rows


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_json_numbers_keep_every_digit(number):
    text = f"{number:f}"
    assert json.loads(json_encoder(NUMERIC)(text), parse_float=Decimal, parse_int=Decimal) == number


@pytest.mark.parametrize(
    ("text", "oid", "value"),
    [
        ("NaN", NUMERIC, "NaN"),
        ("Infinity", 701, "Infinity"),
        ("t", BOOL, True),
        ('{"a": [1]}', JSON, {"a": [1]}),
        ('{1,NULL,"a,\\"b",{}}', TEXTS, ["1", None, 'a,"b', []]),
        ("{{1,2},{3,4}}", INTS, [[1, 2], [3, 4]]),
        ("[0:1]={1,2}", INTS, [1, 2]),
        ("{}", INTS, []),
        ("2020-01-01", 1082, "2020-01-01"),
    ],
)
def test_json_encoders_by_type(text, oid, value):
    assert json.loads(json_encoder(oid)(text)) == value


def test_json_keys_are_distinct():
    rows = json.loads(write(JsonWriter, [("a", INT), ("a", INT)], [("1", "2")]))
    assert rows == [{"a": 1, "a_2": 2}]


def test_json_without_rows_is_an_empty_array():
    assert json.loads(write(JsonWriter, [("a", INT)], [])) == []


@given(st.lists(st.one_of(st.none(), st.text(max_size=10)), max_size=5))
def test_array_texts_parse(values):
    def quoted(value):
        return "NULL" if value is None else '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'

    assert parse_array("{" + ",".join(map(quoted, values)) + "}") == values


HOSTILE = "\x1b]0;owned\x07\x9b31m\u202egpj\x7f"


@pytest.mark.parametrize(
    ("writer", "options"),
    [
        (TableWriter, {}),
        (ExpandedWriter, {}),
        (MarkdownWriter, {}),
        (JsonWriter, {}),
        (CsvWriter, {"for_terminal": True}),
    ],
)
def test_terminal_controls_never_reach_a_terminal(writer, options):
    text = write(writer, [(HOSTILE, TEXT)], [(HOSTILE,)], **options)
    assert not {"\x1b", "\x07", "\x9b", "\u202e", "\x7f"} & set(text)
    assert "owned" in text


def test_csv_for_a_file_is_exact():
    assert HOSTILE in write(CsvWriter, [("a", TEXT)], [(HOSTILE,)])


def test_a_table_looks_like_psqls():
    rows = [("1", "x"), ("22", None), (None, "two\nlines"), ("3", "表表")]
    assert write(TableWriter, [("n", INT), ("name", TEXT)], rows).splitlines() == [
        " n  | name  ",
        "----+-------",
        "  1 | x",
        " 22 | ",
        "    | two  +",
        "    | lines",
        "  3 | 表表",
        "(4 rows)",
        "",
    ]


def test_a_later_page_may_widen_its_columns():
    out = io.StringIO()
    writer = TableWriter(out)
    writer.begin([Column("a", TEXT), Column("b", TEXT)])
    writer.rows([("x", "y")] * 1000)
    first = out.getvalue()
    assert first.count("\n") == 1002  # written before the end: memory holds a page
    writer.rows([("x" * 9, "y")])
    writer.end()
    assert out.getvalue().endswith(" xxxxxxxxx | y\n(1001 rows)\n\n")


@pytest.mark.parametrize("odd", ["x", "表", "a\nb"])
def test_plain_pages_look_as_odd_ones_do(odd):
    rows = [(str(number), f"name {number}") for number in range(1000)]
    whole = write(TableWriter, [("n", INT), ("name", TEXT)], rows)
    out = io.StringIO()
    writer = TableWriter(out)
    writer.begin([Column("n", INT), Column("name", TEXT)])
    for page in (rows, rows, [("1", odd)]):
        writer.rows(page)
    writer.end()
    body = whole.splitlines()[2:-2]
    assert out.getvalue().splitlines()[2:2002] == body * 2


def test_an_empty_table_has_its_heading():
    assert write(TableWriter, [("a", TEXT)], []) == " a \n---\n(0 rows)\n\n"


def test_expanded_rows():
    assert write(ExpandedWriter, [("a", INT), ("long", TEXT)], [("1", None)]) == "-[ RECORD 1 ]\na    | 1\nlong | \n\n"


def test_markdown_escapes_what_would_break_the_table():
    text = write(MarkdownWriter, [("a|b", TEXT), ("n", INT)], [("x|<b>\ny", "1")])
    assert text.splitlines()[1:3] == ["| --- | ---: |", "| x\\|\\<b\\><br>y | 1 |"]
