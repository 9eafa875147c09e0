"""The results of the last run, one a tab, and above them what the server said."""

from dataclasses import dataclass
from typing import Final

from rich.text import Text
from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Label, RichLog, TabbedContent, TabPane

from tui.core.errors import SqlClientError, StatementFailed
from tui.core.feed import ResultFeed
from tui.core.outcome import Outcome
from tui.core.terminal import harmless
from tui.core.told import Notice
from tui.widgets.result_table import ResultTable

_NARROWEST: Final = 20


class Results(TabbedContent):
    """Tables, and a tab of messages."""

    DEFAULT_CSS = """
    Results { height: 1fr; }
    Results TabPane { padding: 0; }
    Results .summary { height: 1; color: $foreground 60%; padding: 0 1; }
    Results RichLog { background: $surface; padding: 0 1; height: 1fr; overflow-y: auto; scrollbar-size-vertical: 1; }
    """

    @dataclass
    class Forgotten(Message):
        """A result is shown no more."""

        feed: ResultFeed

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._number = 0
        self._tables: dict[int, ResultTable] = {}
        self._pinned: set[str] = set()

    @classmethod
    def composed(cls) -> ComposeResult:
        """The widget with its first tab."""
        with cls(id="results"), TabPane("Messages", id="messages"):
            yield RichLog(wrap=True, min_width=20, max_lines=5000)

    # --- tables --------------------------------------------------------------------------------------------------

    @property
    def table(self) -> ResultTable | None:
        """The table that is shown."""
        pane = self.active_pane
        return next(iter(pane.query(ResultTable)), None) if pane is not None else None

    @property
    def readable(self) -> Widget:
        """What takes the keys in the tab that is shown."""
        pane = self.active_pane
        inside = pane.query("*") if pane is not None else ()
        return next((widget for widget in inside if widget.focusable), self)

    @property
    def tables(self) -> dict[str, ResultTable]:
        """All tables, by what stands on their tabs."""
        mounted = [table for table in self._tables.values() if table.is_mounted]
        return {str(self.get_tab(str(_pane(table).id)).label): table for table in mounted}

    @property
    def feeds(self) -> list[ResultFeed]:
        """All results that are here."""
        return [table.feed for table in self._tables.values()]

    def begin(self) -> None:
        """A run begins: take away what is not pinned."""
        if self.active not in self._pinned:
            # Taking the shown tab away would choose another one later, over the result that comes meanwhile.
            self.active = "messages"
        for pane in self.query(TabPane):
            if pane.id not in (*self._pinned, "messages"):
                self._remove(pane)

    def show(self, outcome: Outcome) -> None:
        """Show the results of a statement, as far as they are here."""
        for feed in outcome.feeds:
            if id(feed) in self._tables:
                self.came(feed)
            elif feed.columns or feed.rows:
                self.add(ResultTable(feed), "Result")

    def came(self, feed: ResultFeed) -> None:
        """A result has more rows."""
        if (table := self._tables.get(id(feed))) is not None and table.is_mounted:
            table.rows_came()
            self.summarize(table)

    def pin(self) -> bool | None:
        """Keep the shown result when others come, or not any more; None where none is shown."""
        pane = self.active_pane
        if pane is None or pane.id is None or pane.id == "messages":
            return None
        tab = self.get_tab(pane)
        if pane.id in self._pinned:
            self._pinned.remove(pane.id)
            tab.label = str(tab.label).removeprefix("◆ ")
            return False
        self._pinned.add(pane.id)
        tab.label = f"◆ {tab.label}"
        return True

    def add(self, table: ResultTable, title: str, before: str = "") -> None:
        """Show a table in a tab of its own; `before` is said before how much is here."""
        table.before = before
        self._tables[id(table.feed)] = table
        self._add_pane(f"{title} {self._number + 1}", Label(summary(table), classes="summary"), table)

    def add_view(self, title: str, *widgets: Widget) -> None:
        """Show something else than a table in a tab of its own."""
        self._add_pane(f"{title} {self._number + 1}", *widgets)

    def close_active(self) -> bool:
        """Take away the shown result; False where none is shown."""
        pane = self.active_pane
        if pane is None or pane.id == "messages":
            return False
        self._remove(pane)
        return True

    def summarize(self, table: ResultTable) -> None:
        """Say how much of a result is here, and how it is arranged."""
        self.working(table, summary(table))

    def working(self, table: ResultTable, text: str) -> None:
        """Say something above a table."""
        if table.is_mounted:
            _pane(table).query_one(Label).update(Content(text))

    def _add_pane(self, title: str, *widgets: Widget) -> None:
        self._number += 1
        pane = TabPane(title, *widgets, id=f"result-{self._number}")
        self.add_pane(pane)
        self.active = str(pane.id)

    def _remove(self, pane: TabPane) -> None:
        for table in pane.query(ResultTable):
            self._tables.pop(id(table.feed), None)
            table.forget()
            self.post_message(self.Forgotten(table.feed))
        self._pinned.discard(str(pane.id))
        self.remove_pane(str(pane.id))

    # --- messages ------------------------------------------------------------------------------------------------

    def say(self, text: str, style: str = "") -> None:
        """Write a line among the messages."""
        # Its own width is none while another tab is shown.
        room = max(_NARROWEST, self.size.width - 4)
        self.query_one(RichLog).write(Text(harmless(text), style), width=room if self.size.width else None)

    def notice(self, notice: Notice) -> None:
        """Write what the server says besides."""
        self.say(f"{notice.severity}:  {notice.message}", "yellow" if notice.severity == "WARNING" else "cyan")
        for label, text in (("DETAIL", notice.detail), ("HINT", notice.hint)):
            if text:
                self.say(f"{label}:  {text}", "dim")

    def tell(self, outcome: Outcome) -> None:
        """Write what became of a statement; a failure is shown at once."""
        took = f"{outcome.milliseconds:,.0f} ms"
        if outcome.copied:
            self.say(outcome.copied)
        if outcome.failure is None:
            self.say(f"{outcome.tag or 'done'}  {took}", "green")
            if not outcome.feeds or outcome.as_text:
                self.active = "messages"
            return
        for text, style in failure_lines(outcome.failure):
            self.say(text, style)
        for refused in outcome.refused:
            self.say(str(refused), "bold yellow")
        self.active = "messages"


def failure_lines(failure: SqlClientError) -> list[tuple[str, str]]:
    """What went wrong, as lines with their styles."""
    if not isinstance(failure, StatementFailed):
        return [(failure.what, "bold red"), *([(failure.remedy, "")] if failure.remedy else [])]
    said = failure.said
    lines = [(f"{said.severity}:  {said.sqlstate}: {said.message}", "bold red")]
    parts = (("DETAIL", said.detail), ("HINT", said.hint), ("CONTEXT", said.context))
    return lines + [(f"{label}:  {text}", "") for label, text in parts if text]


def summary(table: ResultTable) -> str:
    """How much of a result is here, and how it is arranged."""
    feed, shown = table.feed, table.shown
    rows = f"{feed.rows:,} row{'' if feed.rows == 1 else 's'}"
    if feed.open:
        rows += " so far; more come as you scroll (Ctrl+End: all)"
    elif not feed.complete:
        rows += f" of more. {feed.given_up}".rstrip()
    if table.filter:
        rows = f"{shown.rows:,} of {rows}, where {harmless(table.filter)}"
    names = [f"{feed.columns[one.column].name}{' descending' if one.descending else ''}" for one in table.orders]
    columns = f"{len(feed.columns):,} column{'' if len(feed.columns) == 1 else 's'}"
    parts = [table.before, rows, columns, f"sorted by {', '.join(names)}" if names else ""]
    return harmless(", ".join(filter(None, parts)))


def _pane(table: ResultTable) -> TabPane:
    return table.query_ancestor(TabPane)
