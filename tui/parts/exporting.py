"""Results into files: what is here, or the whole of a query that was not run yet."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tui.commands import Command
from tui.parts.bench import Part

if TYPE_CHECKING:
    from tui.core.progress import Progress
    from tui.core.session import DatabaseSession

EXPORTING: Final = (
    Command("export", "Export result …", "All rows of the shown result into a file, without running it again (e)"),
    Command("export_query", "Export query …", "Run the statement at the cursor straight into a file"),
)
_HINT: Final = "The name's ending is the form: .csv .json .jsonl .md .parquet .arrow"


class Exporting(Part):
    """Files are written beside their place and take their name when they are whole."""

    def action_export(self) -> None:
        table = self.table_or_tell()
        if table is None:
            return

        def to(path: Path) -> None:
            from tui.core.saving import save

            # Where the rest cannot be read, or must not be waited for, what is shown is what is written.
            self.work(
                table, "Exporting", lambda p: save(table.shown, path, p), lambda n: self._saved(path, f"{n:,} rows")
            )

        arranged = " As it is sorted and filtered." if table.shown is not table.feed else ""
        self._ask_for_file("Export the result to which file?", _HINT + arranged, to)

    def action_export_query(self) -> None:
        from tui.core.explaining import changes_data

        text = self.statement_or_tell()
        if text is None:
            return
        if changes_data(text):
            self.notify("Only a query can be exported. Run it, and export its result (e).", severity="warning")
            return
        self._ask_for_file("Run the query into which file?", _HINT, lambda path: self._unload(text, path))

    def _unload(self, text: str, path: Path) -> None:
        from tui.core.progress import Progress
        from tui.core.saving import form_of
        from tui.messages import WorkEnded

        if form_of(path).is_arrow:
            self._unload_aside(text, path)
            return

        def work(session: "DatabaseSession") -> None:
            from tui.core.unload import unload

            unload(session, text, path, Progress())
            self.post_message(WorkEnded(lambda: self._saved(path, "")))

        self.notify(f"Running into {path.name}; Esc stops.")
        self.conductor.use(work)

    def _unload_aside(self, text: str, path: Path) -> None:
        """Parquet and Arrow come by another driver, on a connection of its own."""
        access = self.conductor.workbench.access
        if access is None:
            self.notify("There is no connection.", severity="warning")
            return

        def work(progress: "Progress") -> int:
            from tui.core.unload import unload_arrow

            return unload_arrow(access.source.login(fresh=False), text, path, progress)

        if self.workroom.start("Exporting", work, lambda rows: self._saved(path, f"{rows:,} rows")):
            self.notify(f"Running into {path.name}, read-only, on a connection of its own; Esc stops.")

    def _saved(self, path: Path, what: str) -> None:
        text = " ".join(filter(None, ("Written:", what, str(path))))
        self.results.say(text, "green")
        self.notify(text)

    def _ask_for_file(
        self, title: str, hint: str, then: Callable[[Path], None], value: str = "", problem: str = ""
    ) -> None:
        from tui.core.errors import SqlClientError
        from tui.core.saving import form_of
        from tui.screens.dialogs import AskText, Confirm

        def given(answer: object) -> None:
            name = str(answer or "").strip()
            if not name:
                return
            path = Path(name).expanduser().absolute()
            try:
                form_of(path)
            except SqlClientError as error:
                self._ask_for_file(title, hint, then, name, f"{error.what} {error.remedy}")
                return
            if not path.parent.is_dir():
                self._ask_for_file(title, hint, then, name, f"There is no folder {path.parent}.")
            elif path.exists():
                lines = [f"{path} is there already."]
                sure = Confirm("Replace the file?", lines, "Replace it", "Keep it")
                self.app.push_screen(sure, lambda yes: then(path) if yes else None)
            else:
                then(path)

        self.app.push_screen(AskText(title, value, hint, problem), given)
