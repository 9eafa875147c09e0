"""Editing: tabs, names from the catalog, statements from the history."""

from typing import Final

from tui.commands import Command
from tui.core.parameters import quoted
from tui.parts.bench import Bench
from tui.widgets.catalog_tree import CatalogTree

EDITING: Final = (
    Command("history", "History", "What was run before", "f3", "History"),
    Command("new_tab", "New tab", "Another text", "ctrl+n"),
    Command("close_tab", "Close tab", "The text that is shown is let go of"),
    Command("next_tab(1)", "Next tab", "", "ctrl+pagedown", priority=True),
    Command("next_tab(-1)", "Previous tab", "", "ctrl+pageup", priority=True),
    Command("focus_next_part", "Editor or results", "Go from one to the other", "f10"),
)


class Editing(Bench):
    """The texts."""

    def on_text_area_changed(self) -> None:
        self.changed = True

    def on_tabbed_content_tab_activated(self) -> None:
        self.changed = True

    def on_catalog_tree_name_chosen(self, message: CatalogTree.NameChosen) -> None:
        place = message.place
        name = place.column or f"{quoted(place.schema)}.{quoted(place.relation)}"
        self.editors.editor.insert(quoted(name) if place.column else name)
        self.editors.editor.focus()

    def action_new_tab(self) -> None:
        self.editors.new()

    def action_close_tab(self) -> None:
        self.editors.close_active()
        self.changed = True

    def action_next_tab(self, by: int) -> None:
        self.editors.show_next(by)

    def action_focus_next_part(self) -> None:
        if self.focused is self.editors.editor:
            (self.results.table or self.results).focus()
        else:
            self.editors.editor.focus()

    def action_history(self) -> None:
        from tui.screens.history import HistoryView

        def chosen(statement: str | None) -> None:
            if statement:
                self.editors.new(statement)

        self.app.push_screen(HistoryView(self.conductor.search_history), chosen)
