"""A request for database credentials, held against the limits of its workgroup: bounds in, facts out, no I/O."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from broker.config.model import WorkgroupConfig
from broker.credentials.model import CredentialRequest
from broker.errors import BadDuration, RequestMalformed, SessionExpired, UnknownDatabase

MAXIMUM_SCRAM_ITERATIONS: Final = 16_384
"""The warehouse runs PBKDF2 itself, as often as the client says: a bound on the work that one request may cause."""

SHORTEST_LEASE: Final = timedelta(seconds=60)
"""A session with less than this left gets no login: it would end before a person could use it."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a request asks for, within the limits.

    Attributes:
        database: the one asked for, or the workgroup's first.
        expires_at: end of the login, UTC, whole seconds; never after the session's end.
        scram_iterations: as asked, lifted to the workgroup's minimum (a driver that takes fewer takes more).
    """

    database: str
    expires_at: datetime
    scram_iterations: int


def terms(request: CredentialRequest, workgroup: WorkgroupConfig, session_ends: datetime, now: datetime) -> Terms:
    """Hold `request` against the limits of `workgroup`.

    Raises:
        UnknownDatabase: the workgroup does not offer it.
        BadDuration: outside the workgroup's limits, which the text names.
        RequestMalformed: the iteration count is none that a warehouse should run.
        SessionExpired: less than `SHORTEST_LEASE` of the session is left.
    """
    return Terms(
        database=offered_database(request.database, workgroup),
        expires_at=_end(_duration(request, workgroup), session_ends, now),
        scram_iterations=_scram_iterations(request.scram_iterations, workgroup),
    )


def offered_database(asked: str, workgroup: WorkgroupConfig) -> str:
    """The database that was asked for, or the workgroup's first for "".

    Raises:
        UnknownDatabase: the workgroup does not offer it.
    """
    database = asked or next(iter(workgroup.databases), "")
    if database not in workgroup.databases:
        raise UnknownDatabase(f"Workgroup {workgroup.name} does not offer the database {database[:64]!r}.")
    return database


def _duration(request: CredentialRequest, workgroup: WorkgroupConfig) -> timedelta:
    if request.duration is None:
        return workgroup.default_duration
    shortest, longest = workgroup.minimum_duration, workgroup.maximum_duration
    if not shortest <= request.duration <= longest:
        raise BadDuration(
            f"A duration of {request.duration.total_seconds():.0f} s was asked for; workgroup {workgroup.name} "
            f"gives {shortest.total_seconds():.0f} to {longest.total_seconds():.0f} s."
        )
    return request.duration


def _end(duration: timedelta, session_ends: datetime, now: datetime) -> datetime:
    """`duration` from now, cut at the session's end.

    A session that ends sooner than the workgroup's minimum still gets its login until then: refusing it would only
    send the person to a new sign-in earlier. VALID UNTIL and the answer carry whole seconds, rounded down.
    """
    if session_ends - now < SHORTEST_LEASE:
        raise SessionExpired("The session ends within a minute, too soon for a login.")
    return min(now + duration, session_ends).replace(microsecond=0)


def _scram_iterations(asked: int, workgroup: WorkgroupConfig) -> int:
    if not 1 <= asked <= MAXIMUM_SCRAM_ITERATIONS:
        raise RequestMalformed(f"scram_iterations is {asked}; it must lie between 1 and {MAXIMUM_SCRAM_ITERATIONS}.")
    return max(asked, workgroup.minimum_scram_iterations)
