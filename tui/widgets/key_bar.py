"""The keys that mean something now, in one line at the bottom; a click presses the key.

One widget: Textual's footer is one for each key, and makes all of them anew whenever the focus changes.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from textual import events
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget

_KEY: Final = "bold $footer-key-foreground"
_DISABLED: Final = "$foreground 40%"


class Hint(NamedTuple):
    """A key, how it is written, what it does, and whether it does that now."""

    key: str
    written: str
    about: str
    enabled: bool


class KeyBar(Widget):
    """The screen's bindings that are to be shown, in their order; the palette's stands at the right end."""

    DEFAULT_CSS = "KeyBar { height: 1; background: $footer-background; color: $footer-description-foreground; }"
    ALLOW_SELECT = False

    def __init__(self) -> None:
        super().__init__()
        self._hints: list[Hint] = []
        self._palette: Hint | None = None

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def on_unmount(self) -> None:
        self.screen.bindings_updated_signal.unsubscribe(self)

    def _changed(self, screen: Screen[object]) -> None:
        before, hints = (self._hints, self._palette), dict[str, Hint]()
        active = screen.active_bindings
        for _node, binding, enabled, _tooltip in active.values():
            if binding.show and binding.action not in hints:
                written = self.app.get_key_display(binding)
                hints[binding.action] = Hint(binding.key, written, binding.description, enabled)
        self._hints, self._palette = list(hints.values()), None
        if (palette := active.get(self.app.COMMAND_PALETTE_BINDING)) is not None:
            written = self.app.get_key_display(palette.binding)
            self._palette = Hint(palette.binding.key, written, palette.binding.description, palette.enabled)
        if before != (self._hints, self._palette):
            self.refresh()

    def _placed(self) -> Iterator[tuple[int, str, Content]]:
        """The hints that there is room for, each with the cell where it begins, and its key."""
        at, room = 0, self.size.width
        last = _piece(self._palette) if self._palette else Content("")
        for hint in self._hints:
            piece = _piece(hint)
            if at + piece.cell_length + last.cell_length > room:
                break
            yield at, hint.key, piece
            at += piece.cell_length
        if self._palette is not None:
            yield max(at, room - last.cell_length), self._palette.key, last

    def render(self) -> Content:
        """The line."""
        line = Content("")
        for at, _key, piece in self._placed():
            line = line.pad_right(at - line.cell_length) + piece
        return line

    def on_click(self, event: events.Click) -> None:
        event.stop()
        for at, key, piece in self._placed():
            if at <= event.x < at + piece.cell_length:
                self.app.simulate_key(key)


def _piece(hint: Hint) -> Content:
    if not hint.enabled:
        return Content.styled(f" {hint.written} {hint.about} ", _DISABLED)
    return Content.assemble((f" {hint.written} ", _KEY), f"{hint.about} ")
