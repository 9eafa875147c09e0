"""From a validated assertion to an approved login: who this is, what they assume, and until when. Pure.

The attributes are those that AWS defines for AssumeRoleWithSAML, so that an application set up for it works unchanged;
their names come from the provider's configuration. Anything that is missing or breaks a limit is refused by name.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Final

from broker.config.model import AccessRoleConfig, AttributeNames, IdentityProviderConfig
from broker.errors import (
    AccessRoleRefused,
    DatabaseUserRefused,
    PrincipalTagInvalid,
    SessionTaggingRefused,
    StepUpRequired,
)
from broker.login.model import ApprovedLogin
from broker.sts.model import DEFAULT_SESSION, MAXIMUM_SESSION, MINIMUM_SESSION
from roles.principal import Principal, SessionTag
from saml import attributes
from saml.errors import AttributeRefused
from saml.model import NAMEID_TRANSIENT, ProviderSession, ValidatedAssertion, Wish

_ROLE_SESSION_NAME: Final = re.compile(r"[a-zA-Z_0-9+=,.@-]{2,64}")
_SECONDS: Final = re.compile(r"[0-9]{1,5}")
_NAMED_AT_MOST: Final = 5


@dataclass(frozen=True, slots=True)
class Federation:
    """What the administrator decided about the mapping.

    Attributes:
        access_roles: every access role that a principal can assume, with its trust policy.
        default_session: for assertions that ask for no length.
        maximum_session: the longest, whatever asks for more.
    """

    access_roles: tuple[AccessRoleConfig, ...]
    default_session: timedelta = DEFAULT_SESSION
    maximum_session: timedelta = MAXIMUM_SESSION

    def wish(self, provider: IdentityProviderConfig, preferred_access_role: str = "") -> Wish:
        """How to ask this provider, as far as it can be known before the provider names an access role."""
        foreseen = preferred_access_role or provider.access_role
        required = next(
            (role.required_authn_contexts for role in self.access_roles if foreseen in (role.name, role.arn)), ()
        )
        return Wish(provider.force_authn, required or provider.requested_authn_contexts)

    def approve(
        self,
        assertion: ValidatedAssertion,
        provider: IdentityProviderConfig,
        now: datetime,
        *,
        preferred_access_role: str = "",
    ) -> ApprovedLogin:
        """Map what the provider signed.

        Raises:
            PrincipalTagInvalid: an attribute is missing or breaks a limit; the text names it.
            AccessRoleRefused: no access role, or several without a wish, may be assumed.
            SessionTaggingRefused: the access role does not let this provider tag sessions.
            DatabaseUserRefused: the provider may not speak for this database user.
            StepUpRequired: the access role requires another way of signing in.
        """
        try:
            access_role = _choose(_permitted(assertion, provider, self.access_roles), preferred_access_role)
            _require_context(assertion, access_role)
            return ApprovedLogin(
                principal=_principal(assertion, provider, access_role),
                session_seconds=self._session_seconds(assertion, provider.attributes.session_duration),
                session_ends_by=min(self._ends(assertion, access_role, now)),
                provider_session=ProviderSession(assertion.name_id, assertion.name_id_format, assertion.session_index),
            )
        except AttributeRefused as refusal:
            # The signature held, so the person is told which attribute it is; a forger never comes as far as this.
            what = f"{refusal.what[:1].upper()}{refusal.what[1:]}."
            raise PrincipalTagInvalid(what, remedy=refusal.remedy) from refusal

    def _session_seconds(self, assertion: ValidatedAssertion, name: str) -> int:
        text = attributes.optional(assertion, name) if name else None
        if text is None:
            return int(self.default_session.total_seconds())
        low, high = int(MINIMUM_SESSION.total_seconds()), int(MAXIMUM_SESSION.total_seconds())
        if not _SECONDS.fullmatch(text) or not low <= int(text) <= high:
            raise PrincipalTagInvalid(f"The attribute {name} must be a number of seconds from {low} to {high}.")
        return int(text)

    def _ends(self, assertion: ValidatedAssertion, access_role: AccessRoleConfig, now: datetime) -> Iterator[datetime]:
        yield now + self.maximum_session
        yield now + access_role.maximum_session
        if assertion.session_not_on_or_after is not None:
            yield assertion.session_not_on_or_after


def _principal(
    assertion: ValidatedAssertion, provider: IdentityProviderConfig, access_role: AccessRoleConfig
) -> Principal:
    names = provider.attributes
    found = attributes.session_tags(assertion, names.principal_tag_prefix) if names.principal_tag_prefix else {}
    tags = tuple(SessionTag(key, value) for key, value in found.items())
    if tags and not access_role.allow_session_tags:
        raise SessionTaggingRefused(f"The access role {access_role.name} does not let {provider.name} tag sessions.")
    source_identity = _source_identity(assertion, names.role_session_name)
    return Principal(
        identity_provider=provider.name,
        subject=source_identity if assertion.name_id_format == NAMEID_TRANSIENT else assertion.name_id,
        source_identity=source_identity,
        access_role=access_role.name,
        database_user=_database_user(assertion, provider),
        asserted_roles=_database_roles(assertion, names.database_roles, names.database_roles_multivalued),
        tags=tags,
        transitive_tag_keys=_transitive_keys(assertion, names, tags),
        authn_context=assertion.authn_context,
    )


def _source_identity(assertion: ValidatedAssertion, name: str) -> str:
    """RoleSessionName; the NameID where the configuration says that the provider sends none."""
    text = attributes.single(assertion, name) if name else assertion.name_id
    if not _ROLE_SESSION_NAME.fullmatch(text):
        raise PrincipalTagInvalid(
            f"The attribute {name or 'NameID'} must be 2 to 64 letters, digits or _ + = , . @ - without spaces."
        )
    return text


def _database_user(assertion: ValidatedAssertion, provider: IdentityProviderConfig) -> str:
    """The asserted database user, if this provider may speak for it; whether it is a good name is for `roles`.

    Case does not count: most workgroups fold these names, and a limit must not be escaped by a capital letter.
    """
    user = attributes.single(assertion, provider.attributes.database_user)
    allowed = provider.database_users
    if allowed is not None and not any(fnmatchcase(user.lower(), glob.lower()) for glob in allowed):
        raise DatabaseUserRefused(f"The identity provider {provider.name} may not name the database user {user[:128]}.")
    return user


def _database_roles(assertion: ValidatedAssertion, name: str, multivalued: bool) -> tuple[str, ...]:
    """The asserted database roles in order, each once. Whether one is a good name is for `roles` to decide.

    Providers leave the attribute out for somebody who is in no group. That person signs in with no roles: the request
    for a login then takes away what was granted before, which a refused sign-in would leave standing. For the same
    reason an empty part of a joined value names no role and breaks none: a provider that joins "the name or nothing"
    of each group writes `sales:` for somebody in one of two, and `:` for somebody in neither.
    """
    asserted = attributes.values(assertion, name) if multivalued else tuple(filter(None, _parts(assertion, name)))
    if not all(map(attributes.is_plain_text, asserted)):
        raise PrincipalTagInvalid(f"The attribute {name} holds a database role with spaces around it.")
    return tuple(dict.fromkeys(asserted))


def empty_parts(assertion: ValidatedAssertion, names: AttributeNames) -> int:
    """How many parts of the joined database roles name nobody's role: for the audit, since nothing else shows them."""
    return 0 if names.database_roles_multivalued else _parts(assertion, names.database_roles).count("")


def _parts(assertion: ValidatedAssertion, name: str) -> list[str]:
    text = attributes.optional(assertion, name)
    return [] if text is None else text.split(":")


def _transitive_keys(
    assertion: ValidatedAssertion, names: AttributeNames, tags: Iterable[SessionTag]
) -> tuple[str, ...]:
    """The named tags; that of the database roles may be named and absent, since a provider's list of names is fixed."""
    known = {tag.key.casefold() for tag in tags}
    may_be_absent = names.database_roles.removeprefix(names.principal_tag_prefix).casefold()
    keys = attributes.values(assertion, names.transitive_tag_keys) if names.transitive_tag_keys else ()
    for key in keys:
        if key.casefold() not in known and key.casefold() != may_be_absent:
            raise PrincipalTagInvalid(
                f"The attribute {names.transitive_tag_keys} names {key[:64]}, which is no session tag of the assertion."
            )
    return tuple(key for key in keys if key.casefold() in known)


def _permitted(
    assertion: ValidatedAssertion, provider: IdentityProviderConfig, access_roles: tuple[AccessRoleConfig, ...]
) -> list[AccessRoleConfig]:
    """The access roles that were asserted, exist, and trust this provider: all three, or it is no access role."""
    name = provider.attributes.access_role
    asserted = attributes.values(assertion, name) if name else ()
    if asserted:
        arns = {arn for value in asserted for arn in _role_arns(value, provider.arn)}
        wanted = [role for role in access_roles if role.arn in arns]
    else:
        wanted = [role for role in access_roles if role.name == provider.access_role]
    permitted = [role for role in wanted if provider.name in role.trusted_identity_providers]
    if permitted:
        return permitted
    if wanted:
        refused = ", ".join(role.name for role in wanted)
        raise AccessRoleRefused(f"The identity provider {provider.name} is not trusted by the access role {refused}.")
    named = "; ".join(asserted[:_NAMED_AT_MOST]) or provider.access_role
    if not named:
        raise AccessRoleRefused("The identity provider named no access role.")
    raise AccessRoleRefused(f"The identity provider named no access role that exists here (it named: {named}).")


def _role_arns(value: str, provider_arn: str) -> Iterator[str]:
    """Which half of `role-arn,provider-arn` (AWS: in either order) names the access role; none if it is no such pair.

    Where the provider's own ARN is configured, the other half must be that one.
    """
    halves = [half.strip() for half in value.split(",")]
    if len(halves) != 2:
        return
    for role, other in (halves, reversed(halves)):
        if ":saml-provider/" in other and ":saml-provider/" not in role and provider_arn in ("", other):
            yield role


def _require_context(assertion: ValidatedAssertion, access_role: AccessRoleConfig) -> None:
    required = access_role.required_authn_contexts
    if required and assertion.authn_context not in required:
        raise StepUpRequired(
            f"The access role {access_role.name} requires a sign-in by {' or '.join(required)}; "
            f"the identity provider reports {assertion.authn_context[:256] or 'no way of signing in'}."
        )


def _choose(permitted: list[AccessRoleConfig], preferred: str) -> AccessRoleConfig:
    names = ", ".join(sorted(role.name for role in permitted))
    if preferred:
        for role in permitted:
            if preferred in (role.name, role.arn):
                return role
        raise AccessRoleRefused(f"You may not assume the access role that you named; you may assume: {names}.")
    if len(permitted) > 1:
        raise AccessRoleRefused(
            f"You may assume several access roles: {names}.", remedy="Name the one that you want and sign in again."
        )
    return permitted[0]
