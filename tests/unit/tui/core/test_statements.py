import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.core.statements import MetaCommand, Statement, split, tokens

WHOLE = [
    "select 1",
    "select 'a;b'",
    "select 'it''s;'",
    "select 'a\\'",
    r"select E'it\'s; \\'",
    "select E'a'\n  -- between\n  'b\\';'",
    'select "a;""b"',
    "select $$a;b$$",
    "select $x$a;$$;b$x$",
    "select a$1$ as b$1$ from t$$t",
    "select 1 /* a /* b; */ ; */ + 1",
    "select 1 -- ; not here\n + 1",
    "select @-- ; an operator, then a comment\n 1",
    "select U&'d\\0061;t', U&\"a;\", b'0;1', x'f;', n'a;'",
    "create rule r as on insert to t do (select 1; select 2)",
    "create function f() returns int begin atomic select case when true then 1 end; select 2; end",
    "create or replace procedure p() begin atomic insert into t values (1); end",
    "select ';' ';', $1, 1e5, 0x1F, a[1:2], b::text",
    "select 1 /* ; */ /**/ /***/ + /*/ ; */ 1",
    "do $do$ begin perform 1; end $do$",
]


@pytest.mark.parametrize("statement", WHOLE)
def test_no_semicolon_inside_a_statement_cuts_it(statement):
    parts = list(split(f"{statement};\n{statement} ;"))
    assert [part.text for part in parts] == [statement, statement]


PIECES = st.lists(st.sampled_from(WHOLE), min_size=1, max_size=6)
BETWEEN = st.lists(st.sampled_from([";\n", "; -- it's;\n", ";/* ; ' */", ";;", ";\n\n  \t"]), min_size=6, max_size=6)


@given(PIECES, BETWEEN)
def test_what_is_joined_splits_again_and_knows_its_place(statements, between):
    script = "".join(statement + gap for statement, gap in zip(statements, between, strict=False))
    parts = list(split(script))
    assert [part.text for part in parts] == statements
    for part in parts:
        assert isinstance(part, Statement)
        assert script[part.start :].startswith(part.text)
        assert part.line == script.count("\n", 0, part.start) + 1


@given(st.text(alphabet="ab1_$'\"\\;:-/*()\n Ee&U@é\x00", max_size=60), st.booleans())
def test_tokens_cover_any_text_without_a_gap(text, standard_strings):
    position = 0
    for token in tokens(text, standard_strings=standard_strings):
        assert token.start == position
        assert token.end > position
        position = token.end
    assert position == len(text)


@given(st.text(alphabet="ab'\"\\;:-/*()\n Ee$", max_size=60))
def test_any_script_splits_and_statements_lie_in_order(script):
    last = -1
    for part in split(script):
        if isinstance(part, Statement):
            assert part.start > last
            last = part.start
            assert len(part.text) <= len(script)


def test_an_unfinished_statement_is_told():
    (part,) = split("select 'a; select 2")
    assert part == Statement("select 'a; select 2", 0, 1, terminated=False)


def test_backslashes_escape_in_plain_strings_where_the_server_says_so():
    script = r"select 'a\'; select 2"
    assert len(list(split(script, standard_strings=True))) == 2
    assert len(list(split(script, standard_strings=False))) == 1


def test_backslash_commands_are_kept_apart():
    parts = list(split("\\d+ s.*\nselect 1;\n\\echo 'a\\\\b' \\\\ select 2;\n\\copy t to 'x;\\\\y' csv\nselect 3"))
    assert [part.text if isinstance(part, Statement) else (part.name, part.argument) for part in parts] == [
        ("d+", "s.*"),
        "select 1",
        ("echo", "'a\\\\b'"),
        "select 2",
        ("copy", "t to 'x;\\\\y' csv"),
        "select 3",
    ]


def test_a_backslash_command_inside_a_statement_leaves_its_positions_true():
    script = "select\n \\echo hi\n nope;"
    command, statement = split(script)
    assert isinstance(command, MetaCommand)
    assert command.line == 2
    assert statement.text.index("nope") == script.index("nope")


@pytest.mark.parametrize("name", ["g", "gx", "watch"])
def test_a_sending_command_ends_a_statement(name):
    first, second = split(f"select 1 \\{name} 5\nselect 2;")
    assert (first.text, first.sent_by.name, first.sent_by.argument) == ("select 1", name, "5")
    assert second.text == "select 2"


def test_reset_forgets_what_was_begun():
    assert [part.text for part in split("select nope \\r\nselect 1;")] == ["select 1"]


def test_an_escaped_semicolon_separates_without_sending():
    assert [part.text for part in split(r"select 1\; select 2; select 3")] == ["select 1 ; select 2", "select 3"]


def test_copy_data_follows_its_statement():
    first, second = split("copy t (a) from stdin;\n1\t;'\n\\.\nselect 1;")
    assert (first.copy_data, second.text, second.line) == ("1\t;'\n", "select 1", 4)


def test_copy_without_data_says_so():
    (part,) = split("copy t from stdin;")
    assert part.copy_data is None


def test_a_large_script_splits_in_time_that_grows_with_its_size():
    script = "select '" + "''" * 100_000 + "';" + "-- -- --\n" * 20_000 + "select 'a'" + "\n-- x\n" * 20_000 + ";"
    assert len(list(split(script))) == 2
