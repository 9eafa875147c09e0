"""`broker audit`: what was decided, and why."""

import json
import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import click

from broker.audit import AuditQuery, AuditRecord
from broker.audit_file import to_json
from broker.cli.output import table
from broker.client.errors import ExitCode, printable
from broker.clock import utc_now
from broker.config.load import load
from broker.store.open import open_store
from broker.sts.keys import KeyRing

_AGO: Final = re.compile(r"([0-9]{1,6})([smhd])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@click.command()
@click.option("--config", "path", type=click.Path(path_type=Path), default="broker.toml", show_default=True)
@click.option("--reference", default="", metavar="NUMBER", help="The reference number that a person was shown.")
@click.option("--user", default="", metavar="NAME", help="Subject, login (source identity) or database user.")
@click.option("--since", default="", metavar="AGO|TIME", help="30m, 12h, 7d, or 2026-03-01T12:00 (UTC).")
@click.option("--refused", is_flag=True, help="Only what was refused or failed.")
@click.option("--latest", type=click.IntRange(min=1, max=10_000), default=100, show_default=True, metavar="COUNT")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def audit(path: Path, reference: str, user: str, since: str, *, refused: bool, latest: int, form: str) -> int:
    """Show the audit's records, the latest last. Several options narrow the choice.

    Exit code 1 if there is none. With --format json, one record a line, as `audit.file` has them.
    """
    begin = _moment(since, utc_now()) if since else None
    query = AuditQuery(reference.strip(), user, begin, refused=refused, latest=latest)
    config = load(path, os.environ)
    store = open_store(config.store_url, KeyRing.load(config.keys_file))
    try:
        found = store.audit.find(query)
    finally:
        store.close()
    for record in found:
        click.echo(to_json(record) if form == "json" else _text(record))
    if not found:
        click.echo("The audit in this store has no such record.", err=True)
    return ExitCode.OK if found else ExitCode.REFUSED


def _moment(text: str, now: datetime) -> datetime:
    ago = _AGO.fullmatch(text)
    try:
        if ago:
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        found = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise click.UsageError(f"--since: {printable(text)} is neither a span (30m, 12h, 7d) nor a time.") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _text(record: AuditRecord) -> str:
    code = f"  [{record.code}]" if record.code else ""
    detail = [(name, _shown(value)) for name, value in record.detail.items() if value not in ("", [])]
    facts = json.loads(to_json(record))
    rows = [(name.replace("_", " "), str(facts[name])) for name in facts if name not in _IN_THE_HEAD]
    named = [(name.replace("_", " "), value) for name, value in detail]
    body = table([*rows, *named, ("reference", record.request_id)])
    indented = "\n".join(f"  {line}" for line in body.splitlines())
    return f"{record.at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC  {record.event}{code}\n{indented}\n"


_IN_THE_HEAD: Final = frozenset({"at", "event", "code", "detail", "request_id"})


def _shown(value: object) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)
