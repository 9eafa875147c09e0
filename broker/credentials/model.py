"""Database credentials and the lease behind them, as values."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from broker.secrets import Secret

DEFAULT_DURATION: Final = timedelta(seconds=900)
MINIMUM_DURATION: Final = timedelta(seconds=900)
MAXIMUM_DURATION: Final = timedelta(seconds=3600)
"""AWS GetCredentials: durationSeconds 900..3600, default 900."""

DEFAULT_SCRAM_ITERATIONS: Final = 4096
"""What every driver accepts (RFC 7677 4); our own clients ask for fewer, since the password is random."""


@dataclass(frozen=True, slots=True)
class CredentialRequest:
    """What a client asks for, parsed. `database` "": the workgroup's default; `duration` None: the default."""

    workgroup: str
    database: str = ""
    duration: timedelta | None = None
    scram_iterations: int = DEFAULT_SCRAM_ITERATIONS
    client: str = ""


@dataclass(frozen=True, slots=True)
class RefusedRole:
    """An asserted database role that was not granted, and why (a sentence)."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class DatabaseCredentials:
    """A temporary login.

    Attributes:
        user: what the client connects as (`session_user`): the login alias, or the stable user where there are none.
        database_user: the stable user: what the client acts as (`current_user`), and owner of what it creates.
        database_roles: granted, sorted.
        unknown_roles: asserted, but not in the warehouse.
        refused_roles: asserted, but not allowed.
        ssl_root_certificate: PEM of the warehouse's CA for the client, or "".
    """

    lease_id: str
    workgroup: str
    host: str
    port: int
    database: str
    user: str
    password: Secret
    database_user: str
    expires_at: datetime
    database_roles: tuple[str, ...]
    unknown_roles: tuple[str, ...]
    refused_roles: tuple[RefusedRole, ...]
    sslmode: str
    ssl_root_certificate: str = ""


@dataclass(frozen=True, slots=True)
class PlannedLogin:
    """What a login would do and get; nothing of it was done.

    Attributes:
        changes: one line each, as the audit of an issue has them.
        ends_sessions: whether the person's open database sessions would end, since a database role is taken away.
        grounds: why each database role is given.
        refusal: code and reason if it would be refused after these changes, else "".
    """

    workgroup: str
    database: str
    database_user: str
    expires_at: datetime
    changes: tuple[str, ...]
    ends_sessions: bool
    database_roles: tuple[str, ...]
    unknown_roles: tuple[str, ...]
    refused_roles: tuple[RefusedRole, ...]
    foreign_roles: tuple[str, ...]
    grounds: tuple[str, ...]
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class OfferedWorkgroup:
    """A workgroup that a session may use, with the databases to choose from; the first is the default."""

    name: str
    databases: tuple[str, ...]


class LeaseState(StrEnum):
    """Where a lease stands; `broker.credentials.lease` has the transitions."""

    INTENT = "intent"
    ACTIVE = "active"
    ENDING = "ending"
    ENDED = "ended"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Lease:
    """One database credential with an end. The row is committed as INTENT before any DDL runs."""

    lease_id: str
    workgroup: str
    database: str
    database_user: str
    alias: str
    identity_provider: str
    subject: str
    session_id: str
    request_id: str
    state: LeaseState
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None
    reason: str = ""
