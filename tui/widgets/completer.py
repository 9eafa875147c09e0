"""Between an editor and the list of candidates: when it opens, which keys it takes, and what is put into the text."""

from typing import TYPE_CHECKING, Final, cast

from textual.geometry import Offset

if TYPE_CHECKING:
    from tui.core.completion import Candidate
    from tui.core.snippets import Hole, Snippet
    from tui.widgets.completion_list import CompletionList
    from tui.widgets.editor import SqlEditor

_MOVES: Final = {"down": 1, "up": -1, "pagedown": 8, "pageup": -8, "ctrl+n": 1, "ctrl+p": -1}


class Completer:
    """The candidates of one editor, and the places of a snippet that are still to be filled in.

    What finds and shows candidates is loaded when the first are asked for.
    """

    def __init__(self, editor: "SqlEditor") -> None:
        self._editor = editor
        self._waiting = False
        self._holes: list[Hole] = []
        self._length = 0

    @property
    def open(self) -> bool:
        """Whether candidates are shown."""
        found = self._list
        return found is not None and found.shown

    @property
    def _list(self) -> "CompletionList | None":
        found = self._editor.screen.query("#completions") if self._editor.is_attached else None
        return cast("CompletionList", found.first()) if found else None

    def soon(self) -> None:
        """Candidates for what was typed just now, once the keys that wait are in the text."""
        if not self._waiting:
            self._waiting = True
            # The first time, what was typed is shown before what finds candidates is loaded.
            wait = self._editor.call_after_refresh if self._list is None else self._editor.call_later
            wait(self._come)

    def _come(self) -> None:
        self._waiting = False
        self.ask(wanted=False)

    def ask(self, *, wanted: bool) -> None:
        """Show candidates; by themselves (not `wanted`) they come behind a letter, a dot, or where few will do."""
        editor = self._editor
        if not editor.is_attached or not editor.selection.is_empty:
            return
        text, cursor = editor.text, editor.offset_of(editor.cursor_location)
        if not wanted and not _begs(text, cursor):
            self.close()
            return
        from tui.core.completion import complete
        from tui.core.completion_names import Names

        habits = editor.habits
        completion = complete(text, cursor, habits.names or Names(), habits.options)
        if not wanted and any(one.text == text[completion.start : completion.end] for one in completion.candidates[:1]):
            # What stands there is what would come first: nothing is left to say.
            self.close()
            return
        shown = self._list or self._new_list()
        back = editor.cells_between(completion.start, cursor)
        shown.show(completion, editor.cursor_screen_offset - Offset(back, 0))

    def _new_list(self) -> "CompletionList":
        from tui.widgets.completion_list import CompletionList

        shown = CompletionList()
        self._editor.screen.mount(shown)
        return shown

    def close(self) -> None:
        """Take the candidates away."""
        if (shown := self._list) is not None:
            shown.hide()

    def press(self, key: str) -> bool:
        """Whether the key was for the candidates, or for a snippet's places."""
        shown = self._list
        if shown is not None and shown.shown:
            if key == "tab" and shown.chosen is not None:
                key = "enter"
            if key == "escape":
                shown.hide()
                return True
            if key in _MOVES:
                shown.move(_MOVES[key])
                return True
            if (key == "tab" and not self._holes) or (key == "enter" and shown.chosen is not None):
                self.accept(shown.candidate)
                return True
        if key == "tab" and self._holes:
            return self._next_hole()
        if key == "escape" and self._holes:
            self._holes = []
            return True
        return False

    def accept(self, candidate: "Candidate") -> None:
        """Put a candidate into the text."""
        shown = self._list
        if shown is None:
            return
        start, end = shown.completion.start, shown.completion.end
        shown.hide()
        if candidate.snippet is not None:
            self.insert_snippet(candidate.snippet, start, end)
            return
        self._editor.replace_text(start, end, candidate.text)

    # --- snippets ------------------------------------------------------------------------------------------------

    def insert_snippet(self, snippet: "Snippet", start: int, end: int) -> None:
        """Put a snippet in the place of [start, end), and go to the first place to fill in."""
        from tui.core.snippets import Hole

        editor = self._editor
        row, column = editor.location_of(start)
        line = editor.document.get_line(row)[:column]
        indent = line[: len(line) - len(line.lstrip())]
        text = snippet.text.replace("\n", "\n" + indent)

        def moved(at: int) -> int:
            return start + at + snippet.text.count("\n", 0, at) * len(indent)

        editor.replace_text(start, end, text)
        self._holes = [Hole(moved(hole.start), moved(hole.end)) for hole in snippet.holes]
        self._length = len(editor.text)
        self._next_hole()

    def _next_hole(self) -> bool:
        from tui.core.snippets import Hole

        editor = self._editor
        # What was typed since moved the places behind it.
        grown = len(editor.text) - self._length
        cursor = editor.offset_of(editor.cursor_location)
        self._holes = [
            Hole(hole.start + grown, hole.end + grown) if hole.start + grown >= cursor else hole for hole in self._holes
        ]
        self._length += grown
        if not self._holes or self._holes[0].end > self._length:
            self._holes = []
            return False
        hole = self._holes.pop(0)
        editor.select_text(hole.start, hole.end)
        return True


def _begs(text: str, cursor: int) -> bool:
    """Whether candidates may come by themselves behind what was typed last."""
    last, following = text[cursor - 1 : cursor], text[cursor : cursor + 1]
    if not last or following.isalnum() or following == "_":
        return False
    if last.isspace():
        words = text[max(0, cursor - 20) : cursor].lower().split()
        return last == " " and bool(words) and words[-1] in ("join", "on", "from", "into", "update", "set")
    return last.isalnum() or last in '_."(:\\'
