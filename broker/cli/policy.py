"""`broker policy`: check the policy, and make a running broker read it again."""

import json
import os
import ssl
from contextlib import closing
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import click
import httpx

from broker.cli.doctor import findings_json, findings_table
from broker.client.errors import ExitCode
from broker.clock import utc_now
from broker.config.load import load
from broker.config.model import Config, ServerConfig
from broker.control import RELOAD_POLICY, order
from broker.doctor import Examined
from broker.errors import BrokerError, ConfigError, WarehouseRefused, WarehouseUnavailable
from broker.policy import read_policy, scope_of
from broker.sts.keys import KeyRing
from broker.warehouses import open_desk
from roles.policy_check import Surroundings, check_policy
from roles.readiness import Finding, Severity

_CONFIG = click.option("--config", "path", type=click.Path(path_type=Path), default="broker.toml", show_default=True)
_SECONDS: Final = 30.0


@click.group()
def policy() -> None:
    """Check the policy, and make a running broker read it."""


@policy.command()
@_CONFIG
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def check(path: Path, form: str) -> int:
    """Find contradictions, rules that never apply, missing and powerful roles; exit code 1 if there is a problem."""
    config = load(path, os.environ)
    found = read_policy(config)
    roles, silent = _roles(config)
    around = Surroundings(
        scopes=tuple(scope_of(workgroup) for workgroup in config.workgroups),
        identity_providers=tuple(each.name for each in config.identity_providers),
        access_roles=tuple(each.name for each in config.access_roles),
        roles=roles,
    )
    examined = [*silent, *(Examined("policy", finding) for finding in check_policy(found, around))]
    click.echo(findings_json(examined) if form == "json" else findings_table(examined))
    sick = any(each.finding.severity is Severity.PROBLEM for each in examined)
    return ExitCode.REFUSED if sick else ExitCode.OK


@policy.command("reload")
@_CONFIG
@click.option("--url", metavar="URL", help="The broker's address, if it is not the one where it listens here.")
def reload_command(path: Path, url: str | None) -> None:
    """Make the broker that runs with this configuration read its policy file again.

    A policy that is not good is refused whole, and the old one stays in force.
    """
    config = load(path, os.environ)
    if config.policy_file is None:
        raise ConfigError("`policy.file` is not set: the lists of the workgroups decide, and need a restart.")
    token = order(KeyRing.load(config.keys_file), RELOAD_POLICY, utc_now())
    answer = _post(config.server, url, token.reveal())
    click.echo(f"The policy is in force: {answer['rules']} rules, {answer['denials']} denials.")


def _roles(config: Config) -> tuple[dict[str, dict[str, str | None]], list[Examined]]:
    """The roles of each warehouse that answers; a finding for each that does not."""
    roles: dict[str, dict[str, str | None]] = {}
    silent: list[Examined] = []
    for workgroup in config.workgroups:
        try:
            with closing(open_desk(workgroup)) as warehouse:
                roles[workgroup.name] = warehouse.role_objections()
        except (WarehouseUnavailable, WarehouseRefused) as error:
            what = f"{error.what} Its roles were not compared."
            silent.append(Examined("policy", Finding("warehouse", Severity.WARNING, what, error.remedy)))
    return roles, silent


def _post(server: ServerConfig, url: str | None, token: str) -> dict[str, Any]:
    """Give the order where the broker listens on this machine, so that it meets this broker and no other."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(server.listen_host, server.listen_host)  # noqa: S104
    shown = f"[{host}]" if ":" in host else host
    secure = server.tls_certificate is not None
    base = url or f"{'https' if secure else 'http'}://{shown}:{server.listen_port}"
    extensions = {"sni_hostname": urlsplit(server.public_url).hostname} if secure and not url else {}
    try:
        with httpx.Client(trust_env=False, timeout=_SECONDS, verify=_trust(server, url)) as http:
            answer = http.post(
                f"{base}/v1/policy/reload", headers={"Authorization": f"Bearer {token}"}, extensions=extensions
            )
        body: dict[str, Any] = answer.json()
    except (httpx.HTTPError, json.JSONDecodeError) as error:
        raise BrokerError(
            f"No broker answers at {base} ({type(error).__name__}).", remedy="Start it with `broker serve`."
        ) from None
    if not answer.is_success:
        refused = BrokerError(body.get("detail", "The broker refused."), remedy=body.get("remedy"))
        refused.code = body.get("code", refused.code)  # type: ignore[misc] # the broker's own code
        raise refused
    return body


def _trust(server: ServerConfig, url: str | None) -> ssl.SSLContext | bool:
    """Trust exactly the certificate that the broker here was told to show."""
    if url or server.tls_certificate is None:
        return True
    context = ssl.create_default_context(cafile=str(server.tls_certificate))
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context
