"""`broker revoke` and `broker offboard`: access ends now."""

import json
import os
import pwd
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import click

from broker.client.errors import ExitCode, printable
from broker.clock import utc_now
from broker.config.load import load
from broker.credentials.offboarding import Departure
from broker.credentials.revocation import Order, Revoked, Selection
from broker.secrets import random_name
from broker.wiring import open_desk
from roles.names import parse_database_role

_CONFIG = click.option("--config", "path", type=click.Path(path_type=Path), default="broker.toml", show_default=True)
_FORMAT = click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)


@click.command()
@_CONFIG
@click.option("--user", default="", metavar="NAME", help="Subject, login (source identity) or database user.")
@click.option("--session", "session_id", default="", metavar="ID", help="One session, with its leases.")
@click.option("--lease", "lease_id", default="", metavar="ID", help="One database login.")
@click.option("--identity-provider", default="", metavar="NAME", help="Whoever came from there.")
@_FORMAT
def revoke(path: Path, user: str, session_id: str, lease_id: str, identity_provider: str, form: str) -> int:
    """End sessions and database logins now; returns when none is left. Several options narrow the choice.

    Nobody is locked out: that is for the identity provider, and comes first. Exit code 1 if something is left.
    """
    selection = Selection(user, session_id, lease_id, identity_provider)
    if selection.is_empty():
        raise click.UsageError("Name what to end: --user, --session, --lease or --identity-provider.")
    with open_desk(load(path, os.environ)) as desk:
        revoked = desk.revocation.revoke(selection, _order())
    click.echo(json.dumps(_revoked(revoked), indent=2) if form == "json" else "\n".join(_revoked_lines(revoked)))
    return ExitCode.REFUSED if revoked.problems else ExitCode.OK


@click.command()
@_CONFIG
@click.argument("user")
@click.option("--identity-provider", default="", metavar="NAME", help="Where several people have that name.")
@click.option("--reassign-to", metavar="ROLE", help="The database role that gets what the person owns.")
@_FORMAT
def offboard(path: Path, user: str, identity_provider: str, reassign_to: str | None, form: str) -> int:
    """End all access of USER (subject or database user), strip the database user, and list what it owns.

    The database user is dropped if it owns nothing, or after --reassign-to. Exit code 1 if something is left to do.
    """
    target = parse_database_role(reassign_to) if reassign_to else None
    with open_desk(load(path, os.environ)) as desk:
        departure = desk.offboarding.offboard(user, identity_provider, target, _order())
    click.echo(
        json.dumps(_departure(departure), indent=2) if form == "json" else "\n".join(_departure_lines(departure))
    )
    return ExitCode.REFUSED if departure.problems else ExitCode.OK


def _order() -> Order:
    return Order(by=pwd.getpwuid(os.getuid()).pw_name, request_id=random_name(16), now=utc_now())


def _revoked(revoked: Revoked) -> dict[str, object]:
    leases = [
        {name: getattr(lease, name) for name in ("lease_id", "workgroup", "database_user", "alias", "state", "reason")}
        for lease in revoked.leases
    ]
    return {
        "sessions": [asdict(each) for each in revoked.sessions],
        "leases": leases,
        "database_sessions_ended": revoked.terminated,
        "problems": list(revoked.problems),
    }


def _revoked_lines(revoked: Revoked) -> list[str]:
    lines = [f"session  {each.session_id}  {each.subject} ({each.identity_provider})" for each in revoked.sessions]
    lines += [
        f"lease    {each.lease_id}  {each.database_user} at {each.workgroup}: {each.state}" for each in revoked.leases
    ]
    counts = f"{len(revoked.sessions)} sessions, {len(revoked.leases)} leases, {revoked.terminated} database sessions"
    return [printable(line) for line in [*lines, f"Ended: {counts}."]] + _problem_lines(revoked.problems)


def _departure(departure: Departure) -> dict[str, object]:
    users = [
        {
            "workgroup": workgroup,
            "database_user": user.database_user,
            "existed": user.existed,
            "changes": [change.describe() for change in user.plan.changes],
            "foreign_database_roles": list(user.foreign_roles),
            "owned": [asdict(each) for each in user.owned],
            "dropped": user.dropped,
            "problem": user.problem,
        }
        for workgroup, user in departure.users
    ]
    tokens = [
        {name: getattr(each, name) for name in ("token_id", "subject", "database_user")}
        for each in departure.service_tokens.tokens
    ]
    return {"service_tokens": tokens, "revoked": _revoked(departure.revoked), "database_users": users}


def _departure_lines(departure: Departure) -> list[str]:
    ended = departure.service_tokens
    lines = [printable(f"service token {each.token_id} of {each.subject}: revoked") for each in ended.tokens]
    lines += [line for each in ended.revoked for line in _revoked_lines(each)]
    lines += _revoked_lines(departure.revoked)
    for workgroup, user in departure.users:
        state = "dropped" if user.dropped else "stripped" if user.existed else "gone already"
        owns = "owned" if user.dropped else "owns"
        lines.append(printable(f"{workgroup}: database user {user.database_user}: {state}"))
        lines += [printable(f"  {change.describe()}") for change in user.plan.changes]
        lines += [printable(f"  also a member of {name}, granted by somebody else") for name in user.foreign_roles]
        lines += [printable(f"  {owns} {each.kind} {each.identity} in {each.database}") for each in user.owned]
    return lines + _problem_lines(f"{workgroup}: {user.problem}" for workgroup, user in departure.users if user.problem)


def _problem_lines(problems: Iterable[str]) -> list[str]:
    return [printable(f"Left to do: {problem}") for problem in problems]
