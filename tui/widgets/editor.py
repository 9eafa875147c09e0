"""The SQL editor: Textual's text area with PostgreSQL's own idea of a token, and a marked error."""

from typing import ClassVar, Final

from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.widgets import TextArea
from textual.widgets.text_area import Location, Selection

from tui.core.keywords import KEYWORDS
from tui.core.statements import MetaCommand, Statement, split, tokens

_COLOURED: Final = 100_000
"""Characters. A larger text has no colours: they are reckoned anew at each key."""

_KINDS: Final = {
    "literal": "string",
    "dollar": "string",
    "comment": "comment",
    "block": "comment",
    "number": "number",
    "variable": "variable",
    "meta": "variable",
}


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
    ]

    def __init__(self, text: str = "", *, at: Location = (0, 0)) -> None:
        super().__init__(text, show_line_numbers=True, tab_behavior="indent", soft_wrap=False)
        self.indent_width = 2
        self._spans: dict[int, list[tuple[int, int, str]]] | None = None
        self._error: Location | None = None
        self.move_cursor(at)

    # --- statements ----------------------------------------------------------------------------------------------

    def statements(self) -> list[Statement | MetaCommand]:
        """What the selection holds, or else the whole text."""
        if self.selected_text:
            shift = self.offset_of(min(self.selection))
            return [_moved(part, shift) for part in split(self.selected_text)]
        return list(split(self.text))

    def statement_here(self) -> Statement | MetaCommand | None:
        """The statement that the cursor is in, or stands right behind; otherwise the next."""
        offset = self.offset_of(self.cursor_location)
        before: Statement | MetaCommand | None = None
        for part in split(self.text):
            if part.start > offset:
                line_begin = self.offset_of((self.cursor_location[0], 0))
                same_line = before is not None and _end(before) >= line_begin
                return before if before is not None and same_line else part
            before = part
        return before

    def offset_of(self, location: Location) -> int:
        """Characters before a location."""
        row, column = location
        return sum(len(self.document.get_line(line)) + 1 for line in range(row)) + column

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
        if self._spans is None:
            self._spans = self._reckon()
        styles = self._styles()
        for start, end, kind in self._spans.get(line_index, ()):
            line.stylize(styles[kind], start, end)
        if self._error is not None and self._error[0] == line_index:
            column = self._error[1]
            end = column + 1
            while end < len(line.plain) and (line.plain[end].isalnum() or line.plain[end] == "_"):
                end += 1
            line.stylize(styles["error"], min(column, max(0, len(line.plain) - 1)), end)
        return line

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

    def _reckon(self) -> dict[int, list[tuple[int, int, str]]]:
        text = self.text
        spans: dict[int, list[tuple[int, int, str]]] = {}
        if len(text) > _COLOURED:
            return spans
        line, begin = 0, 0
        for token in tokens(text):
            piece = text[token.start : token.end]
            kind = _KINDS.get(token.kind)
            if token.kind == "word" and piece.lower() in KEYWORDS:
                kind = "keyword"
            column = token.start - begin
            parts = piece.split("\n")
            for number, part in enumerate(parts):
                if number:
                    line, column = line + 1, 0
                if kind and part:
                    spans.setdefault(line, []).append((column, column + len(part), kind))
            if len(parts) > 1:
                begin = token.end - len(parts[-1])
        return spans

    def on_text_area_changed(self) -> None:
        self._spans, self._error = None, None
        self._restyle()

    # --- editing -------------------------------------------------------------------------------------------------

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


def _moved(part: Statement | MetaCommand, by: int) -> Statement | MetaCommand:
    from dataclasses import replace

    return replace(part, start=part.start + by)


def _end(part: Statement | MetaCommand) -> int:
    length = len(part.text) if isinstance(part, Statement) else len(part.name) + len(part.argument) + 1
    return part.start + length


def _rich(colour: str) -> str:
    """A theme's colour as Rich knows it: ansi_ colours by their name, others by their value."""
    return colour.removeprefix("ansi_") if colour.startswith("ansi_") else colour[:7]
