"""`broker idp`: add identity providers, look at them, try their responses, and fetch their metadata."""

import os
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import IO

import click

from broker.cli.output import table
from broker.client.errors import ExitCode, printable
from broker.clock import utc_now
from broker.config.load import load
from broker.config.model import Config, IdentityProviderConfig
from broker.errors import (
    AccessRoleRefused,
    BrokerError,
    ConfigError,
    LoginError,
    MetadataUnavailable,
    UnknownIdentityProvider,
)
from broker.login.federation import Federation
from broker.login.service import TrustedProvider
from broker.login.trial import AttributeFound, Trial, read_pasted, try_response
from broker.metadata_refresh import fetch, replace_metadata
from broker.provider_table import NewProvider, add_provider
from broker.providers import service_provider, trusted_provider
from roles.principal import Principal
from saml.certificates import certificates_of
from saml.errors import SamlError
from saml.model import IdentityProvider, ServiceProvider

_CONFIG = click.option("--config", "path", type=click.Path(path_type=Path), default="broker.toml", show_default=True)


@click.group()
def idp() -> None:
    """Add and try identity providers."""


@idp.command()
@_CONFIG
@click.argument("name")
@click.option("--metadata", "source", metavar="FILE|URL", required=True, help="The provider's SAML metadata.")
@click.option("--metadata-certificate", type=click.Path(path_type=Path), help="PEM certificate that signed them.")
@click.option("--metadata-entity-id", default="", help="The provider's entity ID, where the metadata have several.")
@click.option("--label", default="", help="What the choice page calls it.")
@click.option("--database-user", "database_users", multiple=True, metavar="GLOB", help="Whom it may name; repeatable.")
@click.option("--allow-unsolicited", is_flag=True, help="Let the provider begin sign-ins.")
def add(
    path: Path,
    name: str,
    source: str,
    metadata_certificate: Path | None,
    metadata_entity_id: str,
    label: str,
    database_users: tuple[str, ...],
    *,
    allow_unsolicited: bool,
) -> None:
    """Add the provider NAME: check its metadata, keep them beside the configuration, and write its table there."""
    is_url = source.startswith(("https://", "http://"))
    new = NewProvider(
        name=name,
        metadata=fetch(source) if is_url else _read(Path(source)),
        metadata_url=source if is_url else "",
        metadata_certificate=metadata_certificate,
        metadata_entity_id=metadata_entity_id,
        label=label,
        database_users=database_users,
        allow_unsolicited=allow_unsolicited,
    )
    added, written = add_provider(path, new, partial(load, environ=os.environ), utc_now())
    click.echo(_provider_text(added, utc_now()))
    click.echo(f"\nWritten to {path}:\n\n{written}")
    config = load(path, os.environ)
    click.echo(_for_the_provider(service_provider(config, _chosen(config, name))))
    click.echo(
        f'\nThen name "{name}" in `trusted_identity_providers` of an access role, restart the broker, and try a '
        f"response with `broker idp test {name} --response FILE`. docs/idp has a guide for each product: what it must "
        f"send, and the tables that fit."
    )


@idp.command("list")
@_CONFIG
def list_command(path: Path) -> None:
    """List the providers, with their certificates."""
    config, now = load(path, os.environ), utc_now()
    if not config.identity_providers:
        click.echo("There is none yet: `broker idp add NAME --metadata FILE|URL` adds one.", err=True)
    for provider in config.identity_providers:
        click.echo(provider.name)
        click.echo(_indented(_limits(config, provider)))
        try:
            click.echo(_provider_text(trusted_provider(config, provider, now).identity_provider, now))
        except ConfigError as error:
            click.echo(f"  PROBLEM  {printable(error.what)}")


@idp.command()
@_CONFIG
@click.argument("name")
@click.option("--response", type=click.File("rb"), metavar="FILE|-", help="A response: form value, form body, or XML.")
def test(path: Path, name: str, response: IO[bytes] | None) -> int:
    """Explain what would become of a response of the provider NAME; nobody is let in.

    Without --response: what its administrator must enter there.
    """
    config, now = load(path, os.environ), utc_now()
    provider = trusted_provider(config, _chosen(config, name), now)
    if response is None:
        click.echo(_provider_text(provider.identity_provider, now))
        click.echo(_for_the_provider(provider.service_provider))
        click.echo("\nTo judge a response: --response FILE, or `--response -` and paste it.")
        return ExitCode.OK
    federation = Federation(config.access_roles, config.default_session, config.maximum_session)
    trial = try_response(read_pasted(response.read()), provider, federation, now)
    click.echo(_trial_text(trial, provider))
    return ExitCode.OK if trial.approved else ExitCode.REFUSED


@idp.command()
@_CONFIG
@click.argument("names", metavar="[NAME]...", nargs=-1)
def refresh(path: Path, names: Sequence[str]) -> int:
    """Fetch metadata again; a broker that runs takes them up by itself."""
    config, now = load(path, os.environ), utc_now()
    chosen = [_chosen(config, name) for name in names] or [
        provider for provider in config.identity_providers if provider.metadata_url
    ]
    if not chosen:
        click.echo("No identity provider has a `metadata_url`: their files are yours to replace.", err=True)
    failed = False
    for provider in chosen:
        try:
            if not provider.metadata_url:
                raise MetadataUnavailable("it has no `metadata_url`; replace its metadata file instead.")
            current = trusted_provider(config, provider, now).identity_provider
            found = replace_metadata(provider, fetch(provider.metadata_url), current, now)
        except (SamlError, BrokerError) as refusal:
            failed = True
            click.echo(f"{provider.name}: kept as it was: {printable(refusal.what)} [{refusal.code}]", err=True)
        else:
            click.echo(f"{provider.name}: {'unchanged' if found == current else 'new metadata'}")
    return ExitCode.REFUSED if failed else ExitCode.OK


def _chosen(config: Config, name: str) -> IdentityProviderConfig:
    for provider in config.identity_providers:
        if provider.name == name:
            return provider
    known = ", ".join(provider.name for provider in config.identity_providers) or "none"
    raise UnknownIdentityProvider(f"The configuration has no identity provider {name!r}.", remedy=f"It has: {known}.")


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise click.UsageError(f"--metadata: {file} cannot be read: {error.strerror}.") from None


def _limits(config: Config, provider: IdentityProviderConfig) -> list[tuple[str, str]]:
    """What it may assert, and where its metadata come from."""
    given = [role.name for role in config.access_roles if provider.name in role.trusted_identity_providers]
    rows = [
        ("May give", ", ".join(given) or "no access role: nobody can sign in by it"),
        ("May name", "any database user" if provider.database_users is None else ", ".join(provider.database_users)),
        ("May begin sign-ins", "yes" if provider.allow_unsolicited else "no"),
        ("Metadata", str(provider.metadata_file)),
    ]
    return [*rows, ("Fetched from", provider.metadata_url)] if provider.metadata_url else rows


def _provider_text(provider: IdentityProvider, now: datetime) -> str:
    rows = [("Entity ID", provider.entity_id), ("Signs in at", provider.sign_in_url)]
    if provider.sign_out_url:
        rows.append(("Signs out at", provider.sign_out_url))
    if provider.valid_until:
        rows.append(("Metadata end", f"{provider.valid_until:%Y-%m-%d %H:%M} UTC"))
    for certificate in certificates_of(provider):
        ended = " (ENDED)" if certificate.not_after <= now else ""
        rows.append(("Certificate", f"{certificate.subject}, ends {certificate.not_after:%Y-%m-%d}{ended}"))
        rows.append(("  SHA-256", certificate.sha256))
    return _indented(rows)


def _for_the_provider(ours: ServiceProvider) -> str:
    rows = [
        ("ACS URL", ours.acs_url),
        ("Audience", ours.entity_id),
        ("NameID format", ours.name_id_format or "any"),
        ("Our metadata", ours.acs_url.removesuffix("acs") + "metadata"),
    ]
    return "Enter at the provider:\n" + _indented(rows)


def _trial_text(trial: Trial, provider: TrustedProvider) -> str:
    found, parts = trial.diagnosis, []
    if found.statements:
        signed = "signed by the provider" if found.verified else "NOT SIGNED by the provider: only claimed"
        parts += [f"Judged as of {found.judged_at:%Y-%m-%d %H:%M:%S} UTC; what it says is {signed}.", "", "It says"]
        parts.append(_indented([(name, printable(value[:200])) for name, value in found.statements]))
        parts += ["", "Attributes"]
        parts += [_attribute_text(attribute, provider.config.name) for attribute in trial.attributes]
    else:
        parts.append("That cannot be read: take the whole form field SAMLResponse, the form's body, or the XML.")
    parts += ["", "Checks"]
    refusals: list[SamlError | LoginError] = [*found.refusals, *filter(None, [trial.refusal])]
    for refusal in refusals:
        parts += [
            f"  PROBLEM  {printable(refusal.what)} [{refusal.code}]",
            f"           -> {printable(_remedy(refusal, provider.config.name))}",
        ]
    if not refusals:
        parts.append("  ok       all")
    parts += ["", "Result", _principal_text(trial.approved.principal) if trial.approved else "  Nobody would sign in."]
    if trial.empty_parts:
        parts.append(f"  (Empty parts of the database roles, which name none: {trial.empty_parts}.)")
    return "\n".join(parts)


def _remedy(refusal: SamlError | LoginError, provider: str) -> str:
    """What the administrator can do, where the usual remedy speaks to the person who signs in."""
    if isinstance(refusal, AccessRoleRefused):
        return f'Give an `[access_roles.NAME]` that `arn`, and list "{provider}" in its `trusted_identity_providers`.'
    return refusal.remedy


def _attribute_text(attribute: AttributeFound, provider: str) -> str:
    shown = ", ".join(printable(value[:100]) for value in attribute.values)
    use = f"{attribute.key} = {shown}" if attribute.key else f"{shown} (nothing reads it)"
    if attribute.values:
        return f"  ok       {printable(attribute.name)}\n           {use}"
    if not attribute.required:
        return f"  -        {attribute.name}\n           {attribute.key}: absent, and not needed"
    return (
        f"  MISSING  {attribute.name}\n           {attribute.key}: send it, or set "
        f"`identity_providers.{provider}.attributes.{attribute.key}` to the name that is sent"
    )


def _principal_text(who: Principal) -> str:
    return _indented(
        [
            ("Signed in", who.source_identity),
            ("Subject", who.subject),
            ("Access role", who.access_role),
            ("Database user", who.database_user),
            ("Database roles", ", ".join(who.asserted_roles) or "none: no workgroup would give a login"),
            ("Signed in by", who.authn_context or "not said"),
        ]
    )


def _indented(rows: list[tuple[str, str]]) -> str:
    return "\n".join(f"  {line}" for line in table(rows).splitlines())
