"""The full-screen client: editor, results, transactions, cancelling, what is kept."""

import psycopg
import pytest
from textual.command import CommandPalette

from tui.core.clips import Form
from tui.core.told import TransactionState
from tui.screens.dialogs import AskValues, Confirm
from tui.screens.history import HistoryView
from tui.screens.views import AccessView, RecordView, ValueView

pytestmark = [pytest.mark.integration, pytest.mark.anyio]

MILLION = "select g, 'value ' || g as v, null as n from generate_series(1, 1000000) g"


async def test_the_first_page_comes_and_more_as_one_scrolls(opened, wish):
    async with opened(wish) as seen:
        await seen.run(MILLION)
        table = seen.table
        assert table.feed.row(0) == ("1", "value 1", None)
        assert table.feed.rows < 5000
        assert "so far" in seen.dialog()
        table.focus()
        for _ in range(20):
            await seen.pilot.press("pagedown")
        await seen.until(lambda: table.feed.rows > 300 and table.feed.row(table.cursor_row), "the next pages")
        assert table.feed.row(table.cursor_row)[0] == str(table.cursor_row + 1)


async def test_ctrl_end_reads_to_the_last_row_and_what_was_seen_stays(opened, wish):
    async with opened(wish) as seen:
        await seen.run("select g from generate_series(1, 30000) g")
        seen.table.focus()
        await seen.pilot.press("ctrl+end")
        await seen.until(lambda: seen.table.feed.complete, "the last row")
        await seen.until(lambda: seen.table.cursor_row == 29999, "the cursor on it")
        assert seen.table.feed.row(29999) == ("30000",)
        assert seen.table.feed.row(0) == ("1",)
        assert seen.app.workbench.state is TransactionState.IDLE


async def test_the_statement_under_the_cursor_is_run(opened, wish):
    async with opened(wish) as seen:
        await seen.write("select 'first';\nselect 'second';")
        seen.main.editors.editor.move_cursor((1, 3))
        await seen.pilot.press("f5")
        await seen.until(lambda: seen.main.results.table, "a result")
        assert seen.table.feed.row(0) == ("second",)


async def test_a_script_gives_a_result_for_each(opened, wish):
    async with opened(wish) as seen:
        await seen.run("select 1; create table t (a int); insert into t values (1), (2); select * from t", "f6")
        assert [feed.rows for feed in seen.main.results.feeds] == [1, 2]
        assert "INSERT 0 2" in seen.messages


async def test_an_error_is_marked_where_it_is(opened, wish):
    async with opened(wish) as seen:
        await seen.run("select 1;\n\nselect nope\nfrom pg_class")
        await seen.write("select 1;\n\nselect nope\nfrom pg_class")
        seen.main.editors.editor.move_cursor((2, 0))
        await seen.pilot.press("f5")
        await seen.until(lambda: "42703" in seen.messages, "the error")
        assert seen.main.editors.editor.cursor_location == (2, 7)


async def test_escape_cancels_at_once(opened, wish):
    async with opened(wish) as seen:
        await seen.write("select pg_sleep(60)")
        await seen.pilot.press("f5")
        with psycopg.connect(wish.dsn, autocommit=True) as other:
            query = "select 1 from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()"
            await seen.until(lambda: other.execute(query).fetchone(), "the sleep")
        assert "running" in seen.bar
        await seen.pilot.press("escape")
        await seen.until(lambda: not seen.app.conductor.running, "the end")
        assert "57014" in seen.messages


async def test_a_query_that_acts_is_done_at_once(opened, wish):
    async with opened(wish) as seen:
        await seen.run(
            "create table t (a int); create function f(a int) returns int language sql volatile"
            " as 'insert into t values ($1) returning a'",
            "f6",
        )
        await seen.run("select f(g) from generate_series(1, 3000) g")
        with psycopg.connect(wish.dsn) as other:
            assert other.execute("select count(*) from t").fetchone() == (3000,)
        assert seen.table.feed.complete


async def test_explicit_transactions(opened, wish):
    async with opened(wish) as seen:
        await seen.run("create table t (a int)")
        await seen.pilot.press("f7")
        await seen.run("insert into t values (1)")
        await seen.until(lambda: "transaction open" in seen.bar, "the state")
        await seen.pilot.press("f9")
        await seen.until(lambda: "transaction open" not in seen.bar and not seen.app.conductor._desk.busy, "the end")
        await seen.run("insert into t values (2)")
        await seen.pilot.press("f8")
        await seen.until(lambda: not seen.app.conductor._desk.busy, "the commit")
        with psycopg.connect(wish.dsn) as other:
            assert other.execute("select a from t").fetchall() == [(2,)]


async def test_leaving_with_an_open_transaction_asks(opened, wish):
    async with opened(wish) as seen:
        await seen.run("begin")
        await seen.pilot.press("ctrl+q")
        await seen.shows(Confirm, "the question")
        assert "rolls it back" in seen.dialog()
        await seen.pilot.press("escape")


async def test_what_destroys_asks_first(opened, wish):
    async with opened(wish) as seen:
        await seen.run("create table t as select 1 as a")
        await seen.run("delete from t")
        await seen.shows(Confirm, "the question")
        assert "deletes every row of t" in seen.dialog()
        await seen.pilot.press("enter")
        await seen.run("select * from t")
        assert seen.table.feed.rows == 1
        await seen.run("delete from t")
        await seen.shows(Confirm, "the question")
        await seen.pilot.press("tab", "enter")
        await seen.until(lambda: "DELETE 1" in seen.messages, "the deletion")


async def test_parameters_are_asked_for(opened, wish):
    async with opened(wish) as seen:
        await seen.write("select :number + 1, :name")
        await seen.pilot.press("f5")
        await seen.shows(AskValues, "the question")
        await seen.pilot.press(*"o'x", "enter", *"41", "enter")
        await seen.until(lambda: seen.main.results.table, "the result")
        assert seen.table.feed.row(0) == ("42", "o'x")


async def test_input_before_the_connection_is_kept(opened, wish):
    async with opened(wish, wait=False) as seen:
        await seen.pilot.press(*"select 7")
        await seen.pilot.press("f5")
        await seen.until(lambda: seen.main.results.table, "the result")
        assert seen.main.editors.editor.text == "select 7"
        assert seen.table.feed.row(0) == ("7",)


async def test_texts_and_the_theme_are_kept_across_restarts(opened, wish):
    async with opened(wish) as seen:
        await seen.write("select 'kept'")
        await seen.pilot.press("ctrl+n")
        await seen.until(lambda: seen.main.editors.editor.text == "", "the new tab")
        await seen.pilot.press(*"two")
        seen.app.theme = "textual-light"
    async with opened(wish) as seen:
        assert seen.app.theme == "textual-light"
        assert [tab.text for tab in seen.main.editors.kept().tabs] == ["select 'kept'", "two"]
        assert seen.main.editors.editor.text == "two"


async def test_a_home_that_cannot_be_written_costs_only_the_keeping(opened, wish, tmp_path):
    (tmp_path / "file").touch()
    async with opened(wish, home=tmp_path / "file" / "wsql") as seen:
        await seen.run("select 7")
        assert seen.table.feed.row(0) == ("7",)
        assert "The tabs cannot be kept" in seen.said
        assert "The history cannot be kept" in seen.said


async def test_a_value_a_record_one_s_access_and_the_history(opened, wish):
    async with opened(wish) as seen:
        await seen.run("""select '{"a": [1]}'::jsonb as j, 'esc \x1b[31m' as e""")
        seen.table.focus()
        await seen.pilot.press("enter")
        await seen.shows(ValueView, "the value")
        await seen.pilot.press("escape", "r")
        await seen.shows(RecordView, "the record")
        await seen.pilot.press("escape", "f4")
        await seen.shows(AccessView, "my access")
        await seen.pilot.press("escape", "f3")
        await seen.shows(HistoryView, "the history")
        await seen.until(lambda: seen.app.screen.query_one("OptionList").option_count == 1, "its entry")
        await seen.pilot.press("enter")
        await seen.until(lambda: "jsonb as j" in seen.main.editors.editor.text, "the statement")


async def test_rows_are_copied(opened, wish):
    async with opened(wish) as seen:
        await seen.run("select g as a, 't' || g as b from generate_series(1, 3) g")
        seen.table.focus()
        await seen.pilot.press("space", "down", "y")
        await seen.until(lambda: seen.app.clipboard == "a\tb\n1\tt1\n2\tt2\n", "the clipboard")
        seen.main.copy_rows(Form.IN_LIST)
        assert seen.app.clipboard == "(1, 2)"
        # Computed columns are of no table: the person says into which.
        seen.main.copy_rows(Form.INSERT)
        await seen.until(lambda: "Insert into which table?" in seen.dialog(), "the question")
        await seen.pilot.press(*"s.t", "enter")
        await seen.until(lambda: seen.app.clipboard.startswith('INSERT INTO s.t ("a", "b") VALUES\n'), "the clipboard")
        schemas = seen.main.schemas
        await seen.run('create table "My table" (id int, name text); insert into "My table" values (1, null)', "f6")
        await seen.until(lambda: seen.main.schemas is not schemas, "the new catalog")
        await seen.run('select name as called, id from "My table"')
        seen.main.copy_rows(Form.INSERT)
        assert seen.app.clipboard == 'INSERT INTO public."My table" ("name", "id") VALUES\n    (NULL, 1);\n'


async def test_the_clipboard_gets_no_more_than_a_terminal_takes(opened, wish):
    async with opened(wish) as seen:
        seen.app.copy_to_clipboard("x" * 10_000_001)
        assert len(seen.app.clipboard) == 10_000_000
        await seen.until(lambda: "Only the first 10,000,000" in str(list(seen.app._notifications)), "what is told")


async def test_notices_and_backslash_commands(opened, wish):
    async with opened(wish) as seen:
        await seen.run("do $$ begin raise notice 'hello'; end $$")
        await seen.until(lambda: "NOTICE:  hello" in seen.messages, "the notice")
        await seen.run("create table seen_it (a int)")
        await seen.run("\\dt")
        assert "seen_it" in seen.table.feed.row(0)
        await seen.run("\\conninfo")
        assert "You are connected to database" in seen.said
        await seen.run("\\nope")
        assert "invalid command" in seen.messages


async def test_read_only(opened, wish):
    async with opened(wish) as seen:
        seen.main.action_read_only()
        await seen.until(lambda: "READ-ONLY" in seen.bar, "the mode")
        await seen.run("create table t (a int)")
        assert "25006" in seen.messages


@pytest.mark.parametrize("size", [(80, 24), (50, 15), (20, 8)])
async def test_small_terminals(opened, wish, size):
    async with opened(wish, size=size) as seen:
        assert not seen.main.query_one("CatalogTree").display
        await seen.run("select repeat('界', 100) as wide, 2 as b")
        assert seen.table.feed.rows == 1


async def test_many_columns(opened, wish):
    async with opened(wish) as seen:
        await seen.run("select " + ", ".join(f"{n} as c{n}" for n in range(1600)))
        seen.table.focus()
        await seen.pilot.press("end")
        await seen.pilot.pause()
        assert "1599" in "".join(segment.text for segment in seen.table.render_line(1))


async def test_the_palette_does_what_the_screen_offers(opened, wish):
    async with opened(wish) as seen:
        await seen.pilot.press("ctrl+p")
        await seen.shows(CommandPalette, "the palette")
        await seen.pilot.press(*"read-only")
        await seen.until(lambda: seen.app.screen.query_one("OptionList").option_count == 1, "its line")
        await seen.pilot.press("enter", "enter")
        await seen.until(lambda: "READ-ONLY" in seen.bar, "the mode")
