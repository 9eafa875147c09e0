"""Transactions: ending them, and how they begin."""

from typing import Final

from tui.commands import Command
from tui.parts.bench import Part

TRANSACTING: Final = (
    Command("transaction('COMMIT')", "Commit", "Keep what the open transaction did", "f8", "Commit", True),
    Command("transaction('ROLLBACK')", "Roll back", "Undo what the open transaction did", "f9", "Roll back", True),
    Command("savepoint(False)", "Set a savepoint", "To go back to, in the transaction", "shift+f8", priority=True),
    Command("savepoint(True)", "Back to the savepoint", "Undo what was done since the last", "shift+f9", priority=True),
    Command("autocommit", "Automatic or explicit transactions", "Each statement by itself or not", "f7", priority=True),
    Command("read_only", "Read-only, or not", "Transactions that change nothing, against accidents"),
)


class Transacting(Part):
    """What one does with transactions."""

    def action_transaction(self, verb: str) -> None:
        if not self.conductor.workbench.transaction_open and not self.conductor.running:
            self.notify("No transaction is open.")
            return
        self.conductor.transaction(verb)

    def action_savepoint(self, back: bool) -> None:
        self.conductor.savepoint(back=back)

    def action_autocommit(self) -> None:
        metas = self.conductor.metas
        metas.autocommit = not metas.autocommit
        self.notify("Each statement commits by itself." if metas.autocommit else "Commit with F8, roll back with F9.")
        self.tick()

    def action_read_only(self) -> None:
        self.conductor.set_read_only(not self.conductor.workbench.read_only)
