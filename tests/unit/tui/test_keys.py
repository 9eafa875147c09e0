"""The documented keys are the keys that are bound."""

import re
from pathlib import Path

from textual.binding import Binding

from tui.screens.chart import ChartView
from tui.screens.main import MainScreen
from tui.screens.views import RecordView, ValueView
from tui.widgets.editor import SqlEditor
from tui.widgets.result_table import ResultTable

DOCUMENT = Path(__file__).parents[3] / "docs" / "wsql.md"
_NAMES = {"escape": "Esc", "pagedown": "PageDown", "pageup": "PageUp"}


def _written(key: str) -> str:
    return "+".join(_NAMES.get(part, part.capitalize()) for part in key.split("+"))


def _table() -> list[str]:
    """The rows for docs/wsql.md: every command that has a key and a name, in the screen's order."""
    return [
        f"| {', '.join(map(_written, command.keys.split(',')))} | {command.title} |"
        for command in MainScreen.offered(None)
        if command.keys and command.title
    ]


def test_the_document_lists_the_keys():
    section = DOCUMENT.read_text().partition("### Keys of the screen\n")[2].partition("\n##")[0]
    assert [line for line in section.splitlines() if line.startswith("| ")][1:] == _table()


# Two names of one key, and what one tries without being told.
_ALIASES = {"delete", "ctrl+f", "shift+y", "shift+s", "shift+f", "shift+n", "ctrl+at", "ctrl+space", "ctrl+slash"}
_MOVES = {"up", "down", "left", "right", "pageup", "pagedown", "home", "end"}
_SIGNS = {"slash": "/", "plus": "+", "minus": "-", "ctrl+@": "Ctrl+Space", "ctrl+underscore": "Ctrl+/"}


def _bound(*widgets: type) -> set[str]:
    found = [binding for widget in widgets for binding in widget.BINDINGS if isinstance(binding, Binding)]
    keys = {key for binding in found for key in binding.key.split(",")} - _ALIASES - _MOVES
    return {_SIGNS.get(key) or ("+".join(map(str.capitalize, key.split("+"))) if len(key) > 1 else key) for key in keys}


def _section(title: str) -> str:
    return DOCUMENT.read_text().partition(f"### {title}\n")[2].partition("\n##")[0]


def test_the_keys_of_a_result_are_those_that_the_document_lists():
    rows = [line.split("|") for line in _section("Results").splitlines() if line.startswith("| ")][2:]
    first = " ".join(row[1] for row in rows if len(row) == 4)
    listed = {key.capitalize() if len(key) > 1 and "+" not in key else key for key in re.findall(r"`([^`]+)`", first)}
    assert listed - {"Esc"} == _bound(ResultTable)
    # What a chart, a record and a whole value know besides.
    told = set(re.findall(r"`([^`]+)`", " ".join(row[2] for row in rows if len(row) == 4)))
    assert _bound(ChartView, RecordView) <= told
    assert _bound(ValueView) <= told | _bound(ResultTable)


def test_the_keys_of_the_editor_are_in_the_document():
    section = DOCUMENT.read_text().partition("## The editor\n")[2].partition("\n##")[0]
    missing = {key for key in _bound(SqlEditor) if key not in section}
    # What finds is told as the screen's key.
    assert missing == set()
