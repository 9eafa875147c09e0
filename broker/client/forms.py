"""A temporary login in the form that each program reads; every value is quoted as that form demands."""

import json
import shlex
from datetime import UTC
from enum import StrEnum
from pathlib import Path
from urllib.parse import quote, quote_plus, urlencode

from broker.client.errors import ClientError
from broker.client.model import AwsCredentials, TemporaryLogin


class Format(StrEnum):
    """The forms of a temporary login."""

    TABLE = "table"
    JSON = "json"
    ENV = "env"
    URI = "uri"
    PGPASS = "pgpass"
    PG_SERVICE = "pg_service"
    DBT = "dbt"
    JDBC = "jdbc"
    AWS_CREDENTIAL_PROCESS = "aws-credential-process"


def as_json(login: TemporaryLogin) -> str:
    """The broker's own answer."""
    return json.dumps(login.reveal(), indent=2)


def as_aws_credential_process(credentials: AwsCredentials) -> str:
    """What AWS clients read from a `credential_process` (AWS SDKs and Tools Reference, "Process credential provider").

    The end is by the clock of the broker, against which AWS clients sign.
    """
    document = {
        "Version": 1,
        "AccessKeyId": credentials.access_key_id,
        "SecretAccessKey": credentials.secret_access_key.reveal(),
        "SessionToken": credentials.session_token.reveal(),
        "Expiration": credentials.expires_at.astimezone(UTC).isoformat(),
    }
    return json.dumps(document)


def as_env(login: TemporaryLogin, certificate: Path | None) -> str:
    """The environment of libpq, for `eval "$(broker credentials --format env ...)"` in a POSIX shell."""
    variables = {
        "PGHOST": login.host,
        "PGPORT": str(login.port),
        "PGDATABASE": login.database,
        "PGUSER": login.user,
        "PGPASSWORD": login.password.reveal(),
        "PGSSLMODE": login.sslmode,
    }
    if certificate:
        variables["PGSSLROOTCERT"] = str(certificate)
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in variables.items())


def as_uri(login: TemporaryLogin, certificate: Path | None) -> str:
    """A connection URI (PostgreSQL documentation 34.1.1.2), every part percent-encoded."""

    def part(text: str) -> str:
        return quote(text, safe="")

    host = f"[{login.host}]" if ":" in login.host else part(login.host)
    parameters = f"sslmode={part(login.sslmode)}"
    if certificate:
        parameters += f"&sslrootcert={part(str(certificate))}"
    user = f"{part(login.user)}:{part(login.password.reveal())}"
    return f"postgresql://{user}@{host}:{login.port}/{part(login.database)}?{parameters}"


def as_pgpass(login: TemporaryLogin) -> str:
    """A line of a password file (PostgreSQL documentation 34.16).

    Raises:
        ClientError: a value holds a line break, which such a file can't.
    """
    fields = (login.host, str(login.port), login.database, login.user, login.password.reveal())
    if any(sign in field for field in fields for sign in "\r\n\0"):
        raise ClientError("A password file can't hold a line break.", remedy="Use another --format.")
    return ":".join(field.replace("\\", "\\\\").replace(":", "\\:") for field in fields)


def as_pg_service(login: TemporaryLogin, certificate: Path | None, name: str) -> str:
    """A section of a service file (PostgreSQL documentation 34.17).

    libpq takes the rest of the line as the value, cut of blanks at its end, and knows no quotes.

    Raises:
        ClientError: a value holds a line break or ends with a blank, which such a file can't.
    """
    values = {
        "host": login.host,
        "port": str(login.port),
        "dbname": login.database,
        "user": login.user,
        "password": login.password.reveal(),
        "sslmode": login.sslmode,
        **({"sslrootcert": str(certificate)} if certificate else {}),
    }
    if any(value != value.rstrip() or any(sign in value for sign in "\r\n\0") for value in values.values()):
        raise ClientError("A service file can't hold such a value.", remedy="Use another --format.")
    return "\n".join([f"[{name}]", *(f"{key}={value}" for key, value in values.items())])


def as_jdbc(login: TemporaryLogin, certificate: Path | None) -> str:
    """A URL of pgjdbc; it decodes every part as a form field (org.postgresql.util.URLCoder)."""
    host = f"[{login.host}]" if ":" in login.host else quote_plus(login.host)
    properties = {"user": login.user, "password": login.password.reveal(), "sslmode": login.sslmode}
    if certificate:
        properties["sslrootcert"] = str(certificate)
    return f"jdbc:postgresql://{host}:{login.port}/{quote_plus(login.database)}?{urlencode(properties)}"


def as_dbt(login: TemporaryLogin, certificate: Path | None) -> str:
    """A `profiles.yml` for dbt-postgres."""
    values: dict[str, str | int] = {
        "type": "postgres",
        "host": login.host,
        "port": login.port,
        "dbname": login.database,
        "user": login.user,
        "password": login.password.reveal(),
        "schema": login.database_user,
        "sslmode": login.sslmode,
        "threads": 4,
        **({"sslrootcert": str(certificate)} if certificate else {}),
    }
    lines = [f"      {key}: {_as_yaml(value)}" for key, value in values.items()]
    return "\n".join([f"{_as_yaml(login.workgroup)}:", "  target: broker", "  outputs:", "    broker:", *lines])


def _as_yaml(value: str | int) -> str:
    """A number, or a double-quoted text (YAML 1.2, 5.7): unlike JSON's, its escapes know no surrogate pairs."""
    if isinstance(value, int):
        return str(value)
    plain = (sign if " " <= sign <= "~" and sign not in '"\\' else f"\\U{ord(sign):08X}" for sign in value)
    return f'"{"".join(plain)}"'


def shown(login: TemporaryLogin, certificate: Path | None, form: Format) -> str:
    """The login in any form but the table, which is for people, and that of AWS, which is no login."""
    match form:
        case Format.JSON:
            return as_json(login)
        case Format.ENV:
            return as_env(login, certificate)
        case Format.URI:
            return as_uri(login, certificate)
        case Format.PGPASS:
            return as_pgpass(login)
        case Format.PG_SERVICE:
            return as_pg_service(login, certificate, login.workgroup)
        case Format.DBT:
            return as_dbt(login, certificate)
        case Format.JDBC:
            return as_jdbc(login, certificate)
        case Format.TABLE | Format.AWS_CREDENTIAL_PROCESS:
            raise ValueError(form)
