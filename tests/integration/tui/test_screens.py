"""What a person sees, held against pictures (`tests/integration/tui/screens`); those with a broker: test_broker."""

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from textual.widgets import Tree

from tui.core.wish import Wish
from tui.screens.dialogs import AskBroker
from tui.screens.views import RecordView
from tui.widgets.catalog_tree import CatalogTree

pytestmark = [pytest.mark.integration, pytest.mark.anyio]

SHOP = """
create schema shop; grant usage on schema shop to wab_analyst;
create table shop.sales (id int, product text, amount numeric(10, 2), sold date, note text);
insert into shop.sales values
    (1, 'lamp', 19.90, '2026-01-05', null),
    (2, '\u96fb\u7403 \U0001f4a1', 4.5, '2026-01-06', 'two' || chr(10) || 'lines'),
    (3, 'cafe' || chr(769), 1200, '2026-02-01', ''),
    (4, '\u05e9\u05dc\u05d5\u05dd', -3, '2026-02-02', repeat('long ', 30));
create table shop.salaries (id int); create view shop.recent as select * from shop.sales where id > 2;
grant select on shop.sales, shop.recent to wab_analyst;
"""
ALL = "select * from shop.sales order by id"


@pytest.fixture(scope="module")
def shop(postgres):
    """A database and a person with names that are always the same."""
    with psycopg.connect(postgres.conninfo, autocommit=True) as server:
        server.execute("drop database if exists wab_screens with (force)")
        server.execute("drop role if exists wab_analyst")
        server.execute("create role wab_analyst login password 'x'")
        server.execute("create database wab_screens")
        with psycopg.connect(postgres.conninfo_for(dbname="wab_screens"), autocommit=True) as admin:
            admin.execute(SHOP)
        yield Wish(dsn=make_conninfo(postgres.conninfo, dbname="wab_screens", user="wab_analyst", password="x"))
        server.execute("drop database wab_screens with (force)")
        server.execute("drop role wab_analyst")


async def result(seen, statement=ALL):
    """Run a statement, and go to its result."""
    await seen.run(statement)
    await seen.until(lambda: seen.main.results.table, "the result")
    seen.table.focus()
    await seen.until(lambda: seen.table.has_focus and "result open" not in seen.bar, "the focus")


async def test_the_first_start(opened, same_screen, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("BROKER_URL", raising=False)
    async with opened(Wish(), size=(80, 24), wait=False) as seen:
        await seen.shows(AskBroker, "the question")
        await seen.until(lambda: seen.app.screen.focused, "the cursor in it")
        await same_screen(seen, "first-start-80x24")


async def test_a_result_a_record_and_a_plan(opened, shop, same_screen):
    async with opened(shop, size=(110, 30)) as seen:
        await seen.until(lambda: len(seen.main.query_one(CatalogTree).root.children) == 2, "the schemas")
        await result(seen)
        await same_screen(seen, "result-110x30")
        await seen.pilot.press("down", "r")
        await seen.shows(RecordView, "the record")
        await same_screen(seen, "record-110x30")
        await seen.pilot.press("escape")
        await seen.write("select count(*) from shop.sales where amount > 3")
        seen.main.action_explain(False)
        await seen.until(lambda: seen.main.results.query("PlanTree Tree"), "the plan")
        tree = seen.main.results.query_one("PlanTree Tree", Tree)
        await seen.until(lambda: tree.has_focus and tree.cursor_node, "its costliest step")
        await same_screen(seen, "plan-110x30")


@pytest.mark.parametrize("size", [(80, 24), (50, 15)], ids="{0[0]}x{0[1]}".format)
async def test_small_terminals(opened, shop, same_screen, size):
    async with opened(shop, size=size) as seen:
        await result(seen)
        await same_screen(seen, f"result-{size[0]}x{size[1]}")


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light"])
async def test_themes(opened, shop, same_screen, theme):
    async with opened(shop, size=(80, 24)) as seen:
        seen.app.theme = theme
        await result(seen)
        await same_screen(seen, theme, with_colours=True)
