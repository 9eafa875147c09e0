"""What a login should look like in the warehouse."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from roles.names import DatabaseRoleName, DatabaseUserName
from roles.verifier import Verifier


@dataclass(frozen=True, slots=True)
class Owner:
    """The person behind a stable user, as recorded in its COMMENT."""

    identity_provider: str
    subject: str


@dataclass(frozen=True, slots=True)
class DesiredAlias:
    """One temporary login: a LOGIN role that acts as the stable user.

    Attributes:
        name: alias prefix plus random characters.
        verifier: SCRAM verifier; the password itself never comes here.
        valid_until: end of the login, UTC.
        connection_limit: connections at once.
        lease_id: goes into the COMMENT, so that a sweeper can join warehouse and store.
    """

    name: str
    verifier: Verifier
    valid_until: datetime
    connection_limit: int
    lease_id: str


@dataclass(frozen=True, slots=True)
class DesiredPassword:
    """The one password of a stable user that logs in itself, where a warehouse knows no aliases.

    Attributes:
        generation: names it; the next one has another name.
        verifier: the password's stored form; the password itself never comes here.
        valid_until: after it nobody logs in with it, UTC, whole seconds.
        connection_limit: connections of the person at once.
        session_timeout: how long a session may be idle.
    """

    generation: str
    verifier: Verifier
    valid_until: datetime
    connection_limit: int
    session_timeout: timedelta


@dataclass(frozen=True, slots=True)
class DesiredLogin:
    """The stable user, the database roles that it should hold through us, and what lets the person in, if anything.

    Attributes:
        alias: to be added.
        database: where the alias will log in; "" if that does not matter.
        password: that the stable user itself should have.
    """

    database_user: DatabaseUserName
    owner: Owner
    database_roles: tuple[DatabaseRoleName, ...]
    alias: DesiredAlias | None
    database: str = ""
    password: DesiredPassword | None = None
