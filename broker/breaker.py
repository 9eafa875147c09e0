"""A circuit breaker: while a neighbour is down, its callers hear so at once instead of waiting for it."""

import secrets
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from broker.clock import Clock

SHORTEST: Final = timedelta(seconds=1)
LONGEST: Final = timedelta(seconds=30)


class Breaker:
    """Open after a failure, for a time that doubles with each further one; then one caller may try. Thread-safe."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._failures = 0
        self._closed_from: datetime | None = None
        self._random = secrets.SystemRandom()

    def refused_for(self) -> timedelta | None:
        """How long this caller must stay away, or None if it may try; it then reports `succeeded` or `failed`."""
        with self._lock:
            if self._closed_from is None:
                return None
            now = self._clock()
            if now < self._closed_from:
                return self._closed_from - now
            self._closed_from = now + SHORTEST  # one caller tries; the others stay away meanwhile
            return None

    def succeeded(self) -> None:
        """The neighbour answered."""
        with self._lock:
            self._failures = 0
            self._closed_from = None

    def failed(self) -> None:
        """The neighbour did not answer."""
        with self._lock:
            longest = min(SHORTEST * 2 ** min(self._failures, 16), LONGEST)
            self._failures += 1
            # Jitter, so that several brokers don't come back in step.
            self._closed_from = self._clock() + longest * self._random.uniform(0.75, 1)
