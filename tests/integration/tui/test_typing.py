"""What is typed faster than it is shown: every key is done, and in the order in which it was pressed."""

import pytest
from textual.events import Key, Paste

from tui.screens.dialogs import AskText
from tui.screens.views import ValueView
from tui.widgets.line import Line

pytestmark = [pytest.mark.integration, pytest.mark.anyio]


def at_once(seen, *keys):
    """Press keys as they come from the terminal in one piece."""
    for key in keys:
        if key.startswith("paste:"):
            seen.app.post_message(Paste(key.removeprefix("paste:")))
        else:
            seen.app.post_message(Key(key, key if len(key) == 1 else None))


async def test_keys_that_come_in_one_piece_keep_their_order(opened, wish):
    async with opened(wish) as seen:
        editor = seen.main.editors.editor
        at_once(seen, *"abc", "backspace", "d", "left", "e", "home", "x", "end", "y", "enter", *"last")
        await seen.until(lambda: "last" in editor.text, "all of it")
        assert editor.text == "xabedy\nlast"
        at_once(seen, "ctrl+u", "paste:select 1", "f10")
        await seen.until(lambda: editor.text == "xabedy\nselect 1", "the paste behind the deletion")
        seen.app.push_screen(AskText("Question?"))
        await seen.until(lambda: isinstance(seen.app.screen.focused, Line), "the question")
        at_once(seen, *"abc", "backspace", "d", "home", "x")
        line = seen.app.screen.query_one(Line)
        await seen.until(lambda: len(line.value) == 4, "all of it")
        assert line.value == "xabd"


async def test_what_is_typed_right_behind_f10_is_for_the_result(opened, wish):
    async with opened(wish) as seen:
        await seen.run("select 1")
        at_once(seen, "f10", "enter")
        await seen.shows(ValueView, "the value")
        assert seen.main.editors.editor.text == "select 1"
