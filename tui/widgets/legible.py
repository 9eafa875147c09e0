"""Text that can be read in every theme."""

import re
from functools import lru_cache
from typing import Final

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

CONTRAST: Final = 4.5
"""What text needs (WCAG 2.2, 1.4.3, level AA)."""
_STEPS: Final = 20
_TEXT: Final = re.compile(r"\w|[!-~]")
_WHITE: Final = Color(255, 255, 255)
_BLACK: Final = Color(0, 0, 0)


class Legible(LineFilter):
    """Moves the colour of text, but not of frames, towards white or black, as far as their background asks for.

    Themes, also those that ship with Textual, have accents and greys that cannot be read on some of the grounds that
    they come on. The ansi themes are the terminal's own colours, which nobody knows here.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments, with colours that can be read."""
        return [
            Segment(text, legible(style, background), control)
            if style is not None and not control and _TEXT.search(text)
            else Segment(text, style, control)
            for text, style, control in segments
        ]


@lru_cache(4096)
def legible(style: Style, background: Color) -> Style:
    """The style with a text colour that stands out from its background."""
    if style.color is None or style.color.triplet is None or style.reverse:
        return style
    ground = background
    if style.bgcolor is not None and style.bgcolor.triplet is not None:
        ground = Color(*style.bgcolor.triplet)
    colour = Color(*style.color.triplet)
    if contrast(colour, ground) >= CONTRAST:
        return style
    target = max(_WHITE, _BLACK, key=lambda end: contrast(end, ground))
    nearer = (colour.blend(target, step / _STEPS) for step in range(1, _STEPS + 1))
    found = next((one for one in nearer if contrast(one, ground) >= CONTRAST), target)
    return style + Style(color=found.rich_color)


def contrast(one: Color, other: Color) -> float:
    """The ratio of two colours' luminance (WCAG 2.2, "contrast ratio"), 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: Color) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour.normalized
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
