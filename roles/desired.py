"""What a login should look like in the warehouse."""

from dataclasses import dataclass
from datetime import datetime

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
class DesiredLogin:
    """The stable user, the database roles that it should hold through us, and the alias to add, if any.

    Attributes:
        database: where the alias will log in; "" if that does not matter.
    """

    database_user: DatabaseUserName
    owner: Owner
    database_roles: tuple[DatabaseRoleName, ...]
    alias: DesiredAlias | None
    database: str = ""
