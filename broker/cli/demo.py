"""`broker demo`: the whole story on this machine."""

import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from broker.demo.stage import Stage


@click.command()
@click.option("--script", is_flag=True, help="Walk the story without a person, and end; so it does without a terminal.")
@click.option(
    "--directory",
    type=click.Path(path_type=Path, file_okay=False),
    help="An empty directory for everything that is made; without it, a temporary one that is removed at the end.",
)
def demo(script: bool, directory: Path | None) -> None:
    """Run the whole story on this machine: warehouse, identity provider, broker, sample data.

    With a terminal it stays up, and says what to open and type next; Ctrl-C ends it.
    """
    from broker.demo.stage import open_stage
    from broker.demo.story import tell_story

    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, signal.default_int_handler)  # end as with Ctrl-C: nothing stays behind
    with _directory(directory) as place:
        click.echo("Starting a warehouse, an identity provider and a broker ...", err=True)
        with open_stage(place) as stage:
            if script or not sys.stdin.isatty():
                tell_story(stage, click.echo)
                click.echo("\nEverything turned out as told.")
            else:
                click.echo(_invitation(stage))
                _wait_for_interrupt()
                click.echo("\nEnding everything ...", err=True)


@contextmanager
def _directory(named: Path | None) -> Iterator[Path]:
    place = named or Path(tempfile.mkdtemp(prefix="broker-demo-"))
    place.mkdir(parents=True, exist_ok=True)
    if named is None and os.geteuid() == 0:
        place.chmod(0o711)  # root's warehouse runs as another user, who must pass through
    try:
        yield place.resolve()
    finally:
        if named is None:
            shutil.rmtree(place, ignore_errors=True)


def _wait_for_interrupt() -> None:
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        return


def _invitation(stage: "Stage") -> str:
    people = "\n".join(
        f"  {name:<6} {password.reveal()}  {groups}"
        for (name, password), groups in zip(
            stage.passwords.items(), ("sales", "finance", "sales, finance", "no group"), strict=True
        )
    )
    programs = Path(sys.executable).parent
    path = "" if shutil.which("wsql") else f"\n  export PATH={programs}:$PATH"
    return f"""
The demonstration is up. Ctrl-C ends it, and removes all that it made.

In another terminal:{path}
  export BROKER_URL={stage.broker_url} BROKER_WORKGROUP=demo
  broker login
  wsql -c 'select * from sales_schema.store_sales'
  wsql -c 'select * from finance_schema.revenue'

In a browser:
  {stage.broker_url}  the broker
  {stage.provider_url}  the identity provider
  {stage.provider_url}/people  move somebody to another group: user admin, password {stage.admin_password.reveal()}

People:
{people}
"""
