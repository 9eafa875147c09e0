"""A plan of the server (EXPLAIN, FORMAT JSON) as a tree: where the time goes, and where the planner was wrong."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tui.core.errors import PlanUnreadable

_DETAILS: Final = (
    ("Index Cond", "index"),
    ("Recheck Cond", "recheck"),
    ("Hash Cond", "hash"),
    ("Merge Cond", "merge"),
    ("Join Filter", "join filter"),
    ("Filter", "filter"),
    ("Rows Removed by Filter", "removed by filter"),
    ("Rows Removed by Join Filter", "removed by join filter"),
    ("Sort Key", "sort"),
    ("Sort Method", "sort method"),
    ("Sort Space Type", "sort space"),
    ("Group Key", "group"),
    ("Hash Batches", "batches"),
    ("Heap Fetches", "heap fetches"),
    ("Workers Launched", "workers"),
    ("Subplan Name", "subplan"),
)
_BLOCKS: Final = (
    ("Shared Hit Blocks", "hit"),
    ("Shared Read Blocks", "read"),
    ("Shared Dirtied Blocks", "dirtied"),
    ("Shared Written Blocks", "written"),
    ("Temp Read Blocks", "temp read"),
    ("Temp Written Blocks", "temp written"),
)


@dataclass(slots=True)
class PlanNode:
    """One step of a plan.

    Attributes:
        title: what it does, on what.
        cost, self_cost: estimated, in the planner's unit: with and without the steps below.
        rows: estimated, of one loop.
        milliseconds, self_milliseconds: of all loops, or None where the plan was not run.
        actual_rows: of one loop, or None.
        share: of the whole plan's time (cost, where it was not run), 0 to 1: the step's own.
        details: conditions, blocks and the like, for reading.
    """

    title: str
    cost: float
    rows: float
    loops: float = 1.0
    milliseconds: float | None = None
    actual_rows: float | None = None
    details: tuple[str, ...] = ()
    children: "list[PlanNode]" = field(default_factory=list)
    self_cost: float = 0.0
    self_milliseconds: float | None = None
    share: float = 0.0

    @property
    def misjudged(self) -> float:
        """How many times more, or fewer, rows came than the planner thought; 1 where it was right or was not run."""
        if self.actual_rows is None or not self.loops:
            return 1.0
        actual, expected = max(self.actual_rows, 1.0), max(self.rows, 1.0)
        return max(actual / expected, expected / actual)

    def walk(self) -> "Iterator[PlanNode]":
        """This step and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan, and what was said of the whole: times, triggers, settings."""

    root: PlanNode
    facts: tuple[str, ...]

    @property
    def was_run(self) -> bool:
        """Whether it holds times."""
        return self.root.milliseconds is not None


def explain_statement(statement: str, *, analyze: bool) -> str:
    """What to send for the plan of a statement."""
    return f"EXPLAIN ({'ANALYZE, BUFFERS, ' if analyze else ''}VERBOSE, FORMAT JSON) {statement}"


def parse_plan(text: str) -> Plan:
    """Read what EXPLAIN (FORMAT JSON) gave.

    Raises:
        PlanUnreadable: it is none.
    """
    try:
        (document,) = json.loads(text)
        root = _node(document["Plan"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise PlanUnreadable("This is no plan in JSON.") from None
    _own_shares(root)
    return Plan(root, tuple(_facts(document)))


def _node(raw: dict[str, Any]) -> PlanNode:
    loops = float(raw.get("Actual Loops", 1))
    total = raw.get("Actual Total Time")
    node = PlanNode(
        _title(raw),
        float(raw.get("Total Cost", 0)),
        float(raw.get("Plan Rows", 0)),
        loops,
        None if total is None else float(total) * loops,
        None if "Actual Rows" not in raw else float(raw["Actual Rows"]),
        tuple(_details(raw)),
        [_node(child) for child in raw.get("Plans", ())],
    )
    workers = float(raw.get("Workers Launched", 0))
    if workers and node.milliseconds is not None:
        # Steps below ran in several processes at once; a loop is one process (PostgreSQL manual 15.1).
        for child in node.children:
            _at_once(child, workers + 1)
    return node


def _at_once(node: PlanNode, processes: float) -> None:
    """Reckon the time of a step that ran in several processes as the clock saw it."""
    for one in node.walk():
        if one.milliseconds is not None and one.loops > 1:
            one.milliseconds /= min(processes, one.loops)


def _own_shares(root: PlanNode) -> None:
    for node in root.walk():
        # An init plan's or a subplan's time may be more than its parent's, which asked for a part only.
        node.self_cost = max(0.0, node.cost - sum(child.cost for child in node.children))
        if node.milliseconds is not None:
            node.self_milliseconds = max(0.0, node.milliseconds - sum(c.milliseconds or 0.0 for c in node.children))
    parts = [node.self_cost if node.self_milliseconds is None else node.self_milliseconds for node in root.walk()]
    whole = sum(parts)
    for node, part in zip(root.walk(), parts, strict=True):
        node.share = part / whole if whole else 0.0


def _title(raw: dict[str, Any]) -> str:
    title = str(raw.get("Node Type", "?"))
    if raw.get("Join Type") not in (None, "Inner"):
        title = f"{title} ({raw['Join Type']})"
    if raw.get("Strategy") not in (None, "Plain"):
        title = f"{raw['Strategy']} {title}"
    if raw.get("Operation"):
        title = f"{raw['Operation']} ({title})"
    if raw.get("Parallel Aware"):
        title = f"Parallel {title}"
    if index := raw.get("Index Name"):
        title += f" using {index}"
    name = raw.get("Relation Name") or raw.get("CTE Name") or raw.get("Function Name")
    if name:
        schema = f"{raw['Schema']}." if raw.get("Schema") else ""
        alias = f" {raw['Alias']}" if raw.get("Alias") not in (None, name) else ""
        title += f" on {schema}{name}{alias}"
    return title


def _details(raw: dict[str, Any]) -> Iterator[str]:
    for key, label in _DETAILS:
        value = raw.get(key)
        if value not in (None, 0, []):
            yield f"{label}: {', '.join(map(str, value)) if isinstance(value, list) else value}"
    blocks = [f"{label} {raw[key]:,}" for key, label in _BLOCKS if raw.get(key)]
    if blocks:
        yield f"blocks: {', '.join(blocks)}"
    if raw.get("Actual Loops") == 0:
        yield "never run"


def _facts(document: dict[str, Any]) -> Iterator[str]:
    for key in ("Planning Time", "Execution Time"):
        if key in document:
            yield f"{key.lower()} {document[key]:,.1f} ms"
    for trigger in document.get("Triggers") or ():
        name = trigger.get("Trigger Name") or trigger.get("Constraint Name")
        yield f"trigger {name} {trigger.get('Time', 0):,.1f} ms"
    if settings := document.get("Settings"):
        yield "settings " + ", ".join(f"{name} = {value}" for name, value in settings.items())


def describe_node(node: PlanNode) -> str:
    """A step in one line, without its details."""
    parts = [f"cost {node.self_cost:,.0f}", f"{node.rows:,.0f} rows expected"]
    if node.milliseconds is not None:
        own = node.self_milliseconds or 0.0
        times = f" in each of {node.loops:,.0f} loops" if node.loops > 1 else ""
        parts = [f"{own:,.1f} ms of its own", f"{node.actual_rows or 0:,.0f} rows{times}, {node.rows:,.0f} expected"]
    return f"{node.title}  ({', '.join(parts)})"


def worst(nodes: Sequence[PlanNode]) -> PlanNode:
    """The step that costs most by itself."""
    return max(nodes, key=lambda node: node.share)
