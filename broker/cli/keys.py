"""`broker keys`: the key ring that seals sessions."""

import os
from pathlib import Path

import click

from broker.audit import AuditEvent, AuditRecord, Detail
from broker.clock import utc_now
from broker.config.load import load
from broker.secrets import random_name
from broker.store.open import open_store
from broker.sts.keys import KeyRing
from broker.wiring import open_audit

_CONFIG = click.option("--config", "path", type=click.Path(path_type=Path), default="broker.toml", show_default=True)


@click.group()
def keys() -> None:
    """Make and rotate the keys that seal sessions."""


@keys.command()
@_CONFIG
def init(path: Path) -> None:
    """Make the file named in `keys.file`, with one key."""
    file = load(path, os.environ).keys_file
    KeyRing.create(file)
    click.echo(f"Made {file}. Keep it secret, and give the same file to every broker on this store.")


@keys.command()
@_CONFIG
def rotate(path: Path) -> None:
    """Seal with a new key from now on. Nobody is logged out; brokers that run take up the new file by themselves."""
    config = load(path, os.environ)
    store = open_store(config.store_url, KeyRing.load(config.keys_file))
    try:
        with open_audit(config, store) as audit:
            ring = KeyRing.rotate(config.keys_file)
            detail: dict[str, Detail] = {"primary": ring.key_ids[-1], "keys": len(ring.key_ids)}
            audit.record(AuditRecord(AuditEvent.KEYS_ROTATED, utc_now(), random_name(16), detail=detail))
    finally:
        store.close()
    click.echo(f"New key {ring.key_ids[-1]}; {len(ring.key_ids)} keys in {config.keys_file}.")
