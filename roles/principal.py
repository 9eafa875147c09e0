"""The principal: who somebody is, after the mapping from an assertion and before any decision."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SessionTag:
    """One attribute that the identity provider attached to the session (AWS: PrincipalTag)."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks.

    Attributes:
        identity_provider: our name of the provider that spoke for the person.
        subject: the person's lasting name at that provider (NameID; the source identity where the NameID is transient).
        source_identity: RoleSessionName: the login that a human reads in the audit.
        access_role: name of the broker's access role that was assumed.
        database_user: the database user name as asserted, not yet parsed (tag `RedshiftDbUser`).
        asserted_roles: database role names as asserted, in order, not yet decided on (tag `RedshiftDbRoles`).
        tags: every session tag, by key.
        transitive_tag_keys: tags that a later access role can't change.
        authn_context: how the person proved who they are (AuthnContextClassRef), or "".
    """

    identity_provider: str
    subject: str
    source_identity: str
    access_role: str
    database_user: str
    asserted_roles: tuple[str, ...]
    tags: tuple[SessionTag, ...] = ()
    transitive_tag_keys: tuple[str, ...] = ()
    authn_context: str = ""
