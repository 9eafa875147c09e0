"""Completion: what stands where, and that no text whatever upsets it."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tui.core.completion import Completion, complete
from tui.core.completion_names import (
    ForeignKey,
    Match,
    NamedColumn,
    NamedFunction,
    NamedTable,
    NamedType,
    Names,
    PrefixIndex,
)
from tui.core.completion_options import KeywordCase, Options
from tui.core.completion_wanted import Kind
from tui.core.snippets import parse_snippets
from tui.core.statements import tokens


def table(schema, name, *columns):
    return NamedTable(schema, name, tuple(NamedColumn(column, "integer") for column in columns))


NAMES = Names(
    path=("pg_catalog", "public"),
    schemas=("public", "sales", "pg_catalog", "Odd Schema"),
    tables=(
        table("public", "customers", "id", "name", "City"),
        table("public", "orders", "id", "customer_id", "amount", "order"),
        table("public", "order_lines", "order_id", "line"),
        table("sales", "store_sales", "item", "amount"),
        table("sales", 'Mi"xed', "x y"),
        table("pg_catalog", "pg_class", "oid", "relname"),
    ),
    functions=(
        NamedFunction("pg_catalog", "count", '"any"', "bigint", "a"),
        NamedFunction("pg_catalog", "now", "", "timestamptz"),
        NamedFunction("pg_catalog", "generate_series", "integer, integer", "SETOF integer", "f", True),
        NamedFunction("sales", "close_day", "day date", "", "p"),
    ),
    foreign_keys=(
        ForeignKey("public", "orders", ("customer_id",), "public", "customers", ("id",)),
        ForeignKey("public", "order_lines", ("order_id",), "public", "orders", ("id",)),
        ForeignKey("sales", "hidden", ("id",), "public", "customers", ("id",)),
    ),
    types=(NamedType("pg_catalog", "integer"), NamedType("sales", "mood")),
    roles=("finance", "sales"),
)


def at(marked: str, options: Options | None = None) -> Completion:
    """Complete at the bar."""
    cursor = marked.index("|")
    return complete(marked.replace("|", "", 1), cursor, NAMES, options)


def texts(marked: str, options: Options | None = None) -> list[str]:
    return [candidate.text for candidate in at(marked, options).candidates]


COLUMNS = ["id", "name", '"City"']


@pytest.mark.parametrize(
    ("marked", "first"),
    [
        ("select c.| from customers c", COLUMNS),
        ("select c.na| from customers c", ["name"]),
        ("select customers.| from public.customers", COLUMNS),
        ("select | from customers", COLUMNS),
        ("select 1; select * from customers where na|", ["name"]),
        ("select * from sales.|", ['"Mi""xed"', "store_sales"]),
        ("select * from sto|", ["sales.store_sales"]),
        ("select * from sales|", ["sales", "sales.store_sales"]),
        ("select * from customers c join |", ["orders o on o.customer_id = c.id", "customers"]),
        ("select * from orders join ord|", ["order_lines ol on ol.order_id = orders.id"]),
        ("select * from customers c join orders o on |", ["o.customer_id = c.id"]),
        ("select * from customers c left join orders o on o.| where true", ["id", "customer_id"]),
        ("select * from customers join orders using (|", ["id"]),
        ("select * from (customers c join |", ["orders o on o.customer_id = c.id"]),
        ("insert into orders (|", ["id", "customer_id", "amount", '"order"']),
        ("insert into orders (id, amount, |", ["customer_id", '"order"']),
        ("insert into orders select | from customers", COLUMNS),
        ("insert into orders values (1) on conflict (|", ["id", "customer_id"]),
        ("insert into orders as o values (1) returning |", ["id", "customer_id"]),
        ("update customers set |", COLUMNS),
        ("update customers set id = 1, |", ["name", '"City"']),
        ("update customers c set name = c.|", COLUMNS),
        ("delete from customers where |", COLUMNS),
        ("delete from orders using customers c where c.|", COLUMNS),
        ("with x as (select id, amount * 2 as twice from orders) select | from x", ["id", "twice"]),
        ("with x (a, b) as (select 1, 2), y as (select * from x) select y.| from y", ["a", "b"]),
        ("with recursive r (n) as (values (1) union select r.| from r) table r", ["n"]),
        ("with x as (select | from customers) select 1", COLUMNS),
        ("with gone as (delete from orders returning id as left_id) select | from gone", ["left_id"]),
        ("with x as (select 1) select * from |", ["x"]),
        ("with x as (select amount from orders) select |", ["amount"]),
        ("with x as (select amount from orders) select x.|", ["amount"]),
        ("with x as (select 1 as a) select a from x union select na| from customers", ["name"]),
        ("select s.| from (select id as a, count(*), name::text from customers) s", ["a", "count", "name"]),
        ("select s.| from (select * from customers) s", COLUMNS),
        ("select s.| from (select c.* from customers c, orders) s", COLUMNS),
        ("select v.| from (values (1, 2)) v (a, b)", ["a", "b"]),
        ("select v.| from (values (1, 2)) v", ["column1", "column2"]),
        ("select * from customers c where exists (select 1 from orders where customer_id = c.|)", COLUMNS),
        ("select * from customers c, lateral (select c.|) l", COLUMNS),
        ("select b.| from orders a union select b.id from customers b", []),
        ("select a.id from orders a union select b.| from customers b", COLUMNS),
        ("select i| from customers c join orders o on true", ["c.id", "o.id"]),
        ("select count(| from customers", COLUMNS),
        ("select x::i|", ["integer"]),
        ("select x::sales.|", ["mood"]),
        ("select cast(x as |", ["integer", "sales.mood"]),
        ("select * from generate_s|", ["generate_series("]),
        ("select no|", ["now()", "not"]),
        ("call |", ["sales.close_day("]),
        ("drop table cust|", ["customers"]),
        ("alter table orders drop column |", ["id", "customer_id"]),
        ("grant select on orders to fin|", ["finance"]),
        ("create table t (a integer references cu|", ["customers"]),
        ("create index on orders (|", ["id", "customer_id"]),
        ("copy orders (|", ["id", "customer_id"]),
        (r"\d sto|", ["sales.store_sales"]),
        (r"\d sales.s|", ["store_sales"]),
        (r"\tim|", [r"\timing"]),
        ('select "C| from customers', ['"City"']),
        ('select * from sales."M|', ['"Mi""xed"']),
        ("select *| from customers", ['id, name, "City"']),
        ("explain analyze select c.| from customers c", COLUMNS),
        ("create view v as select c.| from customers c", COLUMNS),
        ("do $$ begin perform c.| from customers c; end $$", COLUMNS),
        ("select * from customers gro|", ["group by"]),
        ("select * from customers group |", ["by"]),
        ("|", ["select"]),
    ],
)
def test_what_stands_first(marked, first):
    assert texts(marked)[: max(len(first), 1)] == first


@pytest.mark.parametrize(
    "marked",
    ["select 'sel|", "select 'customers|'", "-- sel|", "/* sel| */", "select 1|", "select 1.|", "select (row(1)).|",
     "select id as |", "select $1|", 'select "City"|', "select $a$sel|"],
)  # fmt: skip
def test_where_nothing_is_offered(marked):
    assert texts(marked) == [] or marked.endswith("$a$sel|")


def test_what_one_may_not_see_is_no_join():
    assert not [text for text in texts("select * from customers c join |") if "hidden" in text]


def test_details_tell_type_and_signature():
    found = {candidate.text: candidate.detail for candidate in at("select | from customers c").candidates}
    assert found["id"] == "integer (c)"
    assert at("select cou|").candidates[0].detail == '("any") → bigint'


@pytest.mark.parametrize(
    ("marked", "case", "expected"),
    [
        ("sel|", KeywordCase.AUTO, "select"),
        ("SEL|", KeywordCase.AUTO, "SELECT"),
        ("SELECT * fr|", KeywordCase.AUTO, "from"),
        ("SELECT * |", KeywordCase.AUTO, "FROM"),
        ("sel|", KeywordCase.UPPER, "SELECT"),
        ("SEL|", KeywordCase.LOWER, "select"),
    ],
)
def test_the_case_of_keywords(marked, case, expected):
    assert texts(marked, Options(case))[0] == expected


def test_snippets_are_offered():
    found = parse_snippets('[snippets.top]\nbody = "select ${1:x} from $2"')
    candidate = at("to|", Options(snippets=found)).candidates[0]
    assert (candidate.kind, candidate.snippet) == (Kind.SNIPPET, found[0])


def test_the_whole_word_is_replaced():
    found = at("select na|mexx from customers")
    assert (found.start, found.end) == (7, 13)


def test_the_index_finds_parts_and_scattered_letters():
    index = PrefixIndex(["store_sales", "sales", "Stores"], str)
    assert {item: match for match, item in index.find("sal")} == {
        "sales": Match.BEGINS,
        "store_sales": Match.BEGINS_A_PART,
    }
    assert list(index.find("STORES")) == [(Match.BEGINS, "Stores"), (Match.SCATTERED, "store_sales")]
    assert len(list(index.find(""))) == 3


KEYWORDS = "select from where with as join on using insert into update set delete returning values union lateral over"
NAMED = "customers orders sales.store_sales c o x id customer_id order recursive case end"
SIGNS = ["(", "(", ")", ")", ",", ".", ";", "*", "::", "'", '"', "$$", "--", "/*", "*/", "\n", "\\d", "\\gx\n", ":name"]
ODD = ["$1", "1.5", "é", "界", "\x00", 'U&"', "e'"]
WORDS = st.sampled_from([*KEYWORDS.split(), *NAMED.split(), *SIGNS, *ODD])
TEXTS = st.one_of(st.lists(WORDS, max_size=25).map(" ".join), st.lists(WORDS, max_size=25).map("".join), st.text())


@settings(max_examples=200, deadline=None)
@given(TEXTS, st.data())
def test_no_text_upsets_it(text, data):
    cursor = data.draw(st.integers(0, len(text)))
    found = complete(text, cursor, NAMES)
    assert 0 <= found.start <= cursor <= found.end <= len(text)
    assert len({candidate.text for candidate in found.candidates}) == len(found.candidates)


def edges(text, shift=0):
    """Where tokens begin and end, those of a dollar-quoted body too: it is code."""
    for token in tokens(text):
        yield from (shift + token.start, shift + token.end)
        if token.kind == "dollar":
            tag, _, body = text[token.start + 1 : token.end].partition("$")
            yield from edges(body.removesuffix(f"${tag}$"), shift + token.start + len(tag) + 2)


def at_a_cursor(text):
    return st.tuples(st.just(text), st.integers(0, len(text)))


@settings(max_examples=80, deadline=None)
@given(TEXTS.flatmap(at_a_cursor))
@example(("select select from $$", 21))
@example(("select :", 8))
@example(("::", 1))
@example(("e'", 2))
@example((r"select $$ \d select", 12))
@example(('0"', 2))
def test_what_is_put_in_stands_as_itself(text_and_cursor):
    """A candidate, once in the text, is whole tokens, and means the name that it stands for."""
    text, cursor = text_and_cursor
    if any(token.kind == "meta" and token.start < cursor <= token.end for token in tokens(text)):
        return  # a backslash command swallows its line
    found = complete(text, cursor, NAMES)
    for candidate in found.candidates[:5]:
        after = text[: found.start] + candidate.text + text[found.end :]
        end = found.start + len(candidate.text)
        at_edges = set(edges(after))
        assert found.start in at_edges
        # What follows at once may belong to the same word: then the person has written it so.
        assert end in at_edges or re.match(r"[\w$\"'\u0080-\U0010ffff]", after[end : end + 1])


@settings(max_examples=50, deadline=None)
@given(st.text(min_size=1, alphabet=st.characters(exclude_characters="\x00", exclude_categories=["Cs"])))
def test_any_name_is_written_so_that_it_is_that_name(name):
    names = Names(schemas=("public",), tables=(table("public", name, name),))
    written = complete("select * from ", 14, names).candidates[0].text
    columns = complete(f"select t. from {written} t", 9, names).candidates
    assert [candidate.text for candidate in columns] == [written]
