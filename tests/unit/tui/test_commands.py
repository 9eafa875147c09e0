"""What the main screen offers: each action is there, and no key or line means two things."""

import ast

import pytest

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


def test_the_footer_has_room_for_what_it_shows():
    shown = [command for command in OFFERED if command.footer]
    assert sum(len(command.footer) + len(command.keys.partition(",")[0]) + 2 for command in shown) < 110
