"""How the commands show values: on stdout, in the form that was asked for."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from broker.client.errors import printable
from broker.client.model import Identity, TemporaryLogin


def table(rows: Iterable[tuple[str, str]]) -> str:
    """Names and values in two columns."""
    shown = [(name, printable(value)) for name, value in rows]
    width = max(len(name) for name, _ in shown)
    return "\n".join(f"{name:<{width}}  {value}".rstrip() for name, value in shown)


def columns(rows: Sequence[Sequence[str]]) -> str:
    """Rows of equal length as columns, two blanks apart."""
    shown = [[printable(value) for value in row] for row in rows]
    widths = [max(len(value) for value in column) for column in zip(*shown, strict=True)]
    return "\n".join(
        "  ".join(f"{value:<{width}}" for value, width in zip(row, widths, strict=True)).rstrip() for row in shown
    )


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
