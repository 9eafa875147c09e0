"""The editor's texts, kept across restarts and crashes.

Several programs may run at once: each takes the first free slot of the folder, whose lock ends with the process, and
finds there the texts of whoever used it last.
"""

import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from itertools import count
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Tab:
    """One text, and the cursor in it."""

    title: str
    text: str = ""
    row: int = 0
    column: int = 0


@dataclass(frozen=True, slots=True)
class Tabs:
    """All texts, and which is shown."""

    tabs: tuple[Tab, ...] = field(default_factory=lambda: (Tab("1"),))
    active: int = 0


class TabKeeper:
    """Keeps texts in `folder`. Where that cannot be written, nothing is kept.

    Attributes:
        trouble: why nothing is kept, or "".
    """

    def __init__(self, folder: Path) -> None:
        self.trouble = ""
        self._kept: Tabs | None = None
        self._free: Callable[[], object] = lambda: None
        self._file = folder / "tabs.json"
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file, self._free = _take_slot(folder)
        except OSError as error:
            self.trouble = f"The tabs cannot be kept in {folder}: {error.strerror}."

    def load(self) -> Tabs:
        """The texts as they were kept last; an empty one where there are none."""
        try:
            text = self._file.read_text(encoding="utf-8")
            import json

            content = json.loads(text)
            tabs = tuple(Tab(**tab) for tab in content["tabs"])
            return Tabs(tabs, min(max(int(content["active"]), 0), len(tabs) - 1)) if tabs else Tabs()
        except FileNotFoundError:
            return Tabs()
        except (OSError, ValueError, TypeError, KeyError):
            self._set_aside()
            return Tabs()

    def save(self, tabs: Tabs) -> None:
        """Keep the texts: the file is replaced as a whole, so that a crash leaves the old ones or the new."""
        if self.trouble or tabs == self._kept:
            return
        import json

        draft = self._file.with_suffix(".draft")
        try:
            draft.touch(mode=0o600)
            draft.write_text(json.dumps(asdict(tabs)), encoding="utf-8")
            draft.replace(self._file)
        except OSError as error:
            self.trouble = f"The tabs cannot be kept any more: {error.strerror}."
            return
        self._kept = tabs

    def close(self) -> None:
        """Free the slot."""
        free, self._free = self._free, lambda: None
        free()

    def _set_aside(self) -> None:
        """A file that cannot be read is kept for the person, not overwritten."""
        try:
            self._file.replace(self._file.with_suffix(".unreadable"))
        except OSError as error:
            self.trouble = f"The tabs cannot be kept in {self._file}: {error.strerror}."


def _take_slot(folder: Path) -> tuple[Path, Callable[[], object]]:
    """The first file that no other program has, and what frees it."""
    for number in count(1):
        free = _locked(folder / f"tabs-{number}.lock")
        if free is not None:
            return folder / f"tabs-{number}.json", free
    raise AssertionError


def _locked(file: Path) -> Callable[[], object] | None:
    """Lock a file until the process ends: what frees it, or None where another process has it.

    This is what filelock does, which takes longer to load than all the rest of this file's work; where there is no
    flock, it does it.
    """
    try:
        import fcntl
    except ImportError:
        from filelock import FileLock, Timeout

        lock = FileLock(file, timeout=0)
        try:
            lock.acquire()
        except Timeout:
            return None
        return lock.release
    handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        if isinstance(error, BlockingIOError):
            return None
        raise
    return lambda: os.close(handle)
