"""What was run: a searchable file that several programs share, and that a read-only home cannot spoil."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Final

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS history (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, database TEXT NOT NULL, statement TEXT NOT NULL,
    milliseconds INTEGER NOT NULL, row_count INTEGER NOT NULL, outcome TEXT NOT NULL
)
"""
_BUSY_SECONDS: Final = 5.0
_LONGEST: Final = 100_000
_SECRET: Final = re.compile(r"\bpassword\b|\bscram-sha-256\b|\bidentified\s+by\b|postgres(?:ql)?://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One statement that was run.

    Attributes:
        at: when it began, UTC.
        row_count: -1 where it had none.
        outcome: "" if it went well, else the SQLSTATE or code of what went wrong.
    """

    at: datetime
    database: str
    statement: str
    milliseconds: int
    row_count: int
    outcome: str = ""


class History:
    """The history in `file`. Where the file cannot be written, it lasts as long as the process.

    Attributes:
        trouble: why nothing is kept, or "".
    """

    def __init__(self, file: Path) -> None:
        self._one_thread = Lock()
        self.trouble = ""
        try:
            self._database = self._open(file)
        except (OSError, sqlite3.Error) as error:
            self._forget(f"The history cannot be kept in {file}: {error}.")

    def add(self, entry: HistoryEntry) -> None:
        """Keep an entry, unless its statement may hold a password, or is too long to be of use."""
        if _SECRET.search(entry.statement) or len(entry.statement) > _LONGEST:
            return
        values = (
            entry.at.astimezone(UTC).isoformat(),
            entry.database,
            entry.statement,
            entry.milliseconds,
            entry.row_count,
            entry.outcome,
        )
        with self._one_thread:
            try:
                self._insert(values)
            except sqlite3.Error as error:
                self._forget(f"The history cannot be kept any more: {error}.")
                self._insert(values)

    def search(self, words: str = "", *, database: str = "", limit: int = 200) -> list[HistoryEntry]:
        """The newest entries that hold every word (letter case does not count), the newest first."""
        clauses, values = ["(? = '' OR database = ?)"], [database, database]
        for word in words.split():
            clauses.append("instr(lower(statement), ?) > 0")
            values.append(word.lower())
        query = (
            "SELECT at, database, statement, milliseconds, row_count, outcome FROM history WHERE "
            + " AND ".join(clauses)
            + " ORDER BY id DESC LIMIT ?"
        )
        with self._one_thread:
            rows = self._database.execute(query, (*values, limit)).fetchall()
        return [HistoryEntry(datetime.fromisoformat(row[0]), *row[1:]) for row in rows]

    def close(self) -> None:
        """Close the file."""
        with self._one_thread:
            self._database.close()

    def _open(self, file: Path) -> sqlite3.Connection:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Made before SQLite makes it, so that nobody else can ever read it.
        file.touch(mode=0o600)
        database = sqlite3.connect(file, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        with _written(database):
            database.execute(_SCHEMA)
            # A write, so that a file that can only be read is found out now.
            database.execute("PRAGMA user_version = 1")
        return database

    def _insert(self, values: tuple[object, ...]) -> None:
        with _written(self._database):
            self._database.execute(
                "INSERT INTO history (at, database, statement, milliseconds, row_count, outcome)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                values,
            )

    def _forget(self, trouble: str) -> None:
        self.trouble = trouble
        self._database = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._database.execute(_SCHEMA)


@contextmanager
def _written(database: sqlite3.Connection) -> Iterator[None]:
    """Take the write lock at once: waiting works then, where an upgrade of a read lock would fail."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")
