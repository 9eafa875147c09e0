"""The results of the last run, one a tab, and above them what the server said."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.text import Text
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Label

from tui.core.terminal import harmless
from tui.widgets.deck import Card, Deck

if TYPE_CHECKING:
    from textual.widgets import RichLog

    from tui.core.errors import SqlClientError
    from tui.core.feed import ResultFeed
    from tui.core.outcome import Outcome
    from tui.core.told import Notice
    from tui.widgets.result_table import ResultTable

_NARROWEST: Final = 20
_MESSAGES: Final = "messages"


class ResultCard(Card):
    """A table, and a line that says what it holds."""

    def __init__(self, title: str, table: "ResultTable", id: str) -> None:  # noqa: A002
        self.line = Label(summary(table), classes="summary")
        super().__init__(title, self.line, table, id=id)
        self.table = table


class Results(Deck[Card]):
    """Tables, and a tab of messages. What shows them is loaded when there is something to show."""

    DEFAULT_CSS = """
    Results .summary { height: 1; color: $foreground 60%; padding: 0 1; }
    Results RichLog { background: $surface; padding: 0 1; height: 1fr; overflow-y: auto; scrollbar-size-vertical: 1; }
    """

    @dataclass
    class Forgotten(Message):
        """A result is shown no more."""

        feed: "ResultFeed"

    def __init__(self) -> None:
        super().__init__(Card("Messages", id=_MESSAGES), id="results")
        self._messages = self.cards[0]
        self._journal: RichLog | None = None
        self._number = 0
        self._shown: dict[int, ResultCard] = {}
        self._pinned: set[str] = set()

    # --- tables --------------------------------------------------------------------------------------------------

    @property
    def table(self) -> "ResultTable | None":
        """The table that is shown."""
        card = self.active_card
        return card.table if isinstance(card, ResultCard) and card.table.is_mounted else None

    @property
    def readable(self) -> Widget:
        """What takes the keys in the tab that is shown."""
        inside = self.active_card.query("*") if self.active_card is not None else ()
        return next((widget for widget in inside if widget.focusable), self)

    @property
    def tables(self) -> "dict[str, ResultTable]":
        """All tables, by what stands on their tabs."""
        return {card.title: card.table for card in self._shown.values() if card.table.is_mounted}

    @property
    def feeds(self) -> "list[ResultFeed]":
        """All results that are here."""
        return [card.table.feed for card in self._shown.values()]

    def begin(self) -> None:
        """A run begins: take away what is not pinned."""
        if self.active not in self._pinned:
            # Taking the shown tab away would choose another one later, over the result that comes meanwhile.
            self.active = _MESSAGES
        for card in [card for card in self.cards if card.key not in (*self._pinned, _MESSAGES)]:
            self._remove(card)

    def show(self, outcome: "Outcome") -> None:
        """Show the results of a statement, as far as they are here."""
        from tui.widgets.result_table import ResultTable

        for feed in outcome.feeds:
            if id(feed) in self._shown:
                self.came(feed)
            elif feed.columns or feed.rows:
                self.add(ResultTable(feed), "Result")

    def came(self, feed: "ResultFeed") -> None:
        """A result has more rows."""
        if (card := self._shown.get(id(feed))) is not None and card.table.is_mounted:
            card.table.rows_came()
            self.summarize(card.table)

    def pin(self) -> bool | None:
        """Keep the shown result when others come, or not any more; None where none is shown."""
        card = self._shown_result
        if card is None:
            return None
        if card.key in self._pinned:
            self._pinned.remove(card.key)
            self.rename(card, card.title.removeprefix("◆ "))
            return False
        self._pinned.add(card.key)
        self.rename(card, f"◆ {card.title}")
        return True

    def add(self, table: "ResultTable", title: str, before: str = "") -> None:
        """Show a table in a tab of its own; `before` is said before how much is here."""
        table.before = before
        self._number += 1
        card = ResultCard(f"{title} {self._number}", table, f"result-{self._number}")
        self._shown[id(table.feed)] = card
        self.add_card(card)

    def add_view(self, title: str, *widgets: Widget) -> None:
        """Show something else than a table in a tab of its own."""
        self._number += 1
        self.add_card(Card(f"{title} {self._number}", *widgets, id=f"result-{self._number}"))

    def close_active(self) -> bool:
        """Take away the shown result; False where none is shown."""
        card = self._shown_result
        if card is None:
            return False
        self._remove(card)
        return True

    def summarize(self, table: "ResultTable") -> None:
        """Say how much of a result is here, and how it is arranged."""
        self.working(table, summary(table))

    def working(self, table: "ResultTable", text: str) -> None:
        """Say something above a table."""
        if table.is_mounted:
            self._shown[id(table.feed)].line.update(Content(text))

    @property
    def _shown_result(self) -> Card | None:
        return None if self.active_card is self._messages else self.active_card

    def _remove(self, card: Card) -> None:
        if isinstance(card, ResultCard):
            self._shown.pop(id(card.table.feed))
            card.table.forget()
            self.post_message(self.Forgotten(card.table.feed))
        self._pinned.discard(card.key)
        self.remove_card(card)

    # --- messages ------------------------------------------------------------------------------------------------

    def say(self, text: str, style: str = "") -> None:
        """Write a line among the messages."""
        # Its own width is none while another tab is shown.
        room = max(_NARROWEST, self.size.width - 4)
        self.open_journal().write(Text(harmless(text), style), width=room if self.size.width else None)

    def open_journal(self) -> "RichLog":
        """Where messages are written; it knows how wide lines are once it was seen."""
        if self._journal is None:
            from textual.widgets import RichLog

            self._journal = RichLog(wrap=True, min_width=20, max_lines=5000)
            self._messages.mount(self._journal)
        return self._journal

    def notice(self, notice: "Notice") -> None:
        """Write what the server says besides."""
        self.say(f"{notice.severity}:  {notice.message}", "yellow" if notice.severity == "WARNING" else "cyan")
        for label, text in (("DETAIL", notice.detail), ("HINT", notice.hint)):
            if text:
                self.say(f"{label}:  {text}", "dim")

    def tell(self, outcome: "Outcome") -> None:
        """Write what became of a statement; a failure is shown at once."""
        took = f"{outcome.milliseconds:,.0f} ms"
        if outcome.copied:
            self.say(outcome.copied)
        if outcome.failure is None:
            self.say(f"{outcome.tag or 'done'}  {took}", "green")
            if not outcome.feeds or outcome.as_text:
                self.active = _MESSAGES
            return
        for text, style in failure_lines(outcome.failure):
            self.say(text, style)
        for refused in outcome.refused:
            self.say(str(refused), "bold yellow")
        self.active = _MESSAGES


def failure_lines(failure: "SqlClientError") -> list[tuple[str, str]]:
    """What went wrong, as lines with their styles."""
    from tui.core.errors import StatementFailed

    if not isinstance(failure, StatementFailed):
        return [(failure.what, "bold red"), *([(failure.remedy, "")] if failure.remedy else [])]
    said = failure.said
    lines = [(f"{said.severity}:  {said.sqlstate}: {said.message}", "bold red")]
    parts = (("DETAIL", said.detail), ("HINT", said.hint), ("CONTEXT", said.context))
    return lines + [(f"{label}:  {text}", "") for label, text in parts if text]


def summary(table: "ResultTable") -> str:
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
