"""What the main screen offers: each action is there, and no key or line means two things."""

import ast

import pytest
from textual.app import App

from tui.commands import OfferedCommands
from tui.screens.main import MainScreen

OFFERED = list(MainScreen.offered(None))


@pytest.mark.parametrize("command", OFFERED, ids=lambda command: command.action)
def test_the_action_is_there_and_takes_the_arguments(command):
    call = ast.parse(command.action if "(" in command.action else f"{command.action}()", mode="eval").body
    target = getattr(MainScreen, f"action_{call.func.id}")
    assert target.__code__.co_argcount >= 1 + len(call.args)


def test_no_key_and_no_line_of_the_palette_means_two_things():
    keys = [key for command in OFFERED for key in command.keys.split(",") if key]
    titles = [command.title for command in OFFERED if command.title]
    assert len(set(keys)) == len(keys)
    assert len(set(titles)) == len(titles)


@pytest.mark.anyio
@pytest.mark.parametrize("query", ["keys of vi", "vi keys", "Vim keys"])
async def test_the_palette_finds_words_in_any_order(query, monkeypatch):
    monkeypatch.setattr(OfferedCommands, "_commands", OFFERED)
    async with App().run_test() as pilot:
        found = [hit.text async for hit in OfferedCommands(pilot.app.screen).search(query)]
    assert "Keys of vi" in found
    assert len(found) < 5


def test_the_footer_has_room_for_what_it_shows():
    shown = [command for command in OFFERED if command.footer]
    assert sum(len(command.footer) + len(command.keys.partition(",")[0]) + 2 for command in shown) < 110
