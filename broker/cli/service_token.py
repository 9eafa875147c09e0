"""`broker service-token`: make, list and end the tokens by which programs sign in."""

import json
import os
import pwd
import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import click

from broker.cli.output import columns
from broker.client.errors import ExitCode, printable
from broker.clock import utc_now
from broker.config.load import load
from broker.credentials.revocation import Order
from broker.credentials.service_tokens import MadeServiceToken, NewServiceToken
from broker.secrets import random_name
from broker.sts.service_token import ServiceToken
from broker.wiring import open_desk

_CONFIG = click.option("--config", "path", type=click.Path(path_type=Path), default="broker.toml", show_default=True)
_FORMAT = click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
_SPAN: Final = re.compile(r"([0-9]{1,5})([dhm])")
_UNITS: Final = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)}


def _span(_context: click.Context, _parameter: click.Parameter, value: str | None) -> timedelta | None:
    """A length of time as people write it."""
    if value is None:
        return None
    found = _SPAN.fullmatch(value)
    if found is None:
        raise click.BadParameter(f"{value!r} is no length of time, such as 90d, 12h or 30m.")
    return int(found[1]) * _UNITS[found[2]]


@click.group("service-token")
def service_token() -> None:
    """Make, list and end the tokens by which programs sign in that have no person."""


@service_token.command()
@_CONFIG
@click.argument("name")
@click.option("--access-role", required=True, metavar="ROLE", help="What it assumes; the role must trust `service`.")
@click.option("--workgroup", "-w", "workgroups", required=True, multiple=True, metavar="NAME", help="Repeatable.")
@click.option("--database-role", "database_roles", required=True, multiple=True, metavar="ROLE", help="Repeatable.")
@click.option("--database-user", default="", metavar="USER", help="Whom it acts as in the warehouse; else NAME.")
@click.option("--expires", callback=_span, metavar="SPAN", help="90d, 12h, 30m; else the longest that is allowed.")
@click.option(
    "--output", "-o", type=click.Path(path_type=Path), metavar="FILE", help="A new file, mode 0600, not stdout."
)
def create(
    path: Path,
    name: str,
    access_role: str,
    workgroups: tuple[str, ...],
    database_roles: tuple[str, ...],
    database_user: str,
    expires: timedelta | None,
    output: Path | None,
) -> None:
    """Make a token for the program NAME. It is shown once, on stdout; the broker keeps its digest."""
    config = load(path, os.environ)
    lifetime = expires if expires is not None else config.maximum_service_token
    new = NewServiceToken(name, access_role, workgroups, database_user or name, database_roles, lifetime)
    with open_desk(config) as desk:
        file = _new_file(output) if output else None
        try:
            made = desk.service_tokens.create(new, _order())
        except BaseException:
            if file is not None and output is not None:
                os.close(file)
                output.unlink()
            raise
    click.echo("\n".join(_made_lines(made)), err=True)
    if file is None:
        click.echo(made.text.reveal())
        return
    with os.fdopen(file, "w") as opened:
        opened.write(made.text.reveal() + "\n")
    click.echo(f"Written to {output}.", err=True)


@service_token.command("list")
@_CONFIG
@_FORMAT
def list_command(path: Path, form: str) -> None:
    """List every token, those that ended lately too."""
    with open_desk(load(path, os.environ)) as desk:
        tokens, now = desk.service_tokens.everything(), utc_now()
    if form == "json":
        click.echo(json.dumps([_document(each, now) for each in tokens], indent=2))
    elif tokens:
        click.echo(_listed(tokens, now))
    else:
        click.echo("There is no service token.")


@service_token.command()
@_CONFIG
@click.argument("name_or_id", metavar="NAME|ID")
def revoke(path: Path, name_or_id: str) -> int:
    """End a token by its ID, or all tokens of a NAME, with the sessions and database logins made with them.

    Exit code 1 if something is left; the reaper goes on with it.
    """
    with open_desk(load(path, os.environ)) as desk:
        done = desk.service_tokens.revoke(name_or_id, _order())
    ids = ", ".join(each.token_id for each in done.tokens)
    sessions, leases = (sum(len(getattr(each, kind)) for each in done.revoked) for kind in ("sessions", "leases"))
    click.echo(f"Revoked: {ids}. Ended with it: {sessions} sessions, {leases} leases.")
    problems = done.problems
    for problem in problems:
        click.echo(printable(f"Left to do: {problem}"))
    return ExitCode.REFUSED if problems else ExitCode.OK


def _order() -> Order:
    return Order(by=pwd.getpwuid(os.getuid()).pw_name, request_id=random_name(16), now=utc_now())


def _new_file(path: Path) -> int:
    """Before the token is made: one that can't be written would be lost."""
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise click.BadParameter(f"{path} cannot be made: {error.strerror}.", param_hint="--output") from None


def _made_lines(made: MadeServiceToken) -> Iterable[str]:
    token = made.token
    yield f"Token {token.token_id} for {token.subject}, until {token.expires_at:%Y-%m-%d %H:%M} UTC. It is shown once."
    for workgroup, decision in made.decisions:
        given = ", ".join(decision.candidates) if decision.databases else ""
        yield printable(f"The policy gives it at {workgroup}: {given or 'nothing'}.")
        for refused in decision.refused:
            yield printable(f"  not {refused.name}: {refused.reason}")


def _state(token: ServiceToken, now: datetime) -> str:
    if token.revoked_at:
        return "revoked"
    return "good" if token.is_good(now) else "ended"


def _listed(tokens: Sequence[ServiceToken], now: datetime) -> str:
    head = ("ID", "NAME", "STATE", "ACCESS ROLE", "WORKGROUPS", "DATABASE ROLES", "ENDS", "LAST USED", "MADE BY")
    rows = [
        (
            each.token_id,
            each.subject,
            _state(each, now),
            each.access_role,
            ",".join(each.workgroups),
            ",".join(each.database_roles),
            f"{each.expires_at:%Y-%m-%d}",
            f"{each.last_used_at:%Y-%m-%d %H:%M}" if each.last_used_at else "never",
            each.created_by,
        )
        for each in tokens
    ]
    return columns([head, *rows])


def _document(token: ServiceToken, now: datetime) -> dict[str, object]:
    """Everything but the digest."""
    names = ("token_id", "subject", "access_role", "workgroups", "database_user", "database_roles", "created_by")
    moments = ("created_at", "expires_at", "revoked_at", "last_used_at")
    values = {name: getattr(token, name) for name in names} | {"state": _state(token, now)}
    return values | {name: value.isoformat() if (value := getattr(token, name)) else None for name in moments}
