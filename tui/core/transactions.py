"""The person's transactions: begun, ended, and gone back in; what came of it is told."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from tui.core.events import Completed
from tui.core.told import Said, Told, TransactionState

if TYPE_CHECKING:
    from tui.core.session import DatabaseSession

OPEN: Final = (TransactionState.OPEN, TransactionState.FAILED)
_ENDED: Final = {"COMMIT": "Committed.", "ROLLBACK": "Rolled back."}


class Transactions:
    """What is done to the transaction of a session. Every method raises what `DatabaseSession.execute` raises."""

    def __init__(self, tell: Callable[[Told], None]) -> None:
        self._tell = tell
        self._savepoints = 0

    def begin(self, session: "DatabaseSession") -> None:
        """Open one."""
        _run(session, "BEGIN")
        self._savepoints = 0

    def end(self, session: "DatabaseSession", verb: str) -> None:
        """COMMIT or ROLLBACK."""
        if session.state not in OPEN:
            self._tell(Said("No transaction is open."))
            return
        done = _run(session, verb)
        self._savepoints = 0
        if done == verb:
            self._tell(Said(_ENDED[verb]))
        else:
            self._tell(Said("The transaction had failed: nothing of it was kept.", "warning"))

    def set_savepoint(self, session: "DatabaseSession") -> None:
        """Set a savepoint, in a transaction that is opened for it if there is none."""
        if session.state is TransactionState.IDLE:
            self.begin(session)
        _run(session, f"SAVEPOINT wsql_{self._savepoints + 1}")
        self._savepoints += 1
        self._tell(Said(f"Savepoint {self._savepoints} is set."))

    def back_to_savepoint(self, session: "DatabaseSession") -> None:
        """Undo what was done since the last savepoint; the next time since the one before."""
        if session.state not in OPEN or not self._savepoints:
            self._tell(Said("There is no savepoint to go back to.", "warning"))
            return
        name = f"wsql_{self._savepoints}"
        self._savepoints -= 1
        _run(session, f"ROLLBACK TO SAVEPOINT {name}")
        _run(session, f"RELEASE SAVEPOINT {name}")
        self._tell(Said(f"Back at savepoint {self._savepoints + 1}: what was done since is undone."))


def _run(session: "DatabaseSession", statement: str) -> str:
    """Run a statement that gives no rows; tells its command tag."""
    return "".join(event.tag for event in session.execute(statement) if isinstance(event, Completed))
