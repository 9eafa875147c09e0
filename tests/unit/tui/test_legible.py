"""Text colours stand out from their background, whatever a theme says."""

from hypothesis import given
from hypothesis import strategies as st
from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.theme import BUILTIN_THEMES

from tui.widgets.legible import CONTRAST, Legible, contrast, legible

COLOURS = st.tuples(*[st.integers(0, 255)] * 3)


@given(COLOURS, COLOURS)
def test_every_colour_can_be_read_on_every_ground(text, ground):
    style = Style(color=RichColor.from_rgb(*text), bgcolor=RichColor.from_rgb(*ground), bold=True)
    found = legible(style, Color(0, 0, 0))
    assert contrast(Color(*found.color.triplet), Color(*ground)) >= CONTRAST
    assert found.bold


def test_the_pairs_of_every_theme_and_what_can_be_read_stays():
    """Before the filter some of them cannot be read: it is needed."""
    moved = set()
    for name, theme in BUILTIN_THEMES.items():
        if theme.ansi:
            continue
        colours = theme.to_color_system().generate()
        for text in ("foreground", "primary", "secondary", "accent", "success", "warning", "error"):
            for ground in ("background", "surface", "panel"):
                fore, back = Color.parse(colours[text]), Color.parse(colours[ground])
                style = Style(color=fore.rich_color, bgcolor=back.rich_color)
                found = legible(style, back)
                if found != style:
                    moved.add(name)
                    assert contrast(fore, back) < CONTRAST
                assert contrast(Color(*found.color.triplet), back) >= CONTRAST
    assert {"textual-dark", "textual-light"} <= moved


def test_frames_and_the_terminal_s_own_colours_are_left_alone():
    grey = Style(color=RichColor.from_rgb(40, 40, 40), bgcolor=RichColor.from_rgb(30, 30, 30))
    own = Style(color="red")
    for segment in (Segment("━━╸ ", grey), Segment("text", own), Segment("text")):
        assert Legible().apply([segment], Color(30, 30, 30)) == [segment]
    assert Legible().apply([Segment("text", grey)], Color(30, 30, 30))[0].style != grey
