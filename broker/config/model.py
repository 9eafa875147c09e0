"""The configuration as one frozen value. `broker.config.load` reads it; docs/configuration.md documents every key."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from broker.credentials.model import DEFAULT_DURATION, MAXIMUM_DURATION, MINIMUM_DURATION
from broker.secrets import Secret
from broker.sts.model import DEFAULT_SESSION, MAXIMUM_SESSION

AWS_ATTRIBUTES = "https://aws.amazon.com/SAML/Attributes/"


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """Where the broker listens, and how the world reaches it."""

    public_url: str
    listen_host: str = "127.0.0.1"
    listen_port: int = 8443
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    maximum_request_bytes: int = 512 * 1024
    requests_per_minute: int = 1200
    sessions_per_minute: int = 120
    trusted_proxies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AttributeNames:
    """What the provider calls each fact.

    Attributes:
        access_role: multi-valued `role-arn,provider-arn`; "" means that the provider asserts none (see `access_role`
            of the provider).
        database_roles: one colon-separated value (principal tag), or, if `database_roles_multivalued`, one a value.
    """

    access_role: str = AWS_ATTRIBUTES + "Role"
    role_session_name: str = AWS_ATTRIBUTES + "RoleSessionName"
    session_duration: str = AWS_ATTRIBUTES + "SessionDuration"
    principal_tag_prefix: str = AWS_ATTRIBUTES + "PrincipalTag:"
    transitive_tag_keys: str = AWS_ATTRIBUTES + "TransitiveTagKeys"
    database_user: str = AWS_ATTRIBUTES + "PrincipalTag:RedshiftDbUser"
    database_roles: str = AWS_ATTRIBUTES + "PrincipalTag:RedshiftDbRoles"
    database_roles_multivalued: bool = False


@dataclass(frozen=True, slots=True)
class IdentityProviderConfig:
    """One identity provider.

    Attributes:
        metadata_url: where the metadata are fetched again, "" for nowhere: then the file is the administrator's affair.
        metadata_certificate: whose signature the metadata must carry, or None for no signature.
        metadata_entity_id: which entity of the metadata it is, "" where they have one.
        label: what the choice page shows.
        entity_id: our entity ID towards it, "" for `<public_url>/saml/<name>/metadata`.
        arn: how assertions name the provider in the Role attribute, "" for any.
        access_role: the access role for a provider that asserts none, "" for none.
        database_users: globs of the database users that it may name; None for any, which only a sole provider may.
        allow_unsolicited: may the provider begin a sign-in (IdP-initiated).
        allow_exchange: may a program exchange such an answer, got without a browser, for a session.
        force_authn: everybody signs in anew, whatever session they have at the provider.
        requested_authn_contexts: AuthnContextClassRefs to ask for where the access role requires none.
    """

    name: str
    metadata_file: Path
    metadata_url: str = ""
    metadata_certificate: Path | None = None
    metadata_entity_id: str = ""
    label: str = ""
    entity_id: str = ""
    arn: str = ""
    access_role: str = ""
    database_users: tuple[str, ...] | None = None
    allow_unsolicited: bool = False
    allow_exchange: bool = False
    name_id_format: str = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
    force_authn: bool = False
    requested_authn_contexts: tuple[str, ...] = ()
    attributes: AttributeNames = field(default_factory=AttributeNames)


@dataclass(frozen=True, slots=True)
class AccessRoleConfig:
    """What a principal assumes at the broker, and who is trusted to give it.

    Attributes:
        required_authn_contexts: AuthnContextClassRefs of which the assertion must state one; () for whatever it states.
        administrator: may it ask about other people's access.
    """

    name: str
    arn: str
    trusted_identity_providers: tuple[str, ...]
    allow_session_tags: bool = False
    maximum_session: timedelta = MAXIMUM_SESSION
    required_authn_contexts: tuple[str, ...] = ()
    workgroups: tuple[str, ...] = ()
    administrator: bool = False


POSTGRES = "postgres"
REDSHIFT = "redshift"
MD5 = "md5"
SHA256 = "sha256"


@dataclass(frozen=True, slots=True)
class WorkgroupConfig:
    """A named warehouse endpoint and its rules.

    Attributes:
        dialect: POSTGRES or REDSHIFT.
        host, port: what clients connect to.
        admin_conninfo: libpq conninfo of the broker's own login; a secret.
        databases: offered to clients; the first is the default.
        allow_database_roles: names or globs that assertions may map to; empty means none.
        deny_database_roles: names or globs that are refused whatever allows them.
        privileged_database_roles: exact names of predefined or privileged roles that may be granted all the same.
        minimum_scram_iterations: the fewest that a client may ask for.
        redshift_hash: MD5 or SHA256: how a password is stored on Redshift.
    """

    name: str
    host: str
    port: int
    admin_conninfo: Secret
    databases: tuple[str, ...]
    allow_database_roles: tuple[str, ...] = ()
    deny_database_roles: tuple[str, ...] = ()
    privileged_database_roles: tuple[str, ...] = ()
    minimum_duration: timedelta = MINIMUM_DURATION
    default_duration: timedelta = DEFAULT_DURATION
    maximum_duration: timedelta = MAXIMUM_DURATION
    connection_limit: int = 10
    minimum_scram_iterations: int = 1
    alias_prefix: str = "bk_"
    fold_database_user: bool = True
    sslmode: str = "verify-full"
    ssl_root_certificate: Path | None = None
    pool_size: int = 8
    connect_timeout: timedelta = timedelta(seconds=5)
    statement_timeout: timedelta = timedelta(seconds=10)
    dialect: str = POSTGRES
    redshift_hash: str = MD5

    @property
    def is_redshift(self) -> bool:
        """Whether it is an Amazon Redshift."""
        return self.dialect == REDSHIFT


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that an administrator decides."""

    server: ServerConfig
    store_url: str = field(repr=False)  # may hold a password
    keys_file: Path
    identity_providers: tuple[IdentityProviderConfig, ...]
    access_roles: tuple[AccessRoleConfig, ...]
    workgroups: tuple[WorkgroupConfig, ...]
    audit_file: Path | None = None
    policy_file: Path | None = None
    saml_certificate: Path | None = None
    saml_private_key: Path | None = None
    saml_next_certificate: Path | None = None
    saml_next_private_key: Path | None = None
    default_session: timedelta = DEFAULT_SESSION
    maximum_session: timedelta = MAXIMUM_SESSION
    logout_ends_database_sessions: bool = True
    reap_interval: timedelta = timedelta(seconds=5)
    maximum_service_token: timedelta = timedelta(days=90)
