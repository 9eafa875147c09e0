"""Where logins come from: the broker, or a connection string of one's own."""

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import psycopg
from psycopg.conninfo import conninfo_to_dict

from broker.secrets import Secret
from tui.core.errors import ConnectionFailed, WorkgroupNotChosen
from tui.core.session import Login

if TYPE_CHECKING:
    from broker.client.model import Explanation, Identity, TemporaryLogin


class Broker(Protocol):
    """What is used of `broker.client.session.ClientSession`."""

    def credentials(
        self,
        workgroup: str,
        database: str | None = None,
        duration: int | None = None,
        *,
        scram_iterations: int | None = None,
        fresh: bool = False,
    ) -> "TemporaryLogin": ...

    def whoami(self) -> "Identity": ...

    def certificate_file(self, login: "TemporaryLogin") -> Path | None: ...

    def explain(
        self, workgroup: str, schema: str, name: str, privilege: str = "SELECT", database: str | None = None
    ) -> "Explanation": ...


class BrokerLogins:
    """Temporary logins of one workgroup, from the broker.

    Attributes:
        granted: the login that was given last, or None: who one is there, and with which database roles.
    """

    def __init__(self, broker: Broker, workgroup: str, database: str | None = None) -> None:
        self._broker = broker
        self._workgroup = workgroup
        self._database = database
        self.granted: TemporaryLogin | None = None

    def login(self, *, fresh: bool) -> Login:
        """A login that is good now."""
        self.granted = given = self._broker.credentials(self._workgroup, self._database, fresh=fresh)
        parameters = {
            "host": given.host,
            "port": str(given.port),
            "dbname": given.database,
            "user": given.user,
            "sslmode": given.sslmode,
        }
        if certificate := self._broker.certificate_file(given):
            parameters["sslrootcert"] = str(certificate)
        return Login(parameters, given.password, given.expires_at)

    def explain(self, schema: str, name: str, privilege: str) -> "Explanation":
        """Why one can, or can't, use the relation."""
        return self._broker.explain(self._workgroup, schema, name, privilege, self._database)


class DirectLogin:
    """A connection string of the person's own: libpq's `key=value` or `postgresql://`."""

    def __init__(self, conninfo: str, database: str = "") -> None:
        changes = {"dbname": database} if database else {}
        try:
            found = conninfo_to_dict(conninfo, **changes)
        except psycopg.ProgrammingError:
            # libpq's text may quote the password.
            raise ConnectionFailed(
                "The connection string is not one that libpq understands.",
                remedy="Write host=... dbname=... user=..., or postgresql://user@host/database.",
            ) from None
        parameters = {key: str(value) for key, value in found.items() if value is not None}
        password = parameters.pop("password", None)
        self._login = Login(parameters, None if password is None else Secret(password))

    def login(self, *, fresh: bool) -> Login:  # noqa: ARG002 - there is but one
        """The login of the connection string."""
        return self._login


def choose_workgroup(broker: Broker) -> str:
    """The one workgroup that the person may use.

    Raises:
        WorkgroupNotChosen: there is none, or more than one.
    """
    names = [workgroup.name for workgroup in broker.whoami().workgroups]
    if len(names) == 1:
        return names[0]
    if not names:
        raise WorkgroupNotChosen("You may use no workgroup.", remedy="Ask the administrator for access.")
    raise WorkgroupNotChosen(f"Name the workgroup: you may use {', '.join(names)}.")
