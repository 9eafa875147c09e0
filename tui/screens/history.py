"""What was run before: searchable, with how long it took and what came of it."""

from collections.abc import Callable
from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Label, OptionList
from textual.widgets.option_list import Option

from tui.core.history import HistoryEntry
from tui.core.terminal import harmless
from tui.widgets.line import Line

Search = Callable[[str, Callable[[list[HistoryEntry]], object]], None]


class HistoryView(ModalScreen[str | None]):
    """Gives back the statement that was chosen."""

    DEFAULT_CSS = """
    HistoryView { align: center middle; }
    HistoryView > Vertical { width: 95%; height: 90%; padding: 0 2; background: $panel; border: tall $primary; }
    HistoryView OptionList { height: 1fr; }
    HistoryView Label { color: $foreground 60%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Close"),
        Binding("down", "list", show=False),
    ]

    def __init__(self, search: Search) -> None:
        super().__init__()
        self._search = search
        self._found: list[HistoryEntry] = []

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Line(placeholder="Words that the statement holds")
            yield OptionList()
            yield Label("Enter opens the statement in a new tab. Esc closes.")

    def on_mount(self) -> None:
        self._look("")

    def on_input_changed(self, event: Input.Changed) -> None:
        self._look(event.value)

    def on_input_submitted(self) -> None:
        if self._found:
            self.dismiss(self._found[0].statement)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._found[event.option_index].statement)

    def action_list(self) -> None:
        self.query_one(OptionList).focus()

    def action_leave(self) -> None:
        self.dismiss(None)

    def _look(self, words: str) -> None:
        self._search(words, lambda found: self.app.call_from_thread(self._show, words, found))

    def _show(self, words: str, found: list[HistoryEntry]) -> None:
        if not self.is_mounted or words != self.query_one(Input).value:
            return
        self._found = found
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options([Option(_line(entry)) for entry in found])


def _line(entry: HistoryEntry) -> Table:
    grid = Table.grid(padding=(0, 1), expand=True)
    grid.add_column(width=16)
    grid.add_column(width=10, justify="right")
    grid.add_column(width=12, justify="right")
    grid.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    rows = f"{entry.row_count:,} rows" if entry.row_count >= 0 else ""
    grid.add_row(
        Text(f"{entry.at.astimezone():%Y-%m-%d %H:%M}", "dim"),
        Text(f"{entry.milliseconds:,} ms", "dim"),
        Text(entry.outcome, "red") if entry.outcome else Text(rows, "dim"),
        Text(harmless(" ".join(entry.statement.split()))),
    )
    return grid
