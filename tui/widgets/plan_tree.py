"""A plan as a tree: the steps that cost most are lit, and so are those that the planner misjudged."""

from typing import ClassVar, Final

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Label, Tree
from textual.widgets.tree import TreeNode

from tui.core.plan import Plan, PlanNode, describe_node, worst
from tui.core.terminal import harmless

_HOT: Final = 0.3
_WARM: Final = 0.1
_MISJUDGED: Final = 10.0
_BAR: Final = 8


class PlanTree(Vertical):
    """The steps of a plan; the cursor begins on the costliest."""

    DEFAULT_CSS = """
    PlanTree { height: 1fr; }
    PlanTree Tree { height: 1fr; padding: 0; scrollbar-size-vertical: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "screen.pin", "Pin"),
        Binding("x,delete", "screen.close_result", "Close"),
        Binding("n", "next_hot", "Costliest"),
    ]

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.plan = plan

    def compose(self) -> ComposeResult:
        run = "Shares are of the time." if self.plan.was_run else "It was not run: shares are of the planner's cost."
        yield Label(Text(harmless(", ".join((*self.plan.facts, run)))), classes="summary")
        yield Tree[PlanNode]("plan", self.plan.root)

    def on_mount(self) -> None:
        tree = self._tree
        tree.show_root = False
        tree.guide_depth = 2
        self._add(tree.root, self.plan.root)
        tree.root.expand()
        self.call_after_refresh(self.action_next_hot)

    def focus(self, scroll_visible: bool = True) -> "PlanTree":
        self.call_after_refresh(lambda: self._tree.focus(scroll_visible))
        return self

    def action_next_hot(self) -> None:
        """Go to the step that costs most by itself."""
        hottest = worst(list(self.plan.root.walk()))
        found = next((node for node in _all(self._tree.root) if node.data is hottest), None)
        if found is not None:
            self._tree.move_cursor(found, animate=False)

    @property
    def _tree(self) -> "Tree[PlanNode]":
        return self.query_one(Tree)

    def _add(self, parent: "TreeNode[PlanNode]", node: PlanNode) -> None:
        branch = parent.add(label(node), node, expand=True)
        for detail in node.details:
            branch.add_leaf(Text(harmless(detail), "dim"))
        for child in node.children:
            self._add(branch, child)


def label(node: PlanNode) -> Text:
    """A step in one line: its share as a bar and in per cent, then what it does."""
    style = "bold red" if node.share >= _HOT else "yellow" if node.share >= _WARM else ""
    bar = "█" * round(node.share * _BAR)
    text = Text(f"{bar:░<{_BAR}} {node.share:4.0%} ", style)
    text.append(harmless(describe_node(node)), style)
    if node.misjudged >= _MISJUDGED:
        text.append(f"  rows misjudged by {node.misjudged:,.0f}", "bold magenta")
    return text


def _all(node: "TreeNode[PlanNode]") -> "list[TreeNode[PlanNode]]":
    return [node, *(below for child in node.children for below in _all(child))]
