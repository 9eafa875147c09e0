"""What no key can tell alone: whether the keys fit each other."""

from collections.abc import Iterable
from datetime import timedelta
from itertools import pairwise

from broker.config.model import AccessRoleConfig, Config, IdentityProviderConfig, WorkgroupConfig
from broker.sts.model import SERVICE_PROVIDER


class Problem(Exception):
    """A key of the file, and what is wrong with it."""

    def __init__(self, key: str, what: str) -> None:
        super().__init__(key, what)
        self.key = key
        self.what = what


def check(config: Config) -> None:
    """Refuse what does not fit together.

    Raises:
        Problem: the first thing that does not.
    """
    _both_or_none("server", tls_certificate=config.server.tls_certificate, tls_key=config.server.tls_key)
    _both_or_none("saml", certificate=config.saml_certificate, private_key=config.saml_private_key)
    following = {"next_certificate": config.saml_next_certificate, "next_private_key": config.saml_next_private_key}
    _both_or_none("saml", **following)
    if config.saml_next_certificate and not config.saml_certificate:
        raise Problem("saml.certificate", "is needed beside next_certificate")
    _ordered("session", default_seconds=config.default_session, maximum_seconds=config.maximum_session)
    _unique_arns("identity_providers", config.identity_providers)
    _unique_arns("access_roles", config.access_roles)
    for provider in config.identity_providers:
        _check_provider(provider, config.access_roles)
    _check_limits(config.identity_providers)
    for role in config.access_roles:
        _check_role(role, config)
    for workgroup in config.workgroups:
        _check_workgroup(workgroup)
        if config.policy_file and workgroup.allow_database_roles:
            key = f"workgroups.{workgroup.name}.allow_database_roles"
            raise Problem(key, "is at odds with policy.file: let a rule of the policy say so")
    _one_for_each_server(config.workgroups)


def _check_provider(provider: IdentityProviderConfig, roles: tuple[AccessRoleConfig, ...]) -> None:
    if provider.allow_exchange and not provider.allow_unsolicited:
        raise Problem(f"identity_providers.{provider.name}.allow_exchange", "needs allow_unsolicited = true beside it")
    if provider.name == SERVICE_PROVIDER:
        raise Problem(f"identity_providers.{provider.name}", "is the name of the broker's own, for service tokens")
    key = f"identity_providers.{provider.name}.access_role"
    if not provider.access_role:
        if not provider.attributes.access_role:
            raise Problem(key, "is needed where attributes.access_role is empty: nobody would get an access role")
        return
    _known(key, [provider.access_role], (role.name for role in roles), "access role")
    if not any(
        role.name == provider.access_role and provider.name in role.trusted_identity_providers for role in roles
    ):
        raise Problem(key, f"access role {provider.access_role} does not trust {provider.name}")


def _check_limits(providers: tuple[IdentityProviderConfig, ...]) -> None:
    """One of several providers must not speak for everybody because nobody thought of it."""
    for provider in providers:
        if provider.database_users is None and len(providers) > 1:
            key = f"identity_providers.{provider.name}.database_users"
            raise Problem(key, 'is needed where there are several providers (["*"]: it may name anybody)')


def _check_role(role: AccessRoleConfig, config: Config) -> None:
    where = f"access_roles.{role.name}"
    providers = (SERVICE_PROVIDER, *(provider.name for provider in config.identity_providers))
    _known(f"{where}.trusted_identity_providers", role.trusted_identity_providers, providers, "identity provider")
    if role.workgroups != ("*",):
        _known(f"{where}.workgroups", role.workgroups, (each.name for each in config.workgroups), "workgroup")


def _check_workgroup(workgroup: WorkgroupConfig) -> None:
    _ordered(
        f"workgroups.{workgroup.name}",
        minimum_duration_seconds=workgroup.minimum_duration,
        default_duration_seconds=workgroup.default_duration,
        maximum_duration_seconds=workgroup.maximum_duration,
    )


def _one_for_each_server(workgroups: Iterable[WorkgroupConfig]) -> None:
    """Memberships and passwords hold in a whole server: two workgroups there would take each other's away."""
    owners: dict[tuple[str, int], str] = {}
    for each in workgroups:
        owner = owners.setdefault((each.host.lower(), each.port), each.name)
        if owner != each.name:
            raise Problem(
                f"workgroups.{each.name}.host",
                f"with this port is the server of {owner} too: make them one workgroup with the databases of both",
            )


def _known(key: str, names: Iterable[str], known: Iterable[str], kind: str) -> None:
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise Problem(key, f"there is no {kind} {unknown[0]}")


def _both_or_none(where: str, **values: object) -> None:
    missing = [name for name, value in values.items() if value is None]
    if len(missing) == 1:
        given = next(name for name in values if name not in missing)
        raise Problem(f"{where}.{missing[0]}", f"is needed beside {given}")


def _ordered(where: str, **durations: timedelta) -> None:
    names = list(durations)
    for smaller, larger in pairwise(names):
        if durations[smaller] > durations[larger]:
            less, more = (round(durations[name].total_seconds()) for name in (smaller, larger))
            raise Problem(f"{where}.{smaller}", f"is {less}, which is more than {larger} ({more})")


def _unique_arns(where: str, named: Iterable[IdentityProviderConfig | AccessRoleConfig]) -> None:
    owners: dict[str, str] = {}
    for each in named:
        if each.arn and owners.setdefault(each.arn, each.name) != each.name:
            raise Problem(f"{where}.{each.name}.arn", f"is that of {owners[each.arn]} too")
