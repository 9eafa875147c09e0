"""`broker doctor`."""

import json
import os
from collections.abc import Iterable
from contextlib import ExitStack
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final

import click
import httpx

from broker.client.errors import ExitCode, printable
from broker.clock import utc_now
from broker.config.load import load
from broker.config.model import Config
from broker.doctor import Examined, broken, examine
from broker.errors import ConfigError
from broker.policy import read_policy
from broker.warehouses import AnyDesk, open_desk
from roles.errors import PolicyInvalid
from roles.readiness import Severity

_ASK_SECONDS: Final = 3.0
_MARKS: Final = {Severity.OK: "ok", Severity.WARNING: "WARNING", Severity.PROBLEM: "PROBLEM"}


@click.command()
@click.option("--config", "path", type=click.Path(path_type=Path), default="broker.toml", show_default=True)
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def doctor(path: Path, form: str) -> int:
    """Check configuration, store, certificates, clock and warehouses; exit code 1 if there is a problem."""
    try:
        examined = _examine(load(path, os.environ))
    except (ConfigError, PolicyInvalid) as error:
        examined = [Examined("broker", broken("configuration", error))]
    click.echo(findings_json(examined) if form == "json" else findings_table(examined))
    sick = any(each.finding.severity is Severity.PROBLEM for each in examined)
    return ExitCode.REFUSED if sick else ExitCode.OK


def _examine(config: Config) -> list[Examined]:
    workgroups = {workgroup.name: workgroup for workgroup in config.workgroups}
    policy = read_policy(config)
    with ExitStack() as opened:

        def open_warehouse(name: str) -> AnyDesk:
            warehouse = open_desk(workgroups[name], lambda: policy)
            opened.callback(warehouse.close)
            return warehouse

        return list(examine(config, open_warehouse, _time_at, utc_now()))


def _time_at(url: str) -> datetime | None:
    """What the server's Date header says (RFC 9110 6.6.1), to the second."""
    try:
        said = httpx.head(url, timeout=_ASK_SECONDS).headers.get("date")
        return parsedate_to_datetime(said) if said else None
    except (httpx.HTTPError, ValueError):
        return None


def findings_json(examined: Iterable[Examined]) -> str:
    """Findings for a program."""
    return json.dumps(
        [
            {
                "subject": each.subject,
                "check": each.finding.check,
                "severity": each.finding.severity.value,
                "what": each.finding.what,
                "remedy": each.finding.remedy,
            }
            for each in examined
        ],
        indent=2,
    )


def findings_table(examined: Iterable[Examined]) -> str:
    """One finding a line, its remedy below it; under the name of what it is about."""
    lines: list[str] = []
    subject = ""
    for each in examined:
        if each.subject != subject:
            subject = each.subject
            lines += ["", subject] if lines else [subject]
        finding = each.finding
        lines.append(f"  {_MARKS[finding.severity]:<8} {finding.check:<20} {printable(finding.what)}")
        lines += [f"  {'':<8} {'':<20} -> {printable(line)}" for line in finding.remedy.splitlines()]
    return "\n".join(lines)
