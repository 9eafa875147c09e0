"""A place to sort and join rows that does not grow with them: an SQLite database in temporary files without a name."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Final

from tui.core.errors import SqlClientError
from tui.core.progress import Progress
from tui.core.rowfile import storage_full

_FULL: Final = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR})


@contextmanager
def scratch_database(progress: Progress) -> Iterator[sqlite3.Connection]:
    """An SQLite database in temporary files without a name, in little memory.

    Raises:
        ResultStorageFull: there is no room for them.
        WorkStopped: through `progress`.
    """
    # Errors of our own rise out of `executemany` as they are; SQLite's own are translated here.
    with closing(sqlite3.connect("", isolation_level=None, check_same_thread=False)) as database:
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -16000", "temp_store = FILE"):
            database.execute(f"PRAGMA {pragma}")
        database.set_progress_handler(lambda: progress.stopped, 100_000)
        database.execute("BEGIN")
        try:
            yield database
        except sqlite3.Error as error:
            progress.check()
            if (getattr(error, "sqlite_errorcode", 0) & 0xFF) in _FULL:
                raise storage_full() from None
            raise SqlClientError(f"The rows could not be ordered: {error}.") from None
