"""`broker explain` and `broker who-can`: the chain from what was asserted to the grant in the warehouse."""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from broker.cli.options import SERVER_WORKGROUP, only_workgroup
from broker.cli.output import table
from broker.cli.plan import imagined, told_options
from broker.client.errors import ExitCode
from broker.clock import utc_now
from broker.config.load import load
from broker.credentials.access import AccessChain, AccessService, Entitled, Question
from broker.secrets import random_name
from broker.wiring import Broker, open_broker
from roles.chains import AccessTarget

_CONFIG = click.option("--config", "path", type=click.Path(path_type=Path), default="broker.toml", show_default=True)
_FORMAT = click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
_DATABASE = click.option("--database", "-d", default="", metavar="NAME", help="Else the workgroup's default.")

Row = tuple[str, str]


@click.command()
@click.argument("person")
@click.argument("privilege")
@click.argument("object_name", metavar="SCHEMA.NAME")
@SERVER_WORKGROUP
@_DATABASE
@told_options
@_CONFIG
@_FORMAT
def explain(
    person: str, privilege: str, object_name: str, workgroup: str, database: str, path: Path, form: str, **options: Any
) -> int:
    """Say whether PERSON has PRIVILEGE on SCHEMA.NAME, and why; exit code 1 for no.

    PERSON is a subject, a database user, or what is before the "@" of either; or any role of the warehouse.
    As it is now; with --tags or --group, as it would be after such a sign-in.
    """
    config = load(path, os.environ)
    question = Question(only_workgroup(config, workgroup), database, _target(privilege, object_name))
    principal = None
    with open_broker(config) as broker:
        access = _access(broker)
        if options["tags"] or options["group"]:
            subject = access.subject_of(question.workgroup, person)
            principal = imagined(config, subject, options).principal
            chain = access.imagine(question, principal, random_name(16), utc_now())
        else:
            chain = access.explain(question, person, random_name(16), utc_now())
    text = f"{person} {'has' if chain.allowed else 'lacks'} {privilege.upper()} on {object_name}"
    rows = [("Answer", f"{'Yes' if chain.allowed else 'No'}: {text}."), *_asserted(principal), *_chain(chain)]
    click.echo(json.dumps(asdict(chain), indent=2) if form == "json" else table(rows))
    return ExitCode.OK if chain.allowed else ExitCode.REFUSED


@click.command("who-can")
@click.argument("privilege")
@click.argument("object_name", metavar="SCHEMA.NAME")
@SERVER_WORKGROUP
@_DATABASE
@_CONFIG
@_FORMAT
def who_can(privilege: str, object_name: str, workgroup: str, database: str, path: Path, form: str) -> int:
    """List everybody who has PRIVILEGE on SCHEMA.NAME, and why; exit code 1 if there is no such relation."""
    config = load(path, os.environ)
    question = Question(only_workgroup(config, workgroup), database, _target(privilege, object_name))
    with open_broker(config) as broker:
        found = _access(broker).who_can(question, random_name(16), utc_now())
    if form == "json":
        click.echo(json.dumps(None if found is None else [asdict(each) for each in found], indent=2))
    elif found is None:
        click.echo(f"There is no relation {object_name}.")
    else:
        click.echo("\n\n".join(table(_entitled(each)) for each in found) or "Nobody.")
    return ExitCode.REFUSED if found is None else ExitCode.OK


def _access(broker: Broker) -> AccessService:
    if broker.services.access is None:
        raise AssertionError("open_broker makes one")
    return broker.services.access


def _target(privilege: str, object_name: str) -> AccessTarget:
    schema, dot, name = object_name.partition(".")
    if not (schema and dot and name):
        raise click.BadParameter(f"{object_name!r} is not SCHEMA.NAME.")
    return AccessTarget(schema, name, privilege.upper())


def _asserted(principal: Any) -> Iterator[Row]:
    if principal:
        yield "Asserted", ", ".join(principal.asserted_roles)
        yield from (("Tag", f"{tag.key}={tag.value}") for tag in principal.tags)


def _chain(chain: AccessChain) -> Iterator[Row]:
    if not chain.exists:
        yield "Object", "The database has no such relation."
        return
    yield "Acts as", chain.database_user
    yield from (("Database role", way.describe()) for way in chain.ways)
    yield from (("By others", f"{role} was granted by hand, outside the broker") for role in chain.outside)
    yield from (("Has", leg) for leg in chain.legs)
    yield from (("Lacks", need) for need in chain.missing)
    yield from _completions(chain)
    yield from (("Note", note) for note in chain.notes)


def _completions(chain: AccessChain) -> Iterator[Row]:
    if chain.missing and not chain.database_roles:
        yield "Would do", "no database role that the policy gives: a grant in the warehouse is missing"
    for way in chain.completions:
        group = f"the group {way.group}" if way.group else "everybody whom the rule means"
        yield "Would do", f"database role {way.database_role}: rule {way.rule}, for {group}"


def _entitled(each: Entitled) -> Sequence[Row]:
    who = f"{each.subject} ({each.identity_provider})" if each.subject else "a role of the warehouse"
    return [
        ("Role", each.role),
        ("Who", who),
        *(("Database role", way.describe()) for way in each.ways),
        *(("By others", f"{role} was granted by hand, outside the broker") for role in each.outside),
        *(("Has", leg) for leg in each.legs),
    ]
