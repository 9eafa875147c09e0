"""The first screen: there at once, and complete a moment later, without anything moving or being lost."""

import pytest
from textual.geometry import Region

from tui.app import WsqlApp
from tui.config import Home
from tui.core.wish import Wish
from tui.screens.history import HistoryView
from tui.screens.main import MainScreen
from tui.widgets.catalog_tree import CatalogTree
from tui.widgets.deck import DeckLine
from tui.widgets.key_bar import KeyBar

pytestmark = pytest.mark.anyio
NOBODY = Wish(dsn="host=127.0.0.1 port=9 dbname=none")


@pytest.fixture
def app(tmp_path):
    return WsqlApp(NOBODY, Home(tmp_path))


async def complete(pilot, app):
    while not app.main.query(CatalogTree):
        await pilot.pause(0.01)
    await pilot.pause()


def places(main: MainScreen) -> list[Region]:
    return [main.query_one(name).region for name in ("Editors", "SqlEditor", "Results", "StatusBar", "KeyBar")]


async def test_nothing_moves_when_the_rest_comes(app, monkeypatch):
    furnish, before = MainScreen.furnish, []
    monkeypatch.setattr(MainScreen, "furnish", lambda main: (before.append(places(main)), furnish(main)))
    async with app.run_test(size=(120, 36)) as pilot:
        await complete(pilot, app)
        assert before == [places(app.main)]
        assert app.main.query_one(CatalogTree).region.width == 34
        assert app.focused is app.main.editors.editor
        app.leave()


async def test_what_has_not_come_is_empty(app, monkeypatch):
    monkeypatch.setattr(MainScreen, "furnish", lambda main: None)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        shown = "\n".join(strip.text for strip in app.screen._compositor.render_strips())
        assert "Messages" in shown
        assert "#" not in shown  # Textual writes the name of a widget that draws nothing
        app.leave()


async def test_what_needs_the_rest_at_once_gets_it(app, monkeypatch):
    monkeypatch.setattr(MainScreen, "furnish", lambda main: None)
    async with app.run_test(size=(120, 36)) as pilot:
        assert not app.main.query(CatalogTree)
        await pilot.press("s", "f2", "e", "escape", "ctrl+n", "x", "ctrl+pageup", "l")
        assert app.main.editors.editor.text == "sel"
        assert not app.main.query_one(CatalogTree).display
        await pilot.press("ctrl+f", "e")
        assert app.main.editors.editor.selected_text == "e"
        app.leave()


async def test_the_key_bar_tells_the_keys_and_presses_them(app):
    async with app.run_test(size=(120, 36)) as pilot:
        await complete(pilot, app)
        bar = app.main.query_one(KeyBar)
        line = bar.render().plain
        assert "f5 run " in line.lower()
        assert line.lower().endswith("^p palette ")
        await pilot.click(KeyBar, offset=(line.index("History") + 2, 0))
        await pilot.pause()
        assert isinstance(app.screen, HistoryView)
        await pilot.press("escape")
        await pilot.resize_terminal(24, 20)
        await pilot.pause()
        assert bar.render().plain.lower().endswith("^p palette ")
        assert bar.render().cell_length <= 24
        app.leave()


async def test_tabs_are_turned_by_click_and_key_and_the_shown_one_is_always_on_the_line(app):
    async with app.run_test(size=(120, 36)) as pilot:
        await complete(pilot, app)
        editors = app.main.editors
        line = editors.query_one(DeckLine)
        for number in range(2, 31):
            await editors.open()
            await pilot.press("t")
            assert editors.editor.text == "t", number
        assert line.render().plain.endswith(" 30 ")
        assert line.render().cell_length <= line.size.width
        await pilot.click(line, offset=(line.render().plain.index(" 29 ") + 1, 0))
        await pilot.pause()
        assert [card.title for card in editors.cards if card.display and card.is_attached] == ["29"]
        line.focus()
        await pilot.press("right", "right")
        assert editors.active_card.title == "1"
        assert line.render().plain.startswith(" 1 ")
        editors.close_active()
        await pilot.pause()
        assert editors.active_card.title == "2"
        assert [tab.title for tab in editors.kept().tabs] == [str(number) for number in range(2, 31)]
        app.leave()


async def test_texts_that_nobody_looked_at_are_kept_as_they_were(app):
    app.keeper._file.write_text(
        '{"tabs": [{"title": "a", "text": "one"}, {"title": "b", "text": "two", "row": 0, "column": 2}], "active": 0}'
    )
    async with app.run_test(size=(120, 36)) as pilot:
        await complete(pilot, app)
        kept = app.main.editors.kept()
        assert [(tab.title, tab.text, tab.column) for tab in kept.tabs] == [("a", "one", 0), ("b", "two", 2)]
        await pilot.press("ctrl+pagedown", "x")
        assert app.main.editors.kept().tabs[1].text == "twxo"
        app.leave()
