"""psql's backslash commands on the full screen."""

import psycopg
import pytest

from tui.core.told import TransactionState

pytestmark = [pytest.mark.integration, pytest.mark.anyio]


async def test_variables_expanded_files_and_copy(opened, wish, tmp_path):
    inner, outer, data = tmp_path / "inner.sql", tmp_path / "outer.sql", tmp_path / "data.csv"
    inner.write_text("insert into t values (:n);\n")
    outer.write_text("create table t (a int);\n\\ir inner.sql\n")
    async with opened(wish) as seen:
        await seen.run(f"\\set n 41\n\\i {outer}\nselect a + :n as s from t", "f6")
        assert seen.table.feed.row(0) == ("82",)
        await seen.run(f"\\copy t to '{data}' csv")
        await seen.until(lambda: data.exists(), "the file")
        assert data.read_text() == "41\n"
        await seen.run("\\x")
        await seen.run("select 1 as a, 'b' as bbbb")
        assert "bbbb | b" in seen.messages
        await seen.run("\\x off")
        await seen.run("select 7 as seven \\gx")
        assert "seven | 7" in seen.messages
        await seen.run("\\echo :n is it")
        assert "41 is it" in seen.messages
        await seen.run("select 5 as five \\gset")
        await seen.run("select :five as again")
        assert seen.table.feed.row(0) == ("5",)
        await seen.run("\\i /nowhere.sql")
        assert "/nowhere.sql: No" in seen.messages
        await seen.run("\\timing")
        assert "is always" in seen.messages


async def test_watch_goes_on_until_it_is_cancelled(opened, wish):
    async with opened(wish) as seen:
        await seen.run("create table beats (at timestamptz default clock_timestamp())")
        await seen.write("insert into beats default values \\watch 0.05")
        await seen.pilot.press("f5")
        with psycopg.connect(wish.dsn, autocommit=True) as other:
            query = "select 1 from beats having count(*) > 2"
            await seen.until(lambda: other.execute(query).fetchone(), "three beats")
        await seen.pilot.press("escape")
        await seen.until(lambda: not seen.app.conductor.running, "the end")
        assert seen.messages.count("every 0.05s") > 2


async def test_e_and_q_are_the_screens(opened, wish, monkeypatch):
    async with opened(wish) as seen:
        edited = []
        monkeypatch.setattr(seen.main, "action_edit_outside", lambda: edited.append(True))
        await seen.write("\\e")
        await seen.pilot.press("f5")
        await seen.until(lambda: edited, "the editor")
        await seen.write("\\q")
        await seen.pilot.press("f5")
        await seen.until(lambda: not seen.app.is_running or seen.app._exit, "the end")


async def test_a_description_shows_what_hangs_on_the_relation(opened, wish):
    async with opened(wish) as seen:
        await seen.run("create table described (id int primary key, n int check (n > 0))")
        await seen.run("\\d described")
        assert 'Table "public.described"' in seen.messages
        assert "Check constraints:" in seen.messages
        assert seen.main.results.active == "messages"
        assert [feed.row(0)[0] for feed in seen.main.results.feeds] == ["id"]
        await seen.run("\\dt described")
        assert seen.table.feed.row(0)[:3] == ("public", "described", "table")


async def test_a_crosstab_is_a_result_and_an_error_is_told_in_full(opened, wish):
    async with opened(wish) as seen:
        await seen.run("values (1, 'x', 10), (1, 'y', 20), (2, 'x', 30) \\crosstabview")
        assert [column.name for column in seen.table.feed.columns] == ["column1", "x", "y"]
        assert seen.table.feed.row(1) == ("2", "30", "")
        await seen.run("select * from nowhere_at_all")
        await seen.run("\\errverbose")
        assert "LOCATION: parserOpenTable" in seen.said


async def test_autocommit_is_psqls_variable_and_the_screens_key_alike(opened, wish):
    async with opened(wish) as seen:
        await seen.run("create table kept (a int);\n\\set AUTOCOMMIT off\ninsert into kept values (1);", "f6")
        await seen.until(lambda: seen.app.workbench.state is TransactionState.OPEN, "the transaction")
        await seen.pilot.press("f9")
        await seen.until(lambda: seen.app.workbench.state is TransactionState.IDLE, "its end")
        # What runs in no transaction does not get one.
        await seen.run("vacuum kept")
        assert "25001" not in seen.messages
        await seen.pilot.press("f7")
        await seen.run("insert into kept values (2)")
        assert seen.app.workbench.state is TransactionState.IDLE
        await seen.run("table kept")
        assert [seen.table.feed.row(0), seen.table.feed.row(1)] == [("2",), None]
