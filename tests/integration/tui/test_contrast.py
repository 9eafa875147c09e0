"""Every text on the screen can be read."""

import re

import pytest
from textual.color import Color

from tests.integration.tui.screens import cells
from tui.core.told import Notice
from tui.widgets.legible import CONTRAST, contrast

pytestmark = [pytest.mark.integration, pytest.mark.anyio]


def faint(app):
    """What cannot be read: contrast, and the text."""
    found = {}
    for text, style in cells(app):
        if not re.search(r"\w|[!-~]", text) or style is None or style.color is None or style.bgcolor is None:
            continue
        if style.color.triplet is None or style.bgcolor.triplet is None:
            continue
        ratio = contrast(Color(*style.color.triplet), Color(*style.bgcolor.triplet))
        if ratio < CONTRAST:
            found[text.strip()] = round(ratio, 1)
    return found


async def test_what_is_shown_can_be_read_in_the_dark_and_in_the_light(opened, wish):
    """Each theme passes the same filter (tests/unit/tui/test_legible.py): two show that nothing goes around it."""
    async with opened(wish, size=(120, 50)) as seen:
        await seen.run("select nope /* a comment */ from pg_class where relname = 'text'")
        seen.main.results.notice(Notice("WARNING", "warning", "detail", "hint"))
        seen.app.notify("error", severity="error")
        for theme in ("textual-light", "textual-dark"):
            seen.app.theme = theme
            await seen.until(lambda theme=theme: seen.app.has_class(f"-theme-{theme}"), "the theme")
            await seen.pilot.pause()
            assert faint(seen.app) == {}, theme
        await seen.run("select 1 as a, null as n, 'x' as b from generate_series(1, 9)")
        seen.table.focus()
        await seen.pilot.press("down", "space", "down")
        await seen.pilot.pause()
        assert faint(seen.app) == {}
