import pytest

from tui.core.preflight import Touched, touched


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("select * from finance_schema.revenue", [("finance_schema", "revenue", "SELECT")]),
        ("SELECT 1 FROM T, \"T\"", [("", "t", "SELECT"), ("", "T", "SELECT")]),
        ("with x as (select 1 from s.a) select * from x join s.b using (i)",
         [("s", "b", "SELECT"), ("s", "a", "SELECT")]),
        ("with a as (select 1) select * from s.a", [("s", "a", "SELECT")]),
        ("insert into s.t (x) select y from s.u", [("s", "t", "INSERT"), ("s", "u", "SELECT")]),
        ("update s.t set x = 1", [("s", "t", "UPDATE")]),
        ("update s.t set x = 1 where y = 2", [("s", "t", "UPDATE"), ("s", "t", "SELECT")]),
        ("delete from s.t where x in (select y from s.u)",
         [("s", "t", "DELETE"), ("s", "t", "SELECT"), ("s", "u", "SELECT")]),
        ("truncate s.t, s.u", [("s", "t", "TRUNCATE"), ("s", "u", "TRUNCATE")]),
        ("merge into s.t using s.u on t.i = u.i when matched then delete when not matched then insert values (1)",
         [("s", "t", "SELECT"), ("s", "t", "INSERT"), ("s", "t", "DELETE"), ("s", "u", "SELECT")]),
        ("create table s.n as select * from s.t", [("s", "t", "SELECT")]),
        ("drop table s.t", []),
        ("select 1", []),
        ("this is no SQL (", []),
        ("select * from generate_series(1, 3)", []),
    ],
)  # fmt: skip
def test_what_a_statement_touches(statement, expected):
    assert {(one.schema, one.name, one.privilege) for one in touched(statement)} == set(expected)


def test_columns_by_alias_and_alone():
    found = touched("select r.a, o.b, c from s.t r join s.u o on r.i = o.i")
    assert found == (Touched("s", "t", "SELECT", ("a", "i")), Touched("s", "u", "SELECT", ("b", "i")))
    assert touched('select x, "Y" from s.t') == (Touched("s", "t", "SELECT", ("Y", "x")),)
