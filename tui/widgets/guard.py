"""The last word on what goes to the terminal."""

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from tui.core.terminal import without_controls


class TerminalGuard(LineFilter):
    """Lets no control character of a text through, wherever it came from.

    Whoever shows data makes its controls visible (`tui.core.terminal`); Textual itself sends what it is given.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments without controls; what takes no cell moves nothing."""
        del background
        if all(segment.control or segment.text.isprintable() for segment in segments):
            return segments
        return [
            segment if segment.control else Segment(without_controls(segment.text), segment.style)
            for segment in segments
        ]
