"""What to type into the common programs, directly and through `broker proxy`.

The names of fields are those that the programs show. A way has the same facts for every program: they differ in words.
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final
from urllib.parse import quote_plus, urlencode

from broker.client.model import TemporaryLogin
from broker.secrets import Secret

PROXY_PORT: Final = 6439
"""What is suggested for a proxy: a port that stays the same can be kept in a program's settings."""

_NONE: Final = "none is asked for: leave it empty, or type anything"


class Tool(StrEnum):
    """The programs."""

    DBEAVER = "dbeaver"
    DATAGRIP = "datagrip"
    TABLEAU = "tableau"
    SQL_WORKBENCH = "sql-workbench"
    PSQL = "psql"
    JDBC = "jdbc"


TITLES: Final = {
    Tool.DBEAVER: "DBeaver: New Database Connection, PostgreSQL",
    Tool.DATAGRIP: "DataGrip: New, Data Source, PostgreSQL",
    Tool.TABLEAU: "Tableau: Connect, To a Server, PostgreSQL",
    Tool.SQL_WORKBENCH: "SQL Workbench/J: File, Connect window, driver PostgreSQL (org.postgresql.Driver)",
    Tool.PSQL: "psql",
    Tool.JDBC: "JDBC (pgjdbc, org.postgresql:postgresql)",
}


@dataclass(frozen=True, slots=True)
class Way:
    """One way to the warehouse.

    Attributes:
        password: None where any, or none, will do.
        sslmode: as libpq knows it.
        certificate: a file with the warehouse's CA, or None for what the system trusts.
    """

    host: str
    port: int
    database: str
    user: str
    password: Secret | None
    sslmode: str
    certificate: Path | None

    @classmethod
    def direct(cls, login: TemporaryLogin, certificate: Path | None) -> "Way":
        """To the warehouse itself, with a temporary login."""
        place = (login.host, login.port, login.database)
        return cls(*place, login.user, login.password, login.sslmode, certificate)

    @classmethod
    def through_proxy(cls, database: str, database_user: str, port: int) -> "Way":
        """To a proxy on this machine, which makes the login and the TLS itself."""
        return cls("127.0.0.1", port, database, database_user, None, "disable", None)

    @property
    def has_tls(self) -> bool:
        """Whether the program itself speaks TLS."""
        return self.sslmode != "disable"


def fields(tool: Tool, way: Way) -> list[tuple[str, str]]:
    """Where to type what."""
    match tool:
        case Tool.DBEAVER:
            return [
                *_address("Host", "Port", "Database", way),
                ("Authentication", "Database Native"),
                *_dbeaver_rest(way),
            ]
        case Tool.DATAGRIP:
            return [*_address("Host", "Port", "Database", way), *_datagrip_rest(way)]
        case Tool.TABLEAU:
            encrypted = ("Require SSL", "ticked" if way.has_tls else "not ticked")
            who = [("Authentication", "Username and Password"), *_who("Username", "Password", way)]
            return [*_address("Server", "Port", "Database", way), *who, encrypted]
        case Tool.SQL_WORKBENCH:
            return [("URL", jdbc_url(way)), *_who("Username", "Password", way), ("Autocommit", "as you like")]
        case Tool.PSQL:
            return [("Type", f'psql "{conninfo(way)}"'), *_who("User", "Password", way)[1:]]
        case Tool.JDBC:
            return [("URL", jdbc_url(way)), *_who("user", "password", way)]


def conninfo(way: Way) -> str:
    """A libpq connection string without its password (PostgreSQL documentation 34.1.1.1)."""
    values = {"host": way.host, "port": str(way.port), "dbname": way.database, "user": way.user, "sslmode": way.sslmode}
    if way.certificate:
        values["sslrootcert"] = str(way.certificate)
    return " ".join(f"{name}={_quoted(value)}" for name, value in values.items())


def jdbc_url(way: Way) -> str:
    """A URL of pgjdbc without user and password, which go into fields of their own."""
    host = f"[{way.host}]" if ":" in way.host else quote_plus(way.host)
    properties = {"sslmode": way.sslmode} | ({"sslrootcert": str(way.certificate)} if way.certificate else {})
    return f"jdbc:postgresql://{host}:{way.port}/{quote_plus(way.database)}?{urlencode(properties)}"


def _quoted(value: str) -> str:
    plain = value.replace("\\", "\\\\").replace("'", "\\'")
    return value if value and plain == value and not any(sign.isspace() for sign in value) else f"'{plain}'"


def _address(host: str, port: str, database: str, way: Way) -> list[tuple[str, str]]:
    return [(host, way.host), (port, str(way.port)), (database, way.database)]


def _who(user: str, password: str, way: Way) -> list[tuple[str, str]]:
    if way.password is None:
        return [(user, f"{way.user} (or anything)"), (password, _NONE)]
    return [(user, way.user), (password, way.password.reveal())]


def _dbeaver_rest(way: Way) -> list[tuple[str, str]]:
    who = _who("Username", "Password", way)
    if not way.has_tls:
        return [*who, ("SSL, Use SSL", "not ticked")]
    certificate = [("SSL, CA Certificate", str(way.certificate))] if way.certificate else []
    return [*who, ("SSL, Use SSL", "ticked"), *certificate, ("SSL, SSL mode", way.sslmode)]


def _datagrip_rest(way: Way) -> list[tuple[str, str]]:
    if way.password is None:
        return [("Authentication", "No auth"), ("SSH/SSL, Use SSL", "not ticked")]
    who = [("Authentication", "User & Password"), *_who("User", "Password", way)]
    certificate = [("SSH/SSL, CA file", str(way.certificate))] if way.certificate else []
    mode = way.sslmode.replace("-", " ").title()
    return [*who, ("SSH/SSL, Use SSL", "ticked"), *certificate, ("SSH/SSL, Mode", mode)]
