"""The audit as JSON lines: one record a line, in a file that only the broker can read and that others may rotate."""

import json
import os
import threading
from collections.abc import Sequence
from datetime import UTC
from pathlib import Path
from typing import Final

from broker.audit import AuditLog, AuditRecord
from broker.errors import StoreUnavailable

_APPEND: Final = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC


class AuditFile:
    """Appends records to a file; opens it anew when it was moved away (logrotate needs no signal). Thread-safe."""

    def __init__(self, path: Path) -> None:
        """Open the file, so that a wrong path shows at the start.

        Raises:
            StoreUnavailable: the file cannot be opened.
        """
        self._path = path
        self._writing = threading.Lock()
        self._descriptor = -1
        self._identity = (-1, -1)
        with self._writing:
            self._follow_rotation()

    def record(self, record: AuditRecord) -> None:
        """Append one line.

        Raises:
            StoreUnavailable: the line could not be written whole.
        """
        line = (to_json(record) + "\n").encode()
        with self._writing:
            self._follow_rotation()
            try:
                written = os.write(self._descriptor, line)
            except OSError as error:
                raise self._unusable(str(error.strerror)) from error
            if written != len(line):
                raise self._unusable("No space for the whole line")

    def record_all(self, records: Sequence[AuditRecord]) -> None:
        """`record` each."""
        for record in records:
            self.record(record)

    def close(self) -> None:
        """Give the file back."""
        with self._writing:
            self._close()

    def _follow_rotation(self) -> None:
        try:
            status = self._path.stat()
            if (status.st_dev, status.st_ino) == self._identity:
                return
        except FileNotFoundError:
            pass  # moved away; the open below makes a new one
        except OSError as error:
            raise self._unusable(str(error.strerror)) from error
        self._close()
        try:
            self._descriptor = os.open(self._path, _APPEND, 0o600)
        except OSError as error:
            raise self._unusable(str(error.strerror)) from error
        status = os.fstat(self._descriptor)
        self._identity = (status.st_dev, status.st_ino)

    def _close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor, self._identity = -1, (-1, -1)

    def _unusable(self, problem: str) -> StoreUnavailable:
        return StoreUnavailable(
            f"The audit file {self._path} cannot be written: {problem}.", remedy="Check `audit.file` and its folder."
        )


class AuditTrail:
    """Several audit logs as one; a record is taken when every one of them has it, in the given order."""

    def __init__(self, *logs: AuditLog) -> None:
        self._logs = logs

    def record(self, record: AuditRecord) -> None:
        """Keep `record` in each.

        Raises:
            StoreUnavailable: one of them could not keep it; those after it were not asked.
        """
        for log in self._logs:
            log.record(record)

    def record_all(self, records: Sequence[AuditRecord]) -> None:
        """As `record`, for several."""
        for log in self._logs:
            log.record_all(records)


def to_json(record: AuditRecord) -> str:
    """One line of ASCII; a field without a value is left out."""
    filled = {name: value for name, value in record.storable().items() if value not in ("", {})}
    return json.dumps(filled | {"at": record.at.astimezone(UTC).isoformat()})
