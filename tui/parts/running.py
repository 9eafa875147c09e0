"""Running statements: what is sent, what is asked before, and what comes back."""

from typing import TYPE_CHECKING, Final

from tui.commands import Command
from tui.parts.bench import Part

if TYPE_CHECKING:
    from tui.core.chosen import Parts
    from tui.core.statements import MetaCommand, Statement
    from tui.messages import OutcomeReached, OutcomeShown, PartsRead, RunEnded, RunRefused, StatementBegan

RUNNING: Final = (
    Command("run(False)", "Run statement", "The selection, or the statement at the cursor", "f5", "Run", True),
    Command("run(False)", "", keys="ctrl+r"),
    Command("run(True)", "Run all", "The selection, or the whole text", "f6", "Run all", True),
    # Not before the editor: there Escape first closes what is open, and leaves vi's modes.
    Command("cancel", "Cancel", "Stop what runs, at once", "escape", "Cancel"),
)
_ON_SCREEN: Final = {
    **dict.fromkeys(("e", "edit"), "edit_outside"),
    **dict.fromkeys(("q", "quit"), "app.quit"),
    **dict.fromkeys(("c", "connect"), "connect(True)"),
    "s": "history",
}
"""Backslash commands that are the screen's own matter, and what it does then."""


class Running(Part):
    """From the editor to the server, and back."""

    def action_run(self, everything: bool) -> None:
        # After the keys that the editor has not seen yet: priority keys overtake what was typed before them.
        self.editors.editor.call_later(self._run_chosen, everything)

    def _run_chosen(self, everything: bool) -> None:
        from tui.core.chosen import read

        editor = self.editors.editor
        editor.clear_error()
        chosen = editor.chosen(everything=everything)
        if chosen.is_long:
            self.conductor.read(chosen)
        else:
            self._run_parts(read(chosen))

    def on_parts_read(self, message: "PartsRead") -> None:
        self._run_parts(message.parts)

    def _run_parts(self, found: "Parts") -> None:
        from tui.conductor import RunRequest
        from tui.core.statements import MetaCommand
        from tui.screens.dialogs import AskValues

        parts = list(found.parts)
        if not parts:
            self.notify("There is nothing to run.")
        elif isinstance(parts[0], MetaCommand) and parts[0].name in _ON_SCREEN:
            self.call_later(self.run_action, _ON_SCREEN[parts[0].name])
        elif names := self._wanted(found):
            self.app.push_screen(AskValues(names, self.values), lambda given: self._run_with(parts, names, given))
        else:
            self.conductor.run(RunRequest(found.parts))

    def _wanted(self, found: "Parts") -> list[str]:
        r"""The parameters to ask for: those that \set gives have a value."""
        from tui.core.statements import MetaCommand

        given = {part.argument.partition(" ")[0] for part in found.parts if isinstance(part, MetaCommand)}
        return [name for name in found.names if name not in given and name not in self.conductor.metas.variables]

    def _run_with(self, parts: "list[Statement | MetaCommand]", names: list[str], given: object) -> None:
        from tui.conductor import RunRequest
        from tui.core.parameters import as_sql

        if not isinstance(given, dict):
            return
        self.values |= given
        variables = {name: as_sql(given[name]) for name in names if given[name]}
        self.conductor.run(RunRequest(tuple(parts), variables))

    def action_cancel(self) -> None:
        if self.workroom.busy and not self.workroom.stopping and not self.conductor.running:
            self.workroom.stop()
        elif self.conductor.running or self.conductor.fetching or self.workroom.busy:
            # Also where the server is slow to give the page that work on a result waits for.
            self.conductor.cancel()
        self.tick()

    def on_statement_began(self, message: "StatementBegan") -> None:
        if message.number == 1:
            self.results.begin()
        self.tick()

    def on_outcome_shown(self, message: "OutcomeShown") -> None:
        self.results.show(message.outcome)

    def on_outcome_reached(self, message: "OutcomeReached") -> None:
        outcome = message.outcome
        self.results.show(outcome)
        self.results.tell(outcome)
        if outcome.position >= 0 and not outcome.cancelled:
            self.editors.editor.mark_error(outcome.position)
        if outcome.tag in ("SET", "RESET"):
            self.conductor.find_path()
        if outcome.tag.partition(" ")[0] in ("CREATE", "DROP", "ALTER", "GRANT", "REVOKE"):
            self.conductor.load_catalog()

    def on_run_ended(self, _message: "RunEnded") -> None:
        for feed in self.results.feeds:
            self.results.came(feed)
        self.tick()

    def on_run_refused(self, message: "RunRefused") -> None:
        from tui.conductor import RunRequest
        from tui.screens.dialogs import Confirm

        lines = [str(refused) for refused in message.refused]
        title, yes = "The server would refuse this", "Send it nevertheless"
        if not lines:
            title, yes = "Are you sure?", "Run it"
        lines += [f"It {regret}." for regret in message.regrets]
        for line in lines:
            self.results.say(line, "bold yellow")

        def decided(sure: object) -> None:
            if sure:
                request = message.request
                self.conductor.run(RunRequest(request.parts, request.variables, checked=True))

        self.app.push_screen(Confirm(title, [*lines, "", "Nothing was run yet."], yes, "Do not run it"), decided)
