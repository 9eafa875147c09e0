"""A sign-in as an administrator imagines it: told facts in, the session that they would give. Pure; stored nowhere.

The facts become an assertion, and take the way of every assertion through the federation: what a sign-in would refuse
is refused here, with the same code.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from broker.config.model import AccessRoleConfig, Config, IdentityProviderConfig
from broker.errors import AccessRoleRefused, UnknownIdentityProvider
from broker.login.federation import Federation
from broker.sts.model import Session
from saml.model import Attribute, ValidatedAssertion

SESSION_ID: Final = "rehearsal"
_ANY_PROVIDER_ARN: Final = "arn:broker:iam::0:saml-provider/any"


@dataclass(frozen=True, slots=True)
class Told:
    """What the administrator says of the person.

    Attributes:
        identity_provider: "" where only one is configured.
        access_role: "" where the provider may give only one.
        tags: session tags by key, without the provider's prefix.
        groups: values of the attribute of database roles; needed unless a tag is that attribute.
    """

    subject: str
    identity_provider: str = ""
    access_role: str = ""
    tags: Mapping[str, str] | None = None
    groups: Sequence[str] = ()
    authn_context: str = ""


def rehearse(config: Config, told: Told, now: datetime) -> Session:
    """The session that the person would get now.

    Raises:
        UnknownIdentityProvider: not configured, or not named where there are several.
        LoginError: as a sign-in would be refused.
    """
    provider = _provider(config, told.identity_provider)
    federation = Federation(config.access_roles, config.default_session, config.maximum_session)
    approved = federation.approve(
        _assertion(provider, _access_role(config, provider, told.access_role), told, now),
        provider,
        now,
        preferred_access_role=told.access_role,
    )
    end = min(now + timedelta(seconds=approved.session_seconds), approved.session_ends_by)
    return Session(SESSION_ID, approved.principal, SESSION_ID, now, end, access_key_id="")


def _provider(config: Config, name: str) -> IdentityProviderConfig:
    known = {each.name: each for each in config.identity_providers}
    if not name and len(known) == 1:
        return next(iter(known.values()))
    if name not in known:
        what = f"There is no identity provider {name!r}." if name else "Several identity providers are configured."
        raise UnknownIdentityProvider(what, remedy=f"Name one of: {', '.join(known)}.")
    return known[name]


def _access_role(config: Config, provider: IdentityProviderConfig, name: str) -> AccessRoleConfig:
    trusting = [role for role in config.access_roles if provider.name in role.trusted_identity_providers]
    found = [role for role in trusting if role.name == (name or provider.access_role or role.name)]
    if len(found) != 1:
        known = ", ".join(role.name for role in trusting) or "none"
        raise AccessRoleRefused(
            f"The access role is not certain: {provider.name} may give {known}.", remedy="Name one with --access-role."
        )
    return found[0]


def _assertion(
    provider: IdentityProviderConfig, access_role: AccessRoleConfig, told: Told, now: datetime
) -> ValidatedAssertion:
    names = provider.attributes
    values: dict[str, tuple[str, ...]] = {
        names.database_user: (told.subject,),
        names.role_session_name: (told.subject,),
        names.access_role: (f"{access_role.arn},{provider.arn or _ANY_PROVIDER_ARN}",),
    }
    if told.groups:
        joined = tuple(told.groups) if names.database_roles_multivalued else (":".join(told.groups),)
        values[names.database_roles] = joined
    values |= {f"{names.principal_tag_prefix}{key}": (value,) for key, value in (told.tags or {}).items()}
    return ValidatedAssertion(
        assertion_id=SESSION_ID,
        issuer=provider.name,
        audience="",
        in_response_to=None,
        name_id=told.subject,
        name_id_format=provider.name_id_format,
        session_index="",
        authn_instant=now,
        authn_context=told.authn_context,
        not_on_or_after=now + timedelta(minutes=5),
        session_not_on_or_after=None,
        attributes=tuple(Attribute(name, value) for name, value in values.items() if name),
    )
