"""Laying out changes blanks and the case of keywords only, and says so where it cannot."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.core.completion_options import KeywordCase
from tui.core.errors import FormatRefused
from tui.core.layout import lay_out
from tui.core.statements import tokens


def bare(text):
    return [(k, text[s:e].lower() if k == "word" else text[s:e].rstrip()) for k, s, e in tokens(text) if k != "blank"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "select a,b from t where x=1 and y between 1 and 2",
            "select a, b\nfrom t\nwhere x=1\n  and y between 1 and 2",
        ),
        (
            "select * from a join b on a.id = b.id and b.x left join c using (id)",
            "select *\nfrom a\njoin b on a.id = b.id\n  and b.x\nleft join c using (id)",
        ),
        ("select a::int, now() -- why\nfrom t", "select a::int, now() -- why\nfrom t"),
        (
            "with x as (select 1) select * from x order by 1",
            "with x as (\n  select 1\n)\nselect *\nfrom x\norder by 1",
        ),
        ("insert into t (a, b) values (1, -2)", "insert into t (a, b)\nvalues (1, -2)"),
        ("update t set a = 1 where b", "update t\nset a = 1\nwhere b"),
        ("delete from t where a = :x", "delete from t\nwhere a = :x"),
        ("select count(*) filter (where a) from t", "select count(*) filter (where a)\nfrom t"),
        ("select a[1], b.c from t for update", "select a[1], b.c\nfrom t for update"),
        ("select 1;\n\nselect   2;", "select 1;\n\nselect 2;"),
        ("\\d t\nselect   1", "\\d t\nselect 1"),
    ],
)
def test_layouts(text, expected):
    assert lay_out(text) == expected
    assert lay_out(expected) == expected


def test_keywords_take_a_case_but_names_do_not():
    assert lay_out("Select t.date, Date From t", KeywordCase.UPPER) == "SELECT t.date, DATE\nFROM t"


@pytest.mark.parametrize("text", ["select 'a", "select (1", "select 1)", 'select "a', "select $$a"])
def test_what_is_not_closed_is_refused(text):
    with pytest.raises(FormatRefused):
        lay_out(text)


WORDS = "select from where and or join left on a b 1 case when end with as in between group by order update set values"
OTHERS = "( ) , . ; * :: 'x' \"q\" - = <> -- /*c*/ $$d$$ delete insert into :v \\d exists [ ] e'x' U&\"x\" for union"
PIECES = st.sampled_from([*WORDS.split(), *OTHERS.split(), "\n", " ", "  ", "-- c\n"])


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.lists(PIECES, max_size=30).map(" ".join), st.lists(PIECES, max_size=30).map("".join)))
def test_every_token_stays(text):
    try:
        laid = lay_out(text)
    except FormatRefused:
        return
    assert bare(laid) == bare(text)
