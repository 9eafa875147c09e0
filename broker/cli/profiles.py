"""`broker profiles`."""

import json

import click

from broker.cli import output
from broker.client.profiles import pick, profiles_file, read_profiles

_COLUMNS = ("plugin_name", "broker_url", "workgroup", "database")


@click.command()
@click.argument("name", required=False)
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def profiles(name: str | None, form: str) -> None:
    """List the connection profiles, or show the one called NAME. Calls nobody.

    A profile is a section of profiles.toml whose keys are connection properties; it is chosen with `profile=NAME`.
    """
    file = profiles_file()
    found = read_profiles(file)
    if name is not None:
        found = {name: pick(found, name, file)}
    if form == "json":
        click.echo(json.dumps({"file": str(file), "profiles": found}, indent=2))
    elif name is not None:
        click.echo(output.table((key, _text(value)) for key, value in (found[name] or {"(empty)": ""}).items()))
    elif found:
        rows = [[each, *(_text(values.get(key, "")) for key in _COLUMNS)] for each, values in found.items()]
        click.echo(output.columns([["profile", *_COLUMNS], *rows]))
        click.echo(f"From {file}", err=True)
    else:
        click.echo(f"There are no profiles. Write one into {file}:", err=True)
        click.echo(
            '\n  [analytics]\n  broker_url = "https://broker.example.com"\n  workgroup = "analytics"\n', err=True
        )


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
