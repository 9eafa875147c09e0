"""Savepoints, what other sessions send, and where results go besides the screen."""

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from tui.core.told import TransactionState
from tui.core.wish import Wish
from tui.screens.dialogs import Confirm

pytestmark = [pytest.mark.integration, pytest.mark.anyio]


async def test_one_goes_back_to_savepoints_one_after_the_other_also_after_an_error(opened, wish):
    async with opened(wish) as seen:
        bench = seen.app.workbench
        await seen.pilot.press("shift+f9")
        await seen.until(lambda: "There is no savepoint to go back to." in seen.said, "the refusal")
        await seen.run("create table t (a int)")
        await seen.pilot.press("shift+f8")
        await seen.until(lambda: "Savepoint 1 is set." in seen.said, "the first")
        assert bench.state is TransactionState.OPEN
        await seen.run("insert into t values (1)")
        await seen.pilot.press("shift+f8")
        await seen.until(lambda: "Savepoint 2 is set." in seen.said, "the second")
        await seen.run("insert into t values (2)")
        await seen.run("select 1 / 0")
        await seen.until(lambda: bench.state is TransactionState.FAILED, "the failed transaction")
        await seen.pilot.press("shift+f9")
        await seen.until(lambda: "Back at savepoint 2" in seen.said, "the way back")
        assert bench.state is TransactionState.OPEN
        await seen.run("select array_agg(a) from t")
        assert seen.table.feed.row(0) == ("{1}",)
        await seen.pilot.press("shift+f9")
        await seen.until(lambda: "Back at savepoint 1" in seen.said, "the way back to the first")
        await seen.run("insert into t values (7)")
        await seen.pilot.press("f8")
        await seen.until(lambda: "Committed." in seen.said, "the end")
        with psycopg.connect(wish.dsn) as other:
            assert other.execute("select array_agg(a) from t").fetchone() == ([7],)


async def test_what_others_notify_is_shown_without_a_statement_being_run(opened, wish):
    async with opened(wish) as seen:
        await seen.run("listen news")
        with psycopg.connect(wish.dsn, autocommit=True) as other:
            other.execute("select pg_notify('news', 'it [b]rains[/b]'), pg_notify('weather', 'unheard')")
            await seen.until(lambda: f"NOTIFY from process {other.info.backend_pid} news" in seen.said, "the news")
        assert "news: it [b]rains[/b]" in seen.said
        assert "unheard" not in seen.said
        # The editor and the session are as they were.
        await seen.run("unlisten *")
        assert seen.app.workbench.state is TransactionState.IDLE


async def test_help_and_a_result_into_a_file(opened, wish, tmp_path):
    out = tmp_path / "out.txt"
    out.write_text("kept")
    async with opened(wish) as seen:
        await seen.run("\\?")
        assert "\\watch" in seen.said
        assert "\\copy" in seen.said
        await seen.run(f"\\o {out}")
        assert "\\o is for scripts" in seen.said
        assert out.read_text() == "kept"
        await seen.run(f"select 'into the file' as v \\g {out}")
        await seen.until(lambda: "into the file" in out.read_text(), "the file")


async def test_a_right_that_is_given_counts_at_once(opened, wish, postgres):
    """A refusal beforehand is not remembered, and nothing is remembered over a GRANT of one's own."""
    with psycopg.connect(wish.dsn, autocommit=True) as admin:
        name = f"reader_{admin.info.dbname}"
        admin.execute(f"create table closed as select 1 as a; create role {name} login password 'x'")
        try:
            async with opened(Wish(dsn=make_conninfo(wish.dsn, user=name, password="x"))) as seen:
                await seen.run("select a from closed")
                await seen.shows(Confirm, "the refusal")
                assert "You lack SELECT" in seen.dialog()
                await seen.pilot.press("enter")
                await seen.until(lambda: seen.app.screen is seen.main, "the main screen")
                admin.execute(f"grant select on closed to {name}")
                await seen.run("select a from closed")
                await seen.until(lambda: seen.main.results.table, "the result")
                assert seen.table.feed.row(0) == ("1",)
                assert seen.app.screen is seen.main
        finally:
            admin.execute(f"drop owned by {name}; drop role {name}")
