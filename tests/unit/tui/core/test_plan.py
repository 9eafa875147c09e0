"""Plans: each step's own time, and what the planner misjudged."""

import json

import pytest

from tui.core.errors import PlanUnreadable
from tui.core.explaining import changes_data
from tui.core.plan import describe_node, parse_plan, worst

SCAN = {
    "Node Type": "Seq Scan", "Relation Name": "t", "Schema": "s", "Alias": "x", "Total Cost": 30.0, "Plan Rows": 10,
    "Actual Total Time": 2.0, "Actual Rows": 500, "Actual Loops": 4, "Filter": "(a > 1)", "Shared Read Blocks": 7,
}  # fmt: skip


def plan(root, **more):
    return parse_plan(json.dumps([{"Plan": root, **more}]))


def test_a_step_s_own_time_is_without_those_below_and_of_all_loops():
    found = plan(
        {"Node Type": "Sort", "Total Cost": 40.0, "Plan Rows": 10, "Actual Total Time": 10.0, "Actual Rows": 2000,
         "Actual Loops": 1, "Sort Key": ["a", "b"], "Plans": [SCAN]},
        **{"Execution Time": 11.0},
    )  # fmt: skip
    sort, scan = found.root.walk()
    assert (sort.self_milliseconds, scan.self_milliseconds) == (2.0, 8.0)
    assert (sort.share, scan.share) == (0.2, 0.8)
    assert scan.misjudged == 50
    assert worst([sort, scan]) is scan
    assert scan.title == "Seq Scan on s.t x"
    assert scan.details == ("filter: (a > 1)", "blocks: read 7")
    assert "500 rows in each of 4 loops, 10 expected" in describe_node(scan)
    assert found.facts == ("execution time 11.0 ms",)


def test_steps_in_several_processes_take_the_clock_s_time():
    below = SCAN | {"Actual Loops": 3, "Actual Total Time": 10.0}
    gather = {
        "Node Type": "Gather",
        "Workers Launched": 2,
        "Actual Total Time": 12.0,
        "Actual Loops": 1,
        "Plans": [below],
    }
    root = plan(gather).root
    assert (root.self_milliseconds, root.children[0].milliseconds) == (2.0, 10.0)


def test_a_plan_that_was_not_run_has_shares_of_its_cost():
    found = plan({"Node Type": "Limit", "Total Cost": 31.0, "Plans": [{"Node Type": "Seq Scan", "Total Cost": 30.0}]})
    assert not found.was_run
    assert found.root.share == pytest.approx(1 / 31)


@pytest.mark.parametrize("text", ["", "{}", "[]", "[1]", "[{}]", "Seq Scan on t", "[" * 100_000])
def test_what_is_no_plan(text):
    with pytest.raises(PlanUnreadable):
        parse_plan(text)


@pytest.mark.parametrize(
    ("statement", "changes"),
    [
        ("select 1", False),
        ("  -- c\n select 'insert'", False),
        ("with a as (select 1) select * from a", False),
        ("with a as (delete from t returning *) select * from a", True),
        ("select * into u from t", True),
        ("update t set a = 1", True),
        ("create table t as select 1", True),
        ("", True),
    ],
)
def test_what_may_change_data(statement, changes):
    assert changes_data(statement) is changes
