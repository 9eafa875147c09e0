"""`broker warehouse`: what a warehouse's administrator needs."""

import os
from contextlib import closing
from pathlib import Path

import click

from broker.config.load import load
from broker.config.model import Config, WorkgroupConfig
from broker.errors import UnknownWorkgroup, WarehouseUnavailable
from broker.policy import read_policy, scope_of
from broker.warehouses import open_desk
from roles.pattern import parse_pattern
from roles.setup_sql import ADMIN_OPTION_SINCE, setup_sql


@click.group()
def warehouse() -> None:
    """Prepare a warehouse for the broker."""


@warehouse.command("setup-sql")
@click.argument("workgroup")
@click.option("--config", "path", type=click.Path(path_type=Path), default="broker.toml", show_default=True)
@click.option("--admin-role", default="warehouse_broker", show_default=True, help="The broker's own login.")
@click.option(
    "--postgres-version",
    "major",
    type=click.IntRange(14, 99),
    default=ADMIN_OPTION_SINCE // 10_000,
    show_default="16 or later",
    help="While the warehouse does not answer: which PostgreSQL it is.",
)
def setup_sql_command(workgroup: str, path: Path, admin_role: str, major: int) -> None:
    """Print the SQL that makes the broker's own login for WORKGROUP; on PostgreSQL it needs no superuser.

    The roles to grant are looked up in the warehouse. While that does not answer, as before the login is made, they are
    those that the policy names, for the version that you say.
    """
    config = load(path, os.environ)
    chosen = _chosen(config, workgroup)
    policy = read_policy(config)
    reach = policy.reach(scope_of(chosen))
    try:
        with closing(open_desk(chosen, lambda: policy)) as opened:
            click.echo(opened.setup_sql(admin_role), nl=False)
    except WarehouseUnavailable as error:
        named = [name for name in reach.allow if parse_pattern(name).exact is not None]
        left_out = [name for name in reach.allow if name not in named]
        click.echo(f"{error.what} The roles are those that the configuration names.", err=True)
        if left_out:
            click.echo(f"Run this again once the login works, for the roles of {', '.join(left_out)}.", err=True)
        if major * 10_000 >= ADMIN_OPTION_SINCE:
            click.echo("The SQL is for PostgreSQL 16 or later; for an older one say `--postgres-version 15`.", err=True)
        click.echo(setup_sql(admin_role, named, major * 10_000), nl=False)


def _chosen(config: Config, name: str) -> WorkgroupConfig:
    for workgroup in config.workgroups:
        if workgroup.name == name:
            return workgroup
    known = ", ".join(workgroup.name for workgroup in config.workgroups)
    raise UnknownWorkgroup(f"The configuration has no workgroup {name!r}.", remedy=f"It has: {known}.")
