"""The documented keys are the keys that are bound."""

from pathlib import Path

from tui.screens.main import MainScreen

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
