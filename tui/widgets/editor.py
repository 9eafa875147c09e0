"""The SQL editor: Textual's text area with PostgreSQL's own idea of a token, completion, and keys by choice."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import TextArea
from textual.widgets.text_area import Location, Selection

from tui.core.terminal import in_place
from tui.widgets.completer import Completer
from tui.widgets.habits import Habits
from tui.widgets.in_order import press_in_order

if TYPE_CHECKING:
    from tui.core.chosen import Chosen
    from tui.core.keystrokes import Buffer, Effect
    from tui.core.lexed import LexedText
    from tui.core.statements import MetaCommand, Statement

_UNDO_STEPS: Final = 1000
_OPENS: Final = ("(", "[")
_DONE_HERE: Final = frozenset({"undo", "redo", "comment", "complete", "page_down", "page_up"})


class SqlEditor(TextArea):
    """A text of statements."""

    DEFAULT_CSS = """
    SqlEditor { border: none; padding: 0; }
    SqlEditor:focus { border: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+underscore,ctrl+slash", "comment", "Comment", show=False),
        Binding("alt+up", "move_line(-1)", "Move the line up", show=False),
        Binding("alt+down", "move_line(1)", "Move the line down", show=False),
        # The text area would delete the next word.
        Binding("ctrl+f", "ask('find')", "Find", show=False),
        Binding("ctrl+@,ctrl+at,ctrl+space", "complete", "Complete", show=False),
    ]

    @dataclass
    class Asked(Message):
        """The keys ask for something that is not the editor's: find, find_next, find_previous, palette."""

        name: str

    class ModeChanged(Message):
        """The status bar has something else to show."""

    def __init__(self, text: str = "", *, at: Location = (0, 0), habits: Habits | None = None) -> None:
        super().__init__(
            text, show_line_numbers=True, tab_behavior="indent", soft_wrap=False, max_checkpoints=_UNDO_STEPS
        )
        self.indent_width = 2
        self.habits = habits or Habits()
        self.completer = Completer(self)
        self._keys = self.habits.new_keys()
        self._lexed: LexedText | None = None
        self._stale = True
        self._typed = False
        self._error: Location | None = None
        self.move_cursor(at)

    @property
    def mode(self) -> str:
        """What the keys are in the middle of, for the status bar."""
        return self._keys.mode if self._keys else ""

    def take_habits(self) -> None:
        """The person chose other keys."""
        self._keys = self.habits.new_keys()
        self.post_message(self.ModeChanged())

    def colour(self) -> None:
        """Colours are wanted from now on."""
        self._restyle()

    # --- statements ----------------------------------------------------------------------------------------------

    def chosen(self, *, everything: bool) -> "Chosen":
        """What is to be run: the selection, or all, or the statement at the cursor."""
        from tui.core.chosen import Chosen

        if self.selected_text:
            return Chosen(self.selected_text, self.offset_of(min(self.selection)))
        if everything:
            return Chosen(self.text)
        row, _ = self.cursor_location
        return Chosen(self.text, 0, self.offset_of(self.cursor_location), self.offset_of((row, 0)))

    def statement_here(self) -> "Statement | MetaCommand | None":
        """The statement that the cursor is in, or stands right behind; otherwise the next."""
        from tui.core.chosen import Chosen, statement_at

        row, _ = self.cursor_location
        return statement_at(Chosen(self.text, 0, self.offset_of(self.cursor_location), self.offset_of((row, 0))))

    def chosen_range(self) -> tuple[int, int]:
        """The selection, or the statement at the cursor, or all."""
        from tui.core.chosen import end_of
        from tui.core.statements import Statement

        start, end = (self.offset_of(place) for place in sorted(self.selection))
        if start < end:
            return start, end
        here = self.statement_here()
        return (here.start, end_of(here)) if isinstance(here, Statement) else (0, len(self.text))

    def offset_of(self, location: Location) -> int:
        """Characters before a location."""
        row, column = location
        return len(self.document.get_text_range((0, 0), (row, 0))) + column if row else column

    def location_of(self, offset: int) -> Location:
        """Where the character at `offset` stands."""
        before = self.text[: max(offset, 0)]
        return before.count("\n"), len(before) - before.rfind("\n") - 1

    # --- errors --------------------------------------------------------------------------------------------------

    def mark_error(self, offset: int) -> None:
        """Mark the place at `offset` (in characters), and go there."""
        location = self.location_of(offset)
        self._error = location
        self._restyle()
        self.move_cursor(location)
        self.scroll_cursor_visible()

    def clear_error(self) -> None:
        """Take the mark away."""
        if self._error is not None:
            self._error = None
            self._restyle()

    def _restyle(self) -> None:
        self._line_cache.clear()
        self.refresh()

    # --- colours -------------------------------------------------------------------------------------------------

    def get_line(self, line_index: int) -> Text:
        """The line with its colours (Textual's hook for styling lines)."""
        line = super().get_line(line_index)
        if not line.plain.isprintable():
            # A sign in the place of each control: what is pasted may hold what retitles a terminal, or reads otherwise.
            line.plain = in_place(line.plain)
        if self.habits.plain:
            return line
        styles = self._styles()
        for start, end, kind in self._up_to_date().spans(line_index):
            line.stylize(styles[kind], start, end)
        if self._error is not None and self._error[0] == line_index:
            column = self._error[1]
            end = column + 1
            while end < len(line.plain) and (line.plain[end].isalnum() or line.plain[end] == "_"):
                end += 1
            line.stylize(styles["error"], min(column, max(0, len(line.plain) - 1)), end)
        return line

    def find_matching_bracket(self, bracket: str, search_from: Location) -> Location | None:
        """The bracket that belongs to the one at a location; those in strings and comments are none."""
        if bracket not in "()[]" or not bracket:
            return None
        found = self._up_to_date().bracket(self.offset_of(search_from))
        return self.location_of(found) if found >= 0 else None

    def _up_to_date(self) -> "LexedText":
        if self._lexed is None:
            from tui.core.lexed import LexedText

            self._lexed = LexedText()
        if self._stale:
            self._lexed.update(self.text)
            self._stale = False
        return self._lexed

    def _styles(self) -> dict[str, Style]:
        theme = self.app.theme_variables
        return {
            "keyword": Style(color=_rich(theme["primary-lighten-2"]), bold=True),
            "string": Style(color=_rich(theme["success"])),
            "number": Style(color=_rich(theme["warning"])),
            "variable": Style(color=_rich(theme["accent"])),
            "comment": Style(dim=True, italic=True),
            "error": Style(color=_rich(theme["background"]), bgcolor=_rich(theme["error"]), bold=True),
        }

    def on_text_area_changed(self) -> None:
        self._stale, self._error = True, None
        self._restyle()
        typed, self._typed = self._typed, False
        if (typed and self.habits.completes) or self.completer.open:
            self.completer.soon()

    def on_text_area_selection_changed(self) -> None:
        if not self._typed and not self._stale:
            self.completer.close()

    def on_blur(self) -> None:
        self.completer.close()

    # --- keys ----------------------------------------------------------------------------------------------------

    async def _on_key(self, event: events.Key) -> None:
        """First the candidates have a key, then the style of keys, then the text area."""
        if self.completer.press(event.key):
            event.stop()
            event.prevent_default()
            return
        if self._keys is not None:
            before = self._keys.mode
            effects = self._keys.press(event.key, event.character, self._buffer())
            if before != self._keys.mode:
                self.post_message(self.ModeChanged())
            if effects is not None:
                event.stop()
                event.prevent_default()
                self._perform(effects)
                return
        if event.key == "escape":
            # The text area would go to the next widget; the screen has a better use for it.
            event.prevent_default()
            return
        self._typed = event.is_printable or event.key == "backspace"
        if event.key == "enter":
            event.stop()
            event.prevent_default()
            self._break_line()
            return
        if not await press_in_order(self, event):
            await super()._on_key(event)

    def _break_line(self) -> None:
        """A new line, indented as this one, and further behind an open parenthesis."""
        start, end = self.selection
        row, column = min(start, end)
        line = self.document.get_line(row)[:column]
        indent = line[: len(line) - len(line.lstrip())]
        if line.rstrip().endswith(_OPENS):
            indent += " " * self.indent_width
        self._replace_via_keyboard("\n" + indent, start, end)

    def _buffer(self) -> "Buffer":
        from tui.core.keystrokes import Buffer

        return Buffer(self.text, self.offset_of(self.selection.end), self.offset_of(self.selection.start))

    def _perform(self, effects: "list[Effect]") -> None:
        from tui.core.keystrokes import Do, Edit, Move

        self.history.checkpoint()
        for effect in effects:
            match effect:
                case Edit(start, end, text, cursor):
                    self.replace_text(start, end, text)
                    self.move_cursor(self.location_of(cursor))
                case Move(cursor, anchor):
                    self.select_text(anchor if anchor >= 0 else cursor, cursor)
                case Do("copy", text):
                    self.app.copy_to_clipboard(text)
                case Do(name) if name in _DONE_HERE:
                    {
                        "undo": self.undo,
                        "redo": self.redo,
                        "comment": self.action_comment,
                        "complete": self.action_complete,
                        "page_down": self.action_cursor_page_down,
                        "page_up": self.action_cursor_page_up,
                    }[name]()
                case Do(name):
                    self.post_message(self.Asked(name))

    def action_ask(self, name: str) -> None:
        """Let the screen do it."""
        self.post_message(self.Asked(name))

    def action_complete(self) -> None:
        """Show candidates now."""
        self.completer.ask(wanted=True)

    # --- editing -------------------------------------------------------------------------------------------------

    def select_text(self, start: int, end: int) -> None:
        """Select from `start` to the cursor at `end`."""
        self.selection = Selection(self.location_of(start), self.location_of(end))
        self.record_cursor_width()

    def cells_between(self, start: int, end: int) -> int:
        """How wide the text is between two offsets of one line."""
        return cell_len(self.text[start:end])

    def replace_text(self, start: int, end: int, text: str) -> None:
        """Put `text` in place of what lies at [start, end), as one step of undo."""
        self.replace(text, self.location_of(start), self.location_of(end), maintain_selection_offset=False)

    def action_comment(self) -> None:
        """Comment the selected lines out, or in again if all of them are comments."""
        first, last = sorted((self.selection.start[0], self.selection.end[0]))
        chosen = [self.document.get_line(row) for row in range(first, last + 1)]
        if all(line.lstrip().startswith("--") for line in chosen if line.strip()):
            changed = [line.replace("-- ", "", 1) if "-- " in line else line.replace("--", "", 1) for line in chosen]
        else:
            changed = [f"-- {line}" if line.strip() else line for line in chosen]
        self.replace("\n".join(changed), (first, 0), (last, len(chosen[-1])), maintain_selection_offset=False)
        self.selection = Selection((first, 0), (last, len(changed[-1])))

    def action_move_line(self, by: int) -> None:
        """Move the cursor's line up or down."""
        row, column = self.cursor_location
        other = row + by
        if not 0 <= other < self.document.line_count:
            return
        upper, lower = sorted((row, other))
        lines = [self.document.get_line(lower), self.document.get_line(upper)]
        self.replace("\n".join(lines), (upper, 0), (lower, len(lines[0])), maintain_selection_offset=False)
        self.move_cursor((other, column))

    def on_paste(self, event: events.Paste) -> None:
        """Line ends of other systems become ours; the text area then pastes."""
        event.text = event.text.replace("\r\n", "\n").replace("\r", "\n")


def _rich(colour: str) -> str:
    """A theme's colour as Rich knows it: ansi_ colours by their name, others by their value."""
    return colour.removeprefix("ansi_") if colour.startswith("ansi_") else colour[:7]
