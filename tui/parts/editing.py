"""Editing: tabs, names from the catalog, statements from the history, finding, laying out, and how one edits."""

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from tui.commands import Command
from tui.core.completion_options import KeywordCase
from tui.parts.bench import Part
from tui.widgets.editor import SqlEditor
from tui.widgets.habits import KeyStyle

if TYPE_CHECKING:
    from tui.messages import NamesCame, PathCame
    from tui.widgets.catalog_tree import CatalogTree
    from tui.widgets.completion_list import CompletionList
    from tui.widgets.find_bar import FindBar

EDITING: Final = (
    Command("history", "History", "What was run before", "f3", "History"),
    Command("new_tab", "New tab", "Another text", "ctrl+n"),
    Command("close_tab", "Close tab", "The text that is shown is let go of"),
    Command("rename_tab", "Rename tab", "Give the text a name"),
    Command("next_tab(1)", "Next tab", "", "ctrl+pagedown", priority=True),
    Command("next_tab(-1)", "Previous tab", "", "ctrl+pageup", priority=True),
    # Before the editor: what is typed right behind it belongs to the results already.
    Command("focus_next_part", "Editor or results", "Go from one to the other", "f10", priority=True),
    Command("find", "Find in the text", "", "ctrl+f"),
    Command("find_on(1)", "Find the next place", "", "ctrl+g"),
    Command("find_on(-1)", "Find the previous place", ""),
    Command("lay_out", "Format", "Lay out the selection, or the statement at the cursor", "ctrl+l"),
    Command("edit_outside", "Edit in your own editor", "$VISUAL or $EDITOR; the text comes back", "ctrl+o"),
    Command("snippet", "Insert a snippet", "Texts with places to fill in"),
    Command("edit_snippets", "Edit the snippets", "The file that holds them, in your own editor"),
    Command("keys('vi')", "Keys of vi", "Vim's modes, motions and operators in the editor"),
    Command("keys('emacs')", "Keys of emacs", "Motions, the mark and the kill ring in the editor"),
    Command("keys('standard')", "Standard keys", "As in most programs"),
    Command("keyword_case('upper')", "Keywords in capitals", "What completion and formatting write"),
    Command("keyword_case('lower')", "Keywords in small letters", "What completion and formatting write"),
    Command("keyword_case('auto')", "Keywords as you write them", "Completion follows you, formatting leaves them"),
    Command("completes", "Completion by itself, or when asked", "Ctrl+Space asks"),
)


class Editing(Part):
    """The texts."""

    def on_text_area_changed(self) -> None:
        self.changed = True

    def on_deck_activated(self) -> None:
        self.changed = True
        self.tick()

    def on_catalog_tree_name_chosen(self, message: "CatalogTree.NameChosen") -> None:
        from tui.core.parameters import quoted

        place = message.place
        name = place.column or f"{quoted(place.schema)}.{quoted(place.relation)}"
        self.editors.editor.insert(quoted(name) if place.column else name)
        self.editors.editor.focus()

    async def action_new_tab(self) -> None:
        await self.editors.open()

    def action_close_tab(self) -> None:
        self.editors.close_active()
        self.changed = True

    def action_rename_tab(self) -> None:
        from tui.screens.dialogs import AskText

        def named(title: object) -> None:
            if title and str(title).strip():
                self.editors.name_shown(str(title).strip()[:40])
                self.changed = True

        self.app.push_screen(AskText("Name of the tab"), named)

    async def action_next_tab(self, by: int) -> None:
        await self.editors.show_next(by)

    def action_focus_next_part(self) -> None:
        # At once: `focus()` would come after the keys that are waiting.
        self.set_focus(self.results.readable if self.focused is self.editors.editor else self.editors.editor)

    def action_history(self) -> None:
        from tui.screens.history import HistoryView

        def chosen(statement: str | None) -> None:
            if statement:
                self.editors.new(statement)

        self.app.push_screen(HistoryView(self.conductor.search_history), chosen)

    # --- completion ----------------------------------------------------------------------------------------------

    def on_names_came(self, message: "NamesCame") -> None:
        habits = self.editors.habits
        habits.names = message.names

    def on_path_came(self, message: "PathCame") -> None:
        habits = self.editors.habits
        if message.path and habits.names is not None:
            habits.names = habits.names.on(message.path)

    def on_completion_list_clicked(self, message: "CompletionList.Clicked") -> None:
        self.editors.editor.completer.accept(message.candidate)

    # --- finding -------------------------------------------------------------------------------------------------

    def action_find(self) -> None:
        bar = self._find_bar()
        bar.display = True
        selected = self.editors.editor.selected_text
        if selected and "\n" not in selected:
            bar.value = selected
        # At once: keys that wait already are for the bar.
        self.set_focus(bar)
        bar.select_all()

    def action_find_on(self, by: int) -> None:
        from tui.widgets.find_bar import find

        bar, editor = self._find_bar(), self.editors.editor
        start = editor.offset_of(min(editor.selection))
        found = find(editor.text, bar.value, start, by)
        if found is not None:
            editor.select_text(*found)
        elif bar.value:
            self.notify(f"{bar.value!r} is not in the text.", markup=False)

    def _find_bar(self) -> "FindBar":
        from tui.widgets.find_bar import FindBar

        for bar in self.query(FindBar):
            return bar
        bar = FindBar()
        self.query_one("#work").mount(bar, before=self.results)
        return bar

    def on_find_bar_wanted(self, message: "FindBar.Wanted") -> None:
        self.action_find_on(message.by)

    def on_find_bar_left(self) -> None:
        self.set_focus(self.editors.editor)

    # --- whole texts ---------------------------------------------------------------------------------------------

    def action_lay_out(self) -> None:
        from tui.core.errors import SqlClientError
        from tui.core.layout import lay_out

        editor = self.editors.editor
        start, end = editor.chosen_range()
        try:
            laid = lay_out(editor.text[start:end], self.editors.habits.options.keyword_case)
        except SqlClientError as error:
            self.notify("\n".join(filter(None, (error.what, error.remedy))), severity="warning", markup=False)
            return
        if laid != editor.text[start:end]:
            editor.replace_text(start, end, laid)

    def action_edit_outside(self) -> None:
        editor = self.editors.editor
        left = self._edited_outside(editor.text)
        if left is not None and left != editor.text:
            editor.replace_text(0, len(editor.text), left)

    def _edited_outside(self, text: str) -> str | None:
        """The text as the person's own editor left it, or None where that failed."""
        from textual.app import SuspendNotSupported

        from broker.client.settings import editor_command
        from tui.core.errors import SqlClientError
        from tui.core.external_editor import edit_outside

        try:
            with self.app.suspend():
                return edit_outside(text, editor_command())
        except SqlClientError as error:
            self.notify(f"{error.what}\n{error.remedy}".strip(), severity="error", markup=False)
        except SuspendNotSupported:
            self.notify("This terminal cannot be lent to another program.", severity="error")
        finally:
            self.app.refresh()
        return None

    # --- snippets ------------------------------------------------------------------------------------------------

    def load_snippets(self) -> None:
        """Read the person's snippets anew."""
        from tui.core.errors import SqlClientError
        from tui.core.snippets import load_snippets

        habits = self.editors.habits
        try:
            habits.options = replace(habits.options, snippets=load_snippets(self.wsql.snippets_file))
        except SqlClientError as error:
            self.notify(f"{error.what}\n{error.remedy}".strip(), severity="warning", markup=False)

    def action_snippet(self) -> None:
        from tui.screens.dialogs import Choose

        self.load_snippets()
        snippets = self.editors.habits.options.snippets
        if not snippets:
            self.notify(f"There are none yet: choose `Edit the snippets`. They lie in {self.wsql.snippets_file}.")
            return

        def chosen(number: object) -> None:
            if isinstance(number, int):
                editor = self.editors.editor
                start, end = (editor.offset_of(place) for place in sorted(editor.selection))
                editor.completer.insert_snippet(snippets[number], start, end)

        names = [f"{one.name}  {one.description}".rstrip() for one in snippets]
        hint = "Enter inserts it; Tab then goes from place to place."
        self.app.push_screen(Choose("Which snippet?", names, hint), chosen)

    def action_edit_snippets(self) -> None:
        from tui.core.snippets import EXAMPLE

        file = self.wsql.snippets_file
        try:
            text = file.read_text(encoding="utf-8") if file.exists() else EXAMPLE
            left = self._edited_outside(text)
            if left is not None:
                file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                file.write_text(left, encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            self.notify(f"{file}: {error}", severity="error", markup=False)
        self.load_snippets()

    # --- how one edits -------------------------------------------------------------------------------------------

    def on_sql_editor_mode_changed(self) -> None:
        self.tick()

    async def on_sql_editor_asked(self, message: SqlEditor.Asked) -> None:
        match message.name:
            case "find":
                self.action_find()
            case "find_next" | "find_previous":
                self.action_find_on(1 if message.name == "find_next" else -1)
            case "palette":
                await self.app.run_action("command_palette")

    def action_keys(self, style: str) -> None:
        habits = self.editors.habits
        habits.keys = KeyStyle(style)
        self.editors.take_habits()
        self.wsql.prefer(replace(self.wsql.preferences, keys=style))

    def action_keyword_case(self, case: str) -> None:
        habits = self.editors.habits
        habits.options = replace(habits.options, keyword_case=KeywordCase(case))
        self.wsql.prefer(replace(self.wsql.preferences, keyword_case=case))

    def action_completes(self) -> None:
        habits = self.editors.habits
        habits.completes = not habits.completes
        self.wsql.prefer(replace(self.wsql.preferences, completes=habits.completes))
        self.notify("Completion comes by itself." if habits.completes else "Completion comes with Ctrl+Space.")
