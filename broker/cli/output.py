"""How the commands show values: on stdout, in the form that was asked for."""

import json
import shlex
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from urllib.parse import quote

import click

from broker.client.errors import ClientError, printable
from broker.client.model import Identity, TemporaryLogin


class Format(StrEnum):
    """The forms of a temporary login."""

    TABLE = "table"
    JSON = "json"
    ENV = "env"
    URI = "uri"
    PGPASS = "pgpass"


def table(rows: Iterable[tuple[str, str]]) -> str:
    """Names and values in two columns."""
    shown = [(name, printable(value)) for name, value in rows]
    width = max(len(name) for name, _ in shown)
    return "\n".join(f"{name:<{width}}  {value}".rstrip() for name, value in shown)


def moment(end: datetime, now: datetime) -> str:
    """An end as people read it: local time, and how long that is."""
    minutes, seconds = divmod(max(0, round((end - now).total_seconds())), 60)
    left = f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min" if minutes else f"{seconds} s"
    return f"{end.astimezone():%Y-%m-%d %H:%M:%S %Z} (in {left})"


def as_table(login: TemporaryLogin, certificate: Path | None, now: datetime) -> str:
    """For a person to copy into any program that takes a user and a password."""
    rows = [
        ("Host", login.host),
        ("Port", str(login.port)),
        ("Database", login.database),
        ("User", login.user),
        ("Password", login.password.reveal()),
        ("TLS", f"{login.sslmode}, CA in {certificate}" if certificate else login.sslmode),
        ("Acts as", login.database_user),
        ("Database roles", ", ".join(login.database_roles)),
        ("Ends", moment(login.expires_at, now)),
    ]
    return table(rows)


def as_json(login: TemporaryLogin) -> str:
    """The broker's own answer."""
    return json.dumps(login.reveal(), indent=2)


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


def report_roles(login: TemporaryLogin) -> None:
    """Say on stderr which asserted roles the login does not have: they are reported, never silently dropped."""
    for name in login.unknown_roles:
        click.echo(f"Note: the warehouse has no database role {printable(name)}.", err=True)
    for role in login.refused_roles:
        click.echo(f"Note: database role {printable(role.name)} was not granted: {printable(role.reason)}", err=True)


def identity_table(identity: Identity, now: datetime) -> str:
    """Who one is, for a person."""
    rows = [
        ("Subject", identity.subject),
        ("Source identity", identity.source_identity),
        ("Identity provider", identity.identity_provider),
        ("Access role", identity.access_role),
        ("Database user", identity.database_user),
        ("Asserted database roles", ", ".join(identity.asserted_database_roles) or "none"),
        ("Session", identity.session_id),
        ("Signed in at", f"{identity.issued_at.astimezone():%Y-%m-%d %H:%M:%S %Z}"),
        ("Ends", moment(identity.expires_at, now)),
    ]
    groups = [("Workgroup", f"{group.name}: {', '.join(group.databases)}") for group in identity.workgroups]
    return table(rows + (groups or [("Workgroup", "none")]))


def identity_json(identity: Identity) -> str:
    """Who one is, in the shape of the broker's answer."""
    record = {
        "subject": identity.subject,
        "source_identity": identity.source_identity,
        "identity_provider": identity.identity_provider,
        "access_role": identity.access_role,
        "database_user": identity.database_user,
        "asserted_database_roles": list(identity.asserted_database_roles),
        "session_id": identity.session_id,
        "issued_at": identity.issued_at.astimezone(UTC).isoformat(),
        "expires_at": identity.expires_at.astimezone(UTC).isoformat(),
        "workgroups": [{"name": group.name, "databases": list(group.databases)} for group in identity.workgroups],
    }
    return json.dumps(record, indent=2)
