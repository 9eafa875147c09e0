"""`broker plan`: what a login would change, without the login."""

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from broker.cli.options import SERVER_WORKGROUP, only_workgroup
from broker.cli.output import table
from broker.client.errors import ExitCode
from broker.clock import utc_now
from broker.config.load import load
from broker.config.model import Config
from broker.credentials.model import CredentialRequest, PlannedLogin
from broker.login.rehearsal import Told, rehearse
from broker.secrets import random_name
from broker.sts.model import Session
from broker.wiring import open_broker

_Command = Callable[..., Any]


def told_options(command: _Command) -> _Command:
    """The options by which an administrator says who somebody is."""
    options = (
        click.option("--identity-provider", default="", metavar="NAME", help="Needed where there are several."),
        click.option("--access-role", default="", metavar="NAME", help="Needed where the provider may give several."),
        click.option("--tags", "-t", multiple=True, metavar="KEY=VALUE", help="A session tag; may be repeated."),
        click.option("--group", "-g", multiple=True, metavar="NAME", help="An asserted group; may be repeated."),
        click.option("--authn-context", default="", metavar="REF", help="How the person would prove who they are."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def imagined(config: Config, subject: str, options: dict[str, Any]) -> Session:
    """The session of `told_options`' person."""
    told = Told(
        subject=subject,
        identity_provider=options["identity_provider"],
        access_role=options["access_role"],
        tags=dict(_pair(text) for text in options["tags"]),
        groups=options["group"],
        authn_context=options["authn_context"],
    )
    return rehearse(config, told, utc_now())


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise click.BadParameter(f"{text!r} is not KEY=VALUE.", param_hint="--tags")
    return key, value


@click.command()
@click.option("--as", "subject", required=True, metavar="SUBJECT", help="The person: a subject, or a known short name.")
@SERVER_WORKGROUP
@click.option("--database", "-d", default="", metavar="NAME", help="Else the workgroup's default.")
@told_options
@click.option("--config", "path", type=click.Path(path_type=Path), default="broker.toml", show_default=True)
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def plan(subject: str, workgroup: str, database: str, path: Path, form: str, **options: Any) -> int:
    """Show exactly what a login would change, and change nothing; exit code 1 if the login would be refused.

    By default, RedshiftDbRoles is the tag with the groups: --tags RedshiftDbRoles=sales:finance
    """
    config = load(path, os.environ)
    request = CredentialRequest(only_workgroup(config, workgroup), database, client="broker plan")
    with open_broker(config) as broker:
        if broker.services.access:
            subject = broker.services.access.subject_of(request.workgroup, subject)
        session = imagined(config, subject, options)
        found = broker.services.credentials.plan(session, request, random_name(16), utc_now())
    click.echo(json.dumps(_document(found), indent=2) if form == "json" else _table(found))
    return ExitCode.REFUSED if found.refusal else ExitCode.OK


def _document(found: PlannedLogin) -> dict[str, Any]:
    return asdict(found) | {"expires_at": found.expires_at.isoformat()}


def _table(found: PlannedLogin) -> str:
    rows = [
        ("Warehouse", f"{found.workgroup}, database {found.database}"),
        ("Acts as", found.database_user),
        *_rows("Change", found.changes or ("none",)),
        ("Open sessions", "end, since a database role is taken away" if found.ends_sessions else "go on"),
        ("Database roles", ", ".join(found.database_roles) or "none"),
        *_rows("Because", found.grounds),
        *_rows("Not granted", [f"{role.name}: {role.reason}" for role in found.refused_roles]),
        *_rows("Not there", [f"{name}: The warehouse has no such role." for name in found.unknown_roles]),
        *_rows("By others", found.foreign_roles),
        *_rows("Then refused", [found.refusal] if found.refusal else []),
    ]
    return table(rows)


def _rows(name: str, values: Sequence[str]) -> list[tuple[str, str]]:
    return [(name if number == 0 else "", value) for number, value in enumerate(values)]
