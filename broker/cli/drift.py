"""`broker drift`: what differs between store, policy and warehouse."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

import click

from broker.cli.options import only_workgroup
from broker.client.errors import ExitCode, printable
from broker.clock import utc_now
from broker.config.load import load
from broker.credentials.drift import Drift
from broker.secrets import random_name
from broker.wiring import open_broker


@click.command()
@click.argument("workgroup", default="")
@click.option("--fix", is_flag=True, help="Set right what is the broker's own; what others did is left.")
@click.option("--config", "path", type=click.Path(path_type=Path), default="broker.toml", show_default=True)
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def drift(workgroup: str, path: Path, form: str, *, fix: bool) -> int:
    """Show what differs between store, policy and warehouse; exit code 1 if something of the broker's own does.

    WORKGROUP may be left out where the configuration has just one.
    """
    config = load(path, os.environ)
    workgroup = only_workgroup(config, workgroup)
    with open_broker(config) as broker:
        if fix:
            found, left = broker.drift.fix(workgroup, random_name(16), utc_now())
        else:
            found = left = broker.drift.find(workgroup, random_name(16), utc_now())
    fixed = [each for each in found if each not in left]
    click.echo(_json(left, fixed) if form == "json" else _table(left, fixed))
    return ExitCode.REFUSED if any(each.ours for each in left) else ExitCode.OK


def _json(left: Sequence[Drift], fixed: Sequence[Drift]) -> str:
    def document(each: Drift) -> dict[str, object]:
        return {"kind": each.kind.value, "name": each.name, "what": each.what, "ours": each.ours}

    return json.dumps({"differences": [*map(document, left)], "fixed": [*map(document, fixed)]}, indent=2)


def _table(left: Sequence[Drift], fixed: Sequence[Drift]) -> str:
    lines = [_line("FIXED", each) for each in fixed]
    lines += [_line("differs" if each.ours else "foreign", each) for each in left]
    return "\n".join(lines or ["Nothing differs."])


def _line(mark: str, each: Drift) -> str:
    return f"{mark:<8} {each.kind.value:<20} {printable(each.name)}\n{'':<8} {'':<20} {printable(each.what)}"
