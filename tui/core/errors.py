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


class OptionsInvalid(SqlClientError):
    """The file `wsql.toml` cannot be used; the text names the key."""

    code = "wsql-options-invalid"
    default_remedy = "docs/wsql.md lists the keys."


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


class ResultStorageFull(SqlClientError):
    """The temporary files that keep a result cannot grow: the disk, or a quota, is full."""

    code = "result-storage-full"
    default_remedy = (
        "What came so far stays. Free some space, or start wsql with TMPDIR naming a folder that has more room; "
        "or ask for fewer rows or columns."
    )


class FilterInvalid(SqlClientError):
    """A filter that cannot be understood, or whose value is none of the column's type."""

    code = "result-filter-invalid"
    default_remedy = (
        "Write a text to look for, /a regular expression/, or a condition such as: amount >= 10 and name ilike a%"
    )


class ExportFailed(SqlClientError):
    """A result could not be written to a file."""

    code = "result-export-failed"
    default_remedy = "Choose another file or folder."


class ExportNotInstalled(SqlClientError):
    """The form of a file needs a library that is not installed."""

    code = "result-export-not-installed"
    default_remedy = (
        "Install it with the extra: pipx install 'warehouse-access-broker[export]'. CSV and JSON need nothing."
    )


class ComparisonInvalid(SqlClientError):
    """Two results that cannot be compared as asked."""

    code = "result-comparison-invalid"
    default_remedy = "Name columns that both results have, or none to compare by position."


class PlanUnreadable(SqlClientError):
    """What the server gave is no plan in JSON."""

    code = "plan-unreadable"


class WorkStopped(SqlClientError):
    """The person stopped a sort, a search or an export."""

    code = "result-work-stopped"


class SnippetsInvalid(SqlClientError):
    """The person's file of snippets cannot be used."""

    code = "snippets-invalid"
    default_remedy = "docs/wsql.md shows how the file is written."


class EditorFailed(SqlClientError):
    """The person's own editor could not be used."""

    code = "editor-failed"
    default_remedy = "Set EDITOR (or VISUAL) to a program that is installed, such as `vim` or `code --wait`."


class FormatRefused(SqlClientError):
    """The text cannot be laid out without knowing where its parts end; it stays as it was."""

    code = "format-refused"
    default_remedy = "Close what is open: a string, a quoted name, a comment or a parenthesis."


@dataclass(frozen=True, slots=True)
class ServerMessage:
    """What the server said, in its own fields (PostgreSQL protocol 55.8).

    Attributes:
        position: 1-based, in characters of the text that was sent; 0 where the server named none.
        about: what else it named (SCHEMA NAME, CONSTRAINT NAME, LOCATION, ...), with its labels.
    """

    severity: str
    sqlstate: str
    message: str
    detail: str = ""
    hint: str = ""
    context: str = ""
    position: int = 0
    about: tuple[tuple[str, str], ...] = ()


class StatementFailed(SqlClientError):
    """The server refused a statement."""

    code = "statement-failed"

    def __init__(self, said: ServerMessage) -> None:
        super().__init__(said.message, remedy=said.hint)
        self.said = said


class StatementCancelled(StatementFailed):
    """The statement was cancelled, by the person or by a timeout of the server."""

    code = "statement-cancelled"
