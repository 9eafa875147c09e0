"""The editor on a real PostgreSQL: completion, keys by choice, finding, formatting, snippets."""

import psycopg
import pytest
from textual.geometry import Offset

from tui.widgets.completion_list import CompletionList
from tui.widgets.find_bar import FindBar

pytestmark = [pytest.mark.integration, pytest.mark.anyio]

SAMPLE = """
create table customers (id int primary key, name text, "City" text);
create table orders (id int primary key, customer_id int references customers, amount numeric);
create schema hidden; create table hidden.secrets (id int);
create function public.double_of(n int) returns int language sql as 'select n * 2';
"""


@pytest.fixture
def filled(wish):
    """What a login finds that is no superuser, and may not see everything."""
    with psycopg.connect(wish.dsn, autocommit=True) as connection:
        connection.execute(SAMPLE)
        name = f"reader_{connection.info.dbname}"
        connection.execute(f"create role {name} login password 'x'")
        connection.execute(f"grant select on orders to {name}; grant select (id, name) on customers to {name}")
        yield psycopg.conninfo.make_conninfo(wish.dsn, user=name, password="x")
        connection.execute(f"drop owned by {name}; drop role {name}")


def offered(seen) -> list[str]:
    shown = seen.main.query_one(CompletionList)
    return [candidate.text for candidate in shown.completion.candidates] if shown.shown else []


async def named(seen) -> None:
    await seen.until(lambda: (names := seen.main.editors.habits.names) and names.tables, "the names")


async def type_text(seen, text: str) -> None:
    keys = {" ": "space", "(": "left_parenthesis", ".": "full_stop", "\n": "enter", "_": "underscore"}
    await seen.pilot.press(*(keys.get(sign, sign) for sign in text))


async def test_completion_knows_what_one_may_see(opened, wish, filled):
    from tui.core.wish import Wish

    async with opened(Wish(dsn=filled)) as seen:
        await named(seen)
        editor = seen.main.editors.editor
        await type_text(seen, "select c. from customers c")
        editor.move_cursor((0, 9))
        await seen.pilot.press("ctrl+at")
        await seen.until(lambda: offered(seen) == ["id", "name"], "the columns that one may read")
        await seen.pilot.press("escape")
        assert not offered(seen)
        editor.text = ""
        await type_text(seen, "select * from ")
        await seen.until(lambda: "orders" in offered(seen), "the tables")
        assert not [text for text in offered(seen) if "hidden" in text or "secrets" in text]


async def test_enter_and_tab_take_candidates_and_steal_nothing(opened, wish, filled):
    async with opened(wish) as seen:
        await named(seen)
        editor = seen.main.editors.editor
        await type_text(seen, "select cou")
        await seen.until(lambda: offered(seen), "candidates")
        await seen.pilot.press("enter")
        assert editor.text == "select cou\n"
        editor.text = "select * from customers c join "
        editor.move_cursor((0, 31))
        await seen.pilot.press("ctrl+at", "tab")
        assert editor.text == "select * from customers c join orders o on o.customer_id = c.id"
        await type_text(seen, " where o.am")
        await seen.until(lambda: offered(seen) == ["amount"], "the column")
        await seen.pilot.press("down", "enter")
        assert editor.text.endswith("where o.amount")
        await type_text(seen, " > double_")
        await seen.until(lambda: offered(seen), "the function")
        shown = seen.main.query_one(CompletionList)
        await seen.pilot.click(shown, offset=Offset(3, 0))
        await seen.until(lambda: editor.text.endswith("> double_of("), "the click")
        await seen.pilot.press("ctrl+z")
        assert editor.text.endswith("> double_")


async def test_names_follow_what_is_created_and_where_one_looks(opened, wish, filled):
    async with opened(wish) as seen:
        await named(seen)
        await seen.run("create table hidden.newcomers (id int)")
        names = seen.main.editors.habits
        await seen.until(lambda: names.names.table("hidden", "newcomers"), "the new table")
        assert names.names.table("", "newcomers") is None
        await seen.run("set search_path to hidden")
        await seen.until(lambda: names.names.table("", "newcomers"), "the search path")


async def test_keys_of_vi(opened, wish):
    async with opened(wish) as seen:
        editor = seen.main.editors.editor
        seen.main.action_keys("vi")
        await seen.until(lambda: "NORMAL" in seen.bar, "the mode")
        await type_text(seen, "iselect 1")
        await seen.until(lambda: "INSERT" in seen.bar, "the mode")
        await seen.pilot.press("escape")
        assert (editor.text, editor.cursor_location) == ("select 1", (0, 7))
        await type_text(seen, "0dw")
        assert editor.text == "1"
        await type_text(seen, "u")
        assert editor.text == "select 1"
        await seen.pilot.press("ctrl+r")
        assert editor.text == "1"
        await type_text(seen, "pu")
        await seen.pilot.press("ctrl+p")
        await seen.until(lambda: seen.app.screen is not seen.main, "the palette")
    async with opened(wish) as seen:
        await seen.until(lambda: "NORMAL" in seen.bar, "the choice, kept")
        seen.main.action_keys("emacs")
        await seen.pilot.press("ctrl+a", "ctrl+k", "x", "ctrl+y", "ctrl+p", "ctrl+f")
        assert seen.app.screen is seen.main
        assert seen.main.editors.editor.text.startswith("x")


async def test_find_format_indent_and_snippets(opened, wish, tmp_path):
    async with opened(wish) as seen:
        editor = seen.main.editors.editor
        await seen.write("select a from t where (x)")
        await seen.pilot.press("ctrl+f", *"FROM")
        assert editor.selection.is_empty
        await seen.pilot.press("home", "shift+end", *"from")
        assert editor.selected_text == "from"
        await seen.pilot.press("escape")
        assert not seen.main.query_one(FindBar).display
        editor.move_cursor((0, 0))
        await seen.pilot.press("ctrl+l")
        assert editor.text == "select a\nfrom t\nwhere (x)"
        await seen.pilot.press("ctrl+z")
        assert editor.text == "select a from t where (x)"
        await seen.write("select ' (")
        await seen.pilot.press("ctrl+l")
        assert editor.text == "select ' ("
        await seen.write("  f(")
        await seen.pilot.press("end", "enter", "x")
        assert editor.text == "  f(\n    x"
        seen.app.snippets_file.write_text('[snippets.top]\nbody = "select ${1:a}\\nfrom $2 where $0"')
        seen.main.load_snippets()
        await seen.write("")
        await type_text(seen, "to")
        await seen.until(lambda: "top" in offered(seen), "the snippet")
        await seen.pilot.press("tab", *"name", "tab", "t", "tab", "y")
        assert editor.text == "select name\nfrom t where y"


async def test_a_script_of_five_megabytes(opened, wish):
    line = "insert into t values (1, 'it''s a value');\n"
    script = "select 1;\n" + line * (5_000_000 // len(line)) + "select 'unfinished"
    async with opened(wish) as seen:
        editor = seen.main.editors.editor
        editor.text = script
        editor.move_cursor((editor.document.line_count - 1, 10))
        await seen.pilot.press("x", "(", "backspace", "backspace")
        assert len(editor.text) == len(script)
        editor.move_cursor((0, 0))
        await seen.pilot.press("f5")
        await seen.until(lambda: seen.main.results.table, "the first statement's result", 60)
        assert seen.table.feed.row(0) == ("1",)


async def test_odd_texts_are_told_by_the_server_and_kept(opened, wish):
    async with opened(wish) as seen:
        for text in ("select '\x00'", "select '", 'select "', "select $$", "/* ", "select '" + "界" * 20000):
            await seen.run(text)
            await seen.pilot.press("end", "x", "backspace")
            assert seen.main.editors.editor.text == text
        assert seen.messages.count("ERROR:") >= 4


async def test_a_long_script_is_read_aside_and_can_be_stopped_before_anything_is_sent(opened, wish):
    async with opened(wish) as seen:
        await seen.write("select 1 as one;\n" * 100_000)
        await seen.pilot.press("f6")
        await seen.until(lambda: seen.app.conductor.running, "the reading")
        await seen.pilot.press("escape")
        await seen.until(lambda: not seen.app.conductor.running, "the end", 60)
        assert "Stopped." in seen.messages
        assert not seen.main.results.feeds
        await seen.run("select 1 as a;\n" + "-- a long comment\n" * 5_000)
        await seen.until(lambda: seen.main.results.feeds, "the result of the only statement")
