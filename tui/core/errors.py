"""What can go wrong in the SQL client: one root, one stable code a class, two texts."""

from dataclasses import dataclass
from typing import ClassVar, Final

CANCELLED: Final = "57014"
"""SQLSTATE query_canceled."""
PERMISSION_DENIED: Final = "42501"
"""SQLSTATE insufficient_privilege."""


class SqlClientError(Exception):
    """Root of the SQL client's errors.

    Attributes:
        code: stable, lower case with hyphens; documented in docs/errors.md.
        what: what happened; never holds a secret.
        remedy: what the person can do, or "".
    """

    code: ClassVar[str] = "sql-client-failed"
    default_remedy: ClassVar[str] = ""

    def __init__(self, what: str, *, remedy: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = self.default_remedy if remedy is None else remedy


class ConnectionFailed(SqlClientError):
    """The database could not be reached, or did not take the login."""

    code = "database-connection-failed"
    default_remedy = "Check that the warehouse is reachable from here, and sign in again if your login has ended."


class WorkgroupNotChosen(SqlClientError):
    """No workgroup is named, and the person may use several, or none."""

    code = "workgroup-not-chosen"
    default_remedy = "Pass --workgroup NAME."


class ConnectingCancelled(SqlClientError):
    """The person left a question unanswered."""

    code = "connecting-cancelled"
    default_remedy = "Choose `Connect` in the command palette (Ctrl+P)."


class ConnectionLost(SqlClientError):
    """The connection broke; the text says what became of an open transaction."""

    code = "database-connection-lost"


class SessionWouldBeLost(ConnectionLost):
    """Going on needs a new session, and the old one holds settings or objects that a script may rely on."""

    code = "database-session-would-be-lost"
    default_remedy = "Run the script again, in parts that end sooner, or with a longer login."


class VariableUnsafe(SqlClientError):
    """A variable's value would change where the statement around it begins or ends."""

    code = "sql-variable-unsafe"
    default_remedy = "Write :'name' to pass the value as a literal, or :\"name\" as an identifier."


class MetaCommandFailed(SqlClientError):
    """A backslash command that is unknown, or cannot be done."""

    code = "meta-command-failed"
    default_remedy = "docs/wsql.md lists the backslash commands."


class ScriptUnreadable(SqlClientError):
    """A file named on the command line or by a backslash command cannot be used."""

    code = "script-unreadable"


@dataclass(frozen=True, slots=True)
class ServerMessage:
    """What the server said, in its own fields (PostgreSQL protocol 55.8).

    Attributes:
        position: 1-based, in characters of the text that was sent; 0 where the server named none.
    """

    severity: str
    sqlstate: str
    message: str
    detail: str = ""
    hint: str = ""
    context: str = ""
    position: int = 0


class StatementFailed(SqlClientError):
    """The server refused a statement."""

    code = "statement-failed"

    def __init__(self, said: ServerMessage) -> None:
        super().__init__(said.message, remedy=said.hint)
        self.said = said


class StatementCancelled(StatementFailed):
    """The statement was cancelled, by the person or by a timeout of the server."""

    code = "statement-cancelled"
