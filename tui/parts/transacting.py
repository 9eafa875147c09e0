"""Transactions: ending them, and how they begin."""

from typing import Final

from tui.commands import Command
from tui.core.told import TransactionState
from tui.parts.bench import Bench

TRANSACTING: Final = (
    Command("transaction('COMMIT')", "Commit", "Keep what the open transaction did", "f8", "Commit", True),
    Command("transaction('ROLLBACK')", "Roll back", "Undo what the open transaction did", "f9", "Roll back", True),
    Command("autocommit", "Automatic or explicit transactions", "", "f7", priority=True),
    Command("read_only", "Read-only, or not", "Transactions that change nothing, against accidents"),
)
OPEN: Final = (TransactionState.OPEN, TransactionState.FAILED)


class Transacting(Bench):
    """What one does with transactions."""

    def action_transaction(self, verb: str) -> None:
        if self.conductor.workbench.state not in OPEN:
            self.notify("No transaction is open.")
            return
        self.conductor.transaction(verb)
        self.results.say({"COMMIT": "Committed.", "ROLLBACK": "Rolled back."}[verb])
        self.call_later(self.tick)

    def action_autocommit(self) -> None:
        self.autocommit = not self.autocommit
        self.notify("Each statement commits by itself." if self.autocommit else "Commit with F8, roll back with F9.")
        self.tick()

    def action_read_only(self) -> None:
        self.conductor.set_read_only(not self.conductor.workbench.read_only)
