import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tui.core.errors import VariableUnsafe
from tui.core.interpolation import interpolate
from tui.core.statements import split, tokens


def text(template, **variables):
    return interpolate(template, variables).text


def test_the_four_forms():
    assert (
        text("select :x, :'y', :\"z\", :{?x}, :{?no}", x="1+1", y="o'b", z='a"b')
        == "select 1+1, 'o''b', \"a\"\"b\", TRUE, FALSE"
    )


def test_a_backslash_in_a_literal_is_safe_under_both_settings():
    assert text("select :'x'", x="a\\'") == "select  E'a\\\\'''"


@pytest.mark.parametrize(
    "template",
    ["select a::x", "select ':x'", 'select ":x"', "select $$:x$$", "select 1 -- :x", "select /* :x */ 1", "f(a := 1)"],
)
def test_what_is_no_variable_stays(template):
    assert text(template, x="9", a="9") == template


def test_an_unknown_name_stays():
    assert text("select a[1:n], :nope", x="9") == "select a[1:n], :nope"


@pytest.mark.parametrize("value", ["'", '"', "$$", "1;drop table t", "1 --", "/*", "\\q", "a'b"])
def test_a_value_that_would_change_its_surroundings_is_refused(value):
    with pytest.raises(VariableUnsafe):
        text("select :x + '1' -- ' \" $$ */", x=value)


@pytest.mark.parametrize(("template", "value"), [("select -:x", "-1"), ("select E:'x'", "a"), ("select /:x", "*")])
def test_a_value_that_joins_its_neighbour_into_something_else_is_refused(template, value):
    with pytest.raises(VariableUnsafe):
        text(template, x=value)


def test_a_zero_byte_is_refused():
    with pytest.raises(VariableUnsafe, match="zero byte"):
        text("select :'x'", x="a\x00")


@given(st.text(max_size=30))
def test_any_value_is_one_literal(value):
    assume("\x00" not in value)
    sent = text("select :'x';", x=value)
    (statement,) = split(sent)
    assert [token.kind for token in tokens(statement.text) if token.kind != "blank"] == ["word", "literal"]


@given(st.text(alphabet="ab1'\"\\;:-/*$ \n(E", max_size=12))
def test_a_pasted_value_never_changes_how_many_statements_there_are(value):
    template = "select :x from t where a = 'b' /* c */"
    try:
        sent = text(template, x=value)
    except VariableUnsafe:
        return
    assert len(list(split(sent + "; select 2"))) == 2 or value.count("(") > value.count(")")


def test_positions_lead_back_to_the_template():
    template = "select :x, nope"
    sent = interpolate(template, {"x": "12345678"})
    assert sent.origin(sent.text.index("nope")) == template.index("nope")
    assert sent.origin(sent.text.index("345")) == template.index(":x")
    assert sent.origin(0) == 0
