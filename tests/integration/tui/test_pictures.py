"""Exports, charts, comparisons and plans on the full screen, and whole queries into files."""

import csv

import psycopg
import pytest
from pyarrow import parquet
from textual.widgets import Input, Static

from tests.integration.tui.test_results import ask, idle
from tui.screens.chart import ChartView
from tui.screens.dialogs import Confirm
from tui.widgets.comparison_table import ComparisonTable
from tui.widgets.plan_tree import PlanTree

pytestmark = [pytest.mark.integration, pytest.mark.anyio]


async def test_a_result_is_exported_as_it_is_arranged_without_running_it_again(opened, wish, tmp_path):
    async with opened(wish) as seen:
        await seen.run("create sequence s")
        await seen.run("select nextval('s') as n, g from generate_series(1, 5) g")
        seen.table.focus()
        await ask(seen, "f", "g > 2")
        await idle(seen)
        await ask(seen, "e", str(tmp_path / "r.xlsx"))
        assert "End the name in .csv" in seen.dialog()
        seen.app.screen.query_one(Input).value = str(tmp_path / "r.csv")
        await seen.pilot.press("enter")
        await seen.until(lambda: (tmp_path / "r.csv").exists(), "the file")
        assert (tmp_path / "r.csv").read_text() == "n,g\n3,3\n4,4\n5,5\n"
        await idle(seen)
        await seen.pilot.press("e", *"r.csv")
        seen.app.screen.query_one(Input).value = str(tmp_path / "r.csv")
        await seen.pilot.press("enter")
        await seen.shows(Confirm, "the question")


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
async def test_a_whole_query_goes_into_a_file(opened, wish, tmp_path, ending):
    path = tmp_path / f"r.{ending}"
    async with opened(wish) as seen:
        await seen.write("select g, 'v' || g as v from generate_series(1, 20000) g -- all of them")
        seen.main.action_export_query()
        await seen.until(lambda: seen.app.screen.query(Input), "the question")
        seen.app.screen.query_one(Input).value = str(path)
        await seen.pilot.press("enter")
        await seen.until(path.exists, "the file", 60)
        assert seen.main.results.tables == {}
    if ending == "csv":
        assert list(csv.reader(path.open()))[-1] == ["20000", "v20000"]
    elif ending == "jsonl":
        assert path.read_text().count("\n") == 20000
    else:
        assert parquet.read_table(path).column("v").to_pylist()[-1] == "v20000"


async def test_a_query_that_changes_data_is_not_exported_and_a_refused_one_leaves_no_file(opened, wish, tmp_path):
    async with opened(wish) as seen:
        await seen.write("delete from pg_class")
        seen.main.action_export_query()
        await seen.pilot.pause()
        assert seen.app.screen is seen.main
        await seen.write("select nope")
        seen.main.action_export_query()
        await seen.until(lambda: seen.app.screen.query(Input), "the question")
        seen.app.screen.query_one(Input).value = str(tmp_path / "r.csv")
        await seen.pilot.press("enter")
        await seen.until(lambda: "nope" in seen.messages, "the refusal")
        assert list(tmp_path.glob("*r.csv*")) == []


async def test_charts(opened, wish):
    async with opened(wish) as seen:
        await seen.run("select 'm' || g as month, g * 10 as sales from generate_series(1, 12) g")
        seen.table.focus()
        await seen.pilot.press("c")
        await seen.shows(ChartView, "the chart")
        for key, what in ((None, "m12"), ("h", "12 numbers"), ("l", "12 of 12 rows"), ("b", "m12")):
            if key:
                await seen.pilot.press(key)
            await seen.until(lambda what=what: what in seen.dialog(), what)
        assert "█" in str(seen.app.screen.query_one("VerticalScroll Static", Static).render())


async def test_two_results_are_compared(opened, wish):
    async with opened(wish) as seen:
        await seen.run("select * from (values (1, 'a'), (2, 'b'), (3, 'c')) as t (id, name)")
        seen.table.focus()
        await seen.pilot.press("p")
        await seen.run("select * from (values (1, 'a'), (2, 'B'), (4, 'd')) as t (id, name)")
        seen.table.focus()
        await seen.pilot.press("d")
        await seen.until(lambda: seen.app.screen.query(Input), "the question")
        assert seen.app.screen.query_one(Input).value == "id"
        await seen.pilot.press("enter")
        await seen.until(lambda: isinstance(seen.main.results.table, ComparisonTable), "the comparison")
        assert "1 added, 1 removed, 1 changed, 1 the same" in seen.dialog()
        assert {row[0] for row in seen.table.shown.slice(0, 9)} == {"+ added", "- removed", "~ before", "~ after: name"}
        lit = [seen.table.cell_lit(row, 2) for row in seen.table.shown.slice(0, 9)]
        assert lit.count(True) == 1


async def test_a_plan_is_a_tree_and_leaves_nothing_behind(opened, wish):
    async with opened(wish) as seen:
        await seen.run("create table t as select g as a from generate_series(1, 1000) g")
        await seen.write("delete from t where a > 5")
        seen.main.action_explain(True)
        await seen.shows(Confirm, "the question")
        await seen.pilot.press("tab", "enter")
        await seen.until(lambda: seen.main.results.query(PlanTree), "the plan")
        plan = seen.main.results.query_one(PlanTree).plan
        assert plan.was_run
        assert plan.root.title.startswith("Delete")
        with psycopg.connect(wish.dsn) as other:
            assert other.execute("select count(*) from t").fetchone() == (1000,)
        await seen.run("begin")
        await seen.run("insert into t values (-1)")
        await seen.write("select * from t where a < 0")
        seen.main.action_explain(True)
        await seen.until(lambda: len(seen.main.results.query(PlanTree)) == 1, "the plan")
        await seen.until(lambda: not seen.app.conductor.running, "the end")
        await seen.run("commit")
        with psycopg.connect(wish.dsn) as other:
            assert other.execute("select count(*) from t").fetchone() == (1001,)
