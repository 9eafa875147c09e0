import pytest

from tui.printer import excerpt


@pytest.mark.parametrize(
    ("text", "position", "expected"),
    [
        ("select nope", 8, "LINE 3: select nope\n               ^"),
        ("select\n  x,\n  nope", 15, "LINE 3:   nope\n          ^"),
        ("select '表', x", 13, "LINE 3: select '表', x\n                     ^"),
        ("select 1 +", 11, "LINE 3: select 1 +\n                  ^"),
    ],
)
def test_the_caret_stands_below_the_error(text, position, expected):
    assert excerpt(text, position, 3) == expected


def test_a_long_line_is_cut_and_controls_are_shown():
    shown = excerpt("x" * 500 + "\x1b nope" + "y" * 500, 503, 1)
    first, second = shown.split("\n")
    assert first.index("nope") == second.index("^")
    assert len(first) < 140
    assert "\x1b" not in shown
