"""Options that several commands have, and how a shell completes them: from what is known here, without the network."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from broker.client.errors import ClientError, printable

if TYPE_CHECKING:
    from broker.config.model import Config


def complete_workgroup(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """The workgroups that the broker named last."""
    return [name for name in _known(context) if name.startswith(incomplete)]


def complete_database(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """The databases of the named workgroup, or of all."""
    known = _known(context)
    chosen = context.params.get("workgroup")
    found = known.get(chosen, ()) if chosen else [name for names in known.values() for name in names]
    return sorted({name for name in found if name.startswith(incomplete)})


WORKGROUP = click.option(
    "--workgroup",
    "-w",
    metavar="NAME",
    shell_complete=complete_workgroup,
    help="The warehouse; else the settings' `workgroup`, or your only one.",
)
DATABASE = click.option(
    "--database", "-d", metavar="NAME", shell_complete=complete_database, help="Else the workgroup's default."
)
SERVER_WORKGROUP = click.option(
    "--workgroup", "-w", default="", metavar="NAME", help="Needed where the configuration has several."
)
URL = click.option("--url", metavar="URL", help="The broker's address.")


def only_workgroup(config: "Config", named: str) -> str:
    """The workgroup that an administrator named, or else the configuration's only one.

    Raises:
        WorkgroupNeeded: none is named, and there is not just one.
    """
    from broker.errors import WorkgroupNeeded

    names = [each.name for each in config.workgroups]
    if named or len(names) == 1:
        return named or names[0]
    known = f"several workgroups: {', '.join(names)}" if names else "no workgroup"
    raise WorkgroupNeeded(f"The configuration has {known}.")


def _known(context: click.Context) -> Mapping[str, tuple[str, ...]]:
    from broker.client.known_workgroups import known
    from broker.client.settings import load_settings

    try:
        found = known(load_settings({"url": context.params.get("url")}))
    except ClientError:
        return {}
    return {name: names for name, names in found.items() if printable(name) == name}
