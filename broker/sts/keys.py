"""The key ring: the secrets that seal tokens, in one file that only the broker can read.

Every key has an id that stands in the clear in what it sealed. One key is the primary: it seals; all of them open. A
rotation adds a new primary and keeps the old ones until no session that they sealed can be alive any more, so nobody is
logged out. Brokers that run notice the new file by themselves.
"""

import base64
import binascii
import json
import os
import stat
import tempfile
import threading
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Self

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from filelock import FileLock

from broker.clock import Clock, utc_now
from broker.errors import KeyRingUnusable
from broker.secrets import random_name
from broker.sts.model import MAXIMUM_SESSION

RETIRED_KEY_KEPT: Final = MAXIMUM_SESSION + timedelta(hours=1)
"""How long a replaced key still opens: the longest session, and an hour for brokers that got the new file late."""

_KEY_BYTES: Final = 32
_FORMAT: Final = 1
_DERIVED_FOR: Final = "warehouse-access-broker/"

_FileVersion = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class _Key:
    key_id: str
    secret: bytes = field(repr=False)
    created_at: datetime
    retired_at: datetime | None = None

    def to_json(self) -> dict[str, str | None]:
        return {
            "id": self.key_id,
            "secret": base64.urlsafe_b64encode(self.secret).decode(),
            "created_at": self.created_at.isoformat(),
            "retired_at": self.retired_at.isoformat() if self.retired_at else None,
        }


@dataclass(frozen=True, slots=True)
class _Ring:
    """What one version of the file says, and the ciphers derived from it so far."""

    primary: _Key
    keys: dict[str, _Key]
    version: _FileVersion
    ciphers: dict[tuple[str, str], AESGCM] = field(default_factory=dict, repr=False)

    def cipher(self, key: _Key, purpose: str) -> AESGCM:
        """The cipher of `key` for `purpose` alone (RFC 5869): what one purpose sealed, no other can open."""
        found = self.ciphers.get((key.key_id, purpose))
        if found is None:
            derived = HKDF(SHA256(), _KEY_BYTES, salt=None, info=(_DERIVED_FOR + purpose).encode()).derive(key.secret)
            found = self.ciphers[key.key_id, purpose] = AESGCM(derived)
        return found


class KeyRing:
    """The keys of one file. Thread-safe; follows the file when it is replaced."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._reading = threading.Lock()
        self._ring = _read(path)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the ring.

        Raises:
            KeyRingUnusable: the file is absent, damaged, not ours, or others can read it.
        """
        return cls(path)

    @classmethod
    def create(cls, path: Path, *, clock: Clock = utc_now) -> Self:
        """Make a new file with one key.

        Raises:
            KeyRingUnusable: the file exists already, or cannot be written.
        """
        key = _new_key(clock())
        try:
            temporary = _write_beside(path, primary=key, keys=[key])
            try:
                path.hardlink_to(temporary)  # unlike a rename, fails where the file exists: no ring is ever overwritten
            finally:
                temporary.unlink()
        except FileExistsError:
            raise KeyRingUnusable(
                f"{path} exists already.", remedy="Rotate it instead: `broker keys rotate`."
            ) from None
        except OSError as error:
            raise KeyRingUnusable(f"{path} cannot be written: {error.strerror}.") from error
        return cls(path)

    @classmethod
    def rotate(cls, path: Path, *, clock: Clock = utc_now) -> Self:
        """Add a new primary key, and drop the keys that no living session can need.

        Raises:
            KeyRingUnusable: as `load`, or the file cannot be replaced.
        """
        now = clock()
        try:
            with FileLock(f"{path}.lock", mode=0o600):
                old = _read(path)
                retired = [replace(key, retired_at=key.retired_at or now) for key in old.keys.values()]
                kept = [key for key in retired if key.retired_at and key.retired_at + RETIRED_KEY_KEPT > now]
                primary = _new_key(now)
                _write_beside(path, primary=primary, keys=[*kept, primary]).replace(path)
                _sync_folder(path.parent)
        except OSError as error:
            raise KeyRingUnusable(f"{path} cannot be replaced: {error.strerror}.") from error
        return cls(path)

    def sealing(self, purpose: str) -> tuple[str, AESGCM]:
        """The primary key's id, and its cipher for `purpose`.

        Raises:
            KeyRingUnusable: the file was replaced by one that cannot be used.
        """
        ring = self._current()
        return ring.primary.key_id, ring.cipher(ring.primary, purpose)

    def opening(self, key_id: str, purpose: str) -> AESGCM | None:
        """The cipher of a named key for `purpose`; None if the ring has no such key (any more).

        Raises:
            KeyRingUnusable: as `sealing`.
        """
        ring = self._current()
        key = ring.keys.get(key_id)
        return ring.cipher(key, purpose) if key else None

    @property
    def key_ids(self) -> tuple[str, ...]:
        """Ids of all keys, oldest first; the last one is the primary."""
        return tuple(self._current().keys)

    def _current(self) -> _Ring:
        ring = self._ring
        if ring.version == _version_of(self._path):
            return ring
        with self._reading:
            if self._ring.version != _version_of(self._path):
                self._ring = _read(self._path)
            return self._ring


def _new_key(now: datetime) -> _Key:
    return _Key(key_id=random_name(8), secret=os.urandom(_KEY_BYTES), created_at=now)


def _version_of(path: Path) -> _FileVersion:
    """What changes whenever the file is replaced or edited; costs one stat call, some 2 microseconds."""
    try:
        return _version(path.stat())
    except OSError as error:
        raise KeyRingUnusable(f"{path} cannot be read: {error.strerror}.") from error


def _version(status: os.stat_result) -> _FileVersion:
    return status.st_ino, status.st_mtime_ns, status.st_size


def _read(path: Path) -> _Ring:
    """Read the open file that was checked, so that nobody swaps it between the check and the reading."""
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            _refuse_exposed(path, status)
            content = file.read()
    except OSError as error:
        raise KeyRingUnusable(f"{path} cannot be read: {error.strerror}.") from error
    return _parse(path, content, _version(status))


def _refuse_exposed(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise KeyRingUnusable(f"{path} is not a regular file.")
    if status.st_uid != os.geteuid():
        raise KeyRingUnusable(f"{path} belongs to another user (uid {status.st_uid}).")
    if stat.S_IMODE(status.st_mode) & 0o077:
        raise KeyRingUnusable(f"{path} is open to others: its mode is {stat.S_IMODE(status.st_mode):04o}, not 0600.")


def _parse(path: Path, content: bytes, version: _FileVersion) -> _Ring:
    # The cause is left out of each error on purpose: a JSON error carries the text, and the text is the keys.
    try:
        document = json.loads(content)
        if document["format"] != _FORMAT:
            raise KeyRingUnusable(f"{path} has a format that this broker does not know.")
        keys = {str(entry["id"]): _parse_key(entry) for entry in document["keys"]}
        return _Ring(primary=keys[document["primary"]], keys=keys, version=version)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise KeyRingUnusable(f"{path} is damaged: it is not a key ring.") from None


def _parse_key(entry: dict[str, str]) -> _Key:
    try:
        secret = base64.b64decode(entry["secret"], altchars=b"-_", validate=True)
    except binascii.Error:
        raise ValueError("not base64") from None
    if len(secret) != _KEY_BYTES:
        raise ValueError("not a key")
    retired_at = entry["retired_at"]
    return _Key(
        key_id=entry["id"],
        secret=secret,
        created_at=datetime.fromisoformat(entry["created_at"]),
        retired_at=datetime.fromisoformat(retired_at) if retired_at else None,
    )


def _write_beside(path: Path, *, primary: _Key, keys: list[_Key]) -> Path:
    """A complete, synced file with mode 0600 (mkstemp's own) in the folder of `path`, to be moved into place."""
    document = {"format": _FORMAT, "primary": primary.key_id, "keys": [key.to_json() for key in keys]}
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w") as file:
            json.dump(document, file, indent=2)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        Path(name).unlink()
        raise
    return Path(name)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
