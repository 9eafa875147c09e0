"""Turns: of many processes that want the same thing, one does it while the others wait, visibly."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from broker.client.errors import BrokerAnswerInvalid, ClientError, SignInRefused, StoreUnusable
from broker.client.fields import Fields
from broker.client.files import write_whole
from broker.client.person import Person, wait_until


@contextmanager
def turn(lock_file: Path, person: Person, message: str) -> Iterator[None]:
    """Hold the lock; the system lets go of it when the process ends, however it ends.

    The person reads `message` while another process holds it.

    Raises:
        SignInCancelled: the person cancelled the wait.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(lock_file, mode=0o600)

    def taken(seconds: float) -> bool:
        try:
            lock.acquire(timeout=seconds)
        except Timeout:
            return False
        except OSError as error:
            raise StoreUnusable(f"{lock_file} cannot be locked: {error.strerror}.") from None
        return True

    if not taken(0):
        person.tell(message)
        wait_until(taken, person, message)
    try:
        yield
    finally:
        lock.release()


class LastFailure:
    """How the last sign-in failed, for the processes that waited for it: they fail alike, and open no second tab."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, error: ClientError, now: datetime) -> None:
        """Leave word for those that wait."""
        write_whole(
            self._path,
            json.dumps(
                {"at": now.isoformat(), "what": error.what, "remedy": error.remedy, "reference": error.reference}
            ),
        )

    def since(self, moment: datetime) -> SignInRefused | None:
        """The failure of a sign-in that ended after `moment`."""
        try:
            record = Fields.parse(self._path.read_bytes(), str(self._path))
            if record.moment("at") < moment:
                return None
            what = f"Another process began this sign-in, and it failed: {record.text('what')}"
            return SignInRefused(what, remedy=record.text("remedy"), reference=record.text("reference"))
        except (OSError, BrokerAnswerInvalid):
            return None
