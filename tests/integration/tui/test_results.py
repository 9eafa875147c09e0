"""What one does with a result on the full screen."""

import resource

import psycopg
import pytest
from textual.widgets import Input

from tui.core.arrange import Order
from tui.core.told import Link, TransactionState

pytestmark = [pytest.mark.integration, pytest.mark.anyio]

THREE = "select * from (values (2, 'b', null), (10, 'B', 1.5), (1, 'a\x1b[31m', 2)) as t (id, name, price)"


async def shown(seen):
    """The first column of what the table shows."""
    return [row[0] for row in seen.table.shown.slice(0, 100)]


async def ask(seen, key, text):
    """Press a key that asks for a text, and give it."""
    await seen.pilot.press(key)
    await seen.until(lambda: seen.app.screen.query(Input), "the question")
    seen.app.screen.query_one(Input).value = text
    await seen.pilot.press("enter")
    await seen.until(lambda: seen.app.screen is seen.main or seen.app.screen.query(".problem"), "the answer")


async def idle(seen):
    await seen.pilot.pause()
    await seen.until(lambda: not seen.app.workroom.busy, "the end of the work", 60)
    await seen.pilot.pause()


async def test_sort_filter_and_search_by_keys(opened, wish):
    async with opened(wish) as seen:
        await seen.run(THREE)
        seen.table.focus()
        for expected in (["1", "2", "10"], ["10", "2", "1"], ["2", "10", "1"]):
            await seen.pilot.press("s")
            await idle(seen)
            assert await shown(seen) == expected
        await ask(seen, "f", "price > 1 and name ilike 'b%'")
        await idle(seen)
        assert await shown(seen) == ["10"]
        assert "1 of 3 rows" in seen.dialog()
        await ask(seen, "f", "nope >")
        await ask(seen, "f", "price > x")
        assert "no value that the column price can hold" in seen.dialog()
        await seen.pilot.press("escape")
        await ask(seen, "f", "")
        await idle(seen)
        await ask(seen, "slash", "a\x1b")
        await idle(seen)
        assert seen.table.cursor_row == 2
        await seen.pilot.press("up", "right", "F")
        await idle(seen)
        assert await shown(seen) == ["10"]


async def test_a_click_on_a_heading_sorts(opened, wish):
    async with opened(wish) as seen:
        await seen.run(THREE)
        await seen.pilot.click(seen.table, offset=(7, 0))
        await seen.until(lambda: seen.table.orders == (Order(0),), "the order")
        assert "▲ id" in "".join(segment.text for segment in seen.table.render_line(0))
        await seen.pilot.click(seen.table, offset=(7, 2))
        assert (seen.table.cursor_row, seen.table.cursor_column) == (1, 0)


async def test_a_sort_reads_the_rest_first_without_running_the_query_again(opened, wish):
    async with opened(wish) as seen:
        await seen.run("select g, random() from generate_series(1, 30000) g")
        assert seen.table.feed.open
        first = seen.table.feed.row(0)
        seen.table.focus()
        for order in (Order(0), Order(0, descending=True)):
            await seen.pilot.press("s")
            await idle(seen)
            assert seen.table.orders == (order,)
        assert (await shown(seen))[:2] == ["30000", "29999"]
        assert seen.table.feed.row(0) == first
        assert seen.app.workbench.state is TransactionState.IDLE


async def test_the_reading_of_the_rest_can_be_stopped_and_gone_on_with(opened, wish):
    async with opened(wish) as seen:
        await seen.run("select generate_series(1, 50000000) g")  # too many to have come before the key is felt
        seen.table.focus()
        await seen.pilot.press("ctrl+end")
        await seen.until(lambda: seen.table.feed.rows > 20000, "many rows", 60)
        await seen.pilot.press("escape")
        await idle(seen)
        rows = seen.table.feed.rows
        assert rows < 50_000_000
        assert seen.table.feed.open
        await ask(seen, "g", f"{rows + 5:,}")
        await idle(seen)
        assert seen.table.cursor_row == rows + 4
        assert seen.table.shown.row(rows + 4) == (str(rows + 5),)


async def test_another_statement_need_not_wait_for_the_rest(opened, wish):
    async with opened(wish) as seen:
        await seen.run("select g from generate_series(1, 5000000) g")
        seen.table.focus()
        await seen.pilot.press("p", "ctrl+end")
        await seen.until(lambda: seen.app.workroom.busy, "the reading")
        await seen.run("select 7")
        await idle(seen)
        assert seen.table.feed.row(0) == ("7",)
        assert len(seen.main.results.tables) == 2


async def test_a_connection_lost_while_scrolling_leaves_what_came(opened, wish):
    async with opened(wish) as seen:
        await seen.run("select g from generate_series(1, 300000) g")
        rows = seen.table.feed.rows
        with psycopg.connect(wish.dsn, autocommit=True) as other:
            other.execute("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'wsql'")
        seen.table.focus()
        await seen.pilot.press("ctrl+end")
        await idle(seen)
        await seen.until(lambda: seen.app.workbench.link is Link.CONNECTED, "the connection")
        assert (seen.table.feed.rows, seen.table.feed.row(rows - 1)) == (rows, (str(rows),))
        assert "of more" in seen.dialog()
        assert "transaction was rolled back" not in seen.messages
        await seen.run("select 1")


@pytest.mark.parametrize(
    ("statement", "rows", "columns"),
    [
        ("select", 1, 0),
        ("select from generate_series(1, 3)", 3, 0),
        ("select 1 as a, 2 as a where false", 0, 2),
        ("select 1 as a, 2 as a, 3", 1, 3),
    ],
)
async def test_odd_shapes(opened, wish, statement, rows, columns):
    async with opened(wish) as seen:
        await seen.run(statement)
        assert (seen.table.feed.rows, len(seen.table.feed.columns)) == (rows, columns)
        seen.table.focus()
        await seen.pilot.press("s", "enter", "escape", "r", "escape", "y", "end", "down", "ctrl+end", "space", "y")
        await idle(seen)


async def test_statements_joined_by_a_backslash_give_all_results(opened, wish):
    async with opened(wish) as seen:
        await seen.run("select 1\\; select 2")
        assert [feed.row(0) for feed in seen.main.results.feeds] == [("1",), ("2",)]


async def test_a_query_that_fails_in_an_open_transaction_is_told_as_it_is(opened, wish):
    async with opened(wish) as seen:
        await seen.run("begin")
        await seen.run("select nope")
        assert "42703" in seen.messages
        assert "25P02" not in seen.messages


async def test_a_full_disk_is_told_and_what_came_stays(opened, wish):
    """RLIMIT_FSIZE stands for the disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    async with opened(wish) as seen:
        await seen.run("select g, repeat('x', 100) from generate_series(1, 100000) g")
        resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, before[1]))
        try:
            seen.table.focus()
            await seen.pilot.press("ctrl+end")
            await seen.until(lambda: "no room" in seen.messages, "the full disk", 60)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        await idle(seen)
        rows = seen.table.feed.rows
        assert 200 <= rows < 100_000
        assert seen.table.feed.row(rows - 1)[0] == str(rows)
        assert seen.app.workbench.state is TransactionState.IDLE
        await seen.run("select 1")


async def test_a_large_value_is_shown_cut_and_kept_whole(opened, wish):
    async with opened(wish) as seen:
        await seen.run("select repeat('é', 20000000) as large, '\\x00ff'::bytea as bytes, array[1, null] as list")
        assert [len(value) for value in seen.table.feed.row(0)] == [20_000_000, 6, 8]
        assert len(seen.table._heads.row(0)[0]) < 300
        seen.table.focus()
        await seen.pilot.press("enter")
        await seen.until(lambda: "20,000,000 characters. Only the beginning" in seen.dialog(), "the value")


async def test_columns_widen_for_the_rows_in_view(opened, wish):
    async with opened(wish) as seen:
        await seen.run("select repeat('9', g / 100 + 1) as n from generate_series(1, 1500) g")
        seen.table.focus()
        await seen.pilot.press("ctrl+end")
        await idle(seen)
        drawn = "".join(segment.text for segment in seen.table.render_line(seen.table.size.height - 1))
        assert "9" * 16 in drawn
