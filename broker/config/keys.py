"""Every key of broker.toml: the one table that the loader reads by and that docs/configuration.md is compared with.

Defaults are the defaults of the fields in `broker.config.model`: what has none there is required.
"""

from dataclasses import MISSING, dataclass, fields
from typing import Any, Final

from broker.config import model
from broker.config.kinds import (
    ADDRESS,
    FILE,
    FILLED_TEXT,
    FILLED_TEXTS,
    FLAG,
    NETWORKS,
    NEW_FILE,
    PUBLIC_URL,
    SECRET,
    SECRET_FILE,
    STORE_URL,
    TEXT,
    TEXTS,
    WEB_URL,
    Kind,
    days,
    matching,
    one_of,
    seconds,
    whole_number,
)
from broker.credentials.model import MAXIMUM_DURATION
from broker.sts.model import MAXIMUM_SESSION, MINIMUM_SESSION


@dataclass(frozen=True, slots=True)
class Key:
    """One key.

    Attributes:
        into: the fields that it fills; the key's own name if empty.
        environment: the variable that goes before the key; NAME stands for the table's name in capitals.
    """

    name: str
    kind: Kind
    meaning: str
    into: tuple[str, ...] = ()
    environment: str = ""

    @property
    def targets(self) -> tuple[str, ...]:
        """The fields that it fills."""
        return self.into or (self.name,)


@dataclass(frozen=True, slots=True)
class Section:
    """One table of the file.

    Attributes:
        name: as the file calls it; NAME stands for a name that the administrator chooses.
        values: the dataclass that its keys fill.
        inner: the table inside each of its tables, or None; it fills the field of its own name.
    """

    name: str
    values: type[Any]
    keys: tuple[Key, ...]
    inner: "Section | None" = None

    @property
    def table(self) -> str:
        """The name without the administrator's part."""
        return self.name.partition(".")[0]

    def default(self, key: Key) -> tuple[object, ...] | None:
        """The defaults of the fields that `key` fills; None if it is required."""
        known = {each.name: each.default for each in fields(self.values)}
        defaults = tuple(known[target] for target in key.targets)
        return None if MISSING in defaults else defaults


_session = seconds(int(MINIMUM_SESSION.total_seconds()), int(MAXIMUM_SESSION.total_seconds()))
_duration = seconds(1, int(MAXIMUM_DURATION.total_seconds()))
_arn = matching(r"arn:[^\s,]+", "an ARN: it begins with arn: and holds no comma and no space")
_optional_arn = matching(r"(arn:[^\s,]+)?", "an ARN: it begins with arn: and holds no comma and no space")
_alias_prefix = matching(
    r"(?!pg_)[a-z][a-z0-9]{0,14}_", "a letter, up to 14 letters or digits, and _ (lower case, not pg_)"
)

SERVER: Final = Section(
    "server",
    model.ServerConfig,
    (
        Key("public_url", PUBLIC_URL, "How browsers and clients reach the broker; https unless the host is loopback."),
        Key("listen", ADDRESS, "Where the broker listens.", ("listen_host", "listen_port")),
        Key("tls_certificate", FILE, "PEM certificate chain; without it TLS ends at the proxy before the broker."),
        Key("tls_key", FILE, "PEM private key of `tls_certificate`."),
        Key("maximum_request_bytes", whole_number(1024), "Larger request bodies are refused."),
        Key(
            "requests_per_minute",
            whole_number(1),
            "Sign-in requests from one address to one broker process; a quarter of them at once.",
        ),
        Key("sessions_per_minute", whole_number(1), "Sessions of one person at one broker process; a quarter at once."),
        Key(
            "trusted_proxies",
            NETWORKS,
            "Addresses or networks of proxies whose X-Forwarded-For says who asks; from others it is not read.",
        ),
    ),
)

STORE: Final = Section(
    "store",
    model.Config,
    (
        Key(
            "url",
            STORE_URL,
            "`sqlite:///FILE` (relative to this file) or `postgresql://...`; several brokers share the latter.",
            ("store_url",),
            "BROKER_STORE_URL",
        ),
    ),
)

KEYS: Final = Section(
    "keys",
    model.Config,
    (Key("file", NEW_FILE, "The key ring; made by `broker keys init`, mode 0600.", ("keys_file",)),),
)

AUDIT: Final = Section(
    "audit",
    model.Config,
    (Key("file", NEW_FILE, "Audit records as JSON lines, besides those in the store.", ("audit_file",)),),
)

POLICY: Final = Section(
    "policy",
    model.Config,
    (
        Key(
            "file",
            FILE,
            "Who may use what (docs/policy.md); without it, the lists of each workgroup decide.",
            ("policy_file",),
        ),
    ),
)

SAML: Final = Section(
    "saml",
    model.Config,
    (
        Key("certificate", FILE, "PEM certificate that the broker publishes in its metadata.", ("saml_certificate",)),
        Key(
            "private_key",
            FILE,
            "PEM private key of `certificate`: signs requests, decrypts assertions.",
            ("saml_private_key",),
        ),
        Key(
            "next_certificate",
            FILE,
            "PEM certificate that will take its place: published beside it.",
            ("saml_next_certificate",),
        ),
        Key(
            "next_private_key",
            FILE,
            "PEM private key of `next_certificate`: decrypts assertions too.",
            ("saml_next_private_key",),
        ),
    ),
)

SESSION: Final = Section(
    "session",
    model.Config,
    (
        Key("default_seconds", _session, "Length of a session when the assertion asks for none.", ("default_session",)),
        Key("maximum_seconds", _session, "The longest session, whatever the assertion asks.", ("maximum_session",)),
        Key(
            "logout_ends_database_sessions",
            FLAG,
            "Does a logout at the provider end database sessions, too; if not, they end with their leases.",
        ),
    ),
)

REAPER: Final = Section(
    "reaper",
    model.Config,
    (Key("interval_seconds", seconds(1, 60), "How often ended logins are removed.", ("reap_interval",)),),
)

SERVICE_TOKENS: Final = Section(
    "service_tokens",
    model.Config,
    (
        Key(
            "maximum_days",
            days(1, 366),
            "The longest life of a service token; `broker service-token create` refuses more.",
            ("maximum_service_token",),
        ),
    ),
)

ATTRIBUTES: Final = Section(
    "identity_providers.NAME.attributes",
    model.AttributeNames,
    (
        Key("access_role", TEXT, "Attribute with `role-arn,provider-arn` values; empty: the provider asserts none."),
        Key("role_session_name", FILLED_TEXT, "Attribute with the login that humans read in the audit."),
        Key("session_duration", TEXT, "Attribute with the wanted session length in seconds; empty: none."),
        Key("principal_tag_prefix", TEXT, "Attributes that begin so are session tags; empty: none are."),
        Key("transitive_tag_keys", TEXT, "Attribute with the tags that a later access role can't change; empty: none."),
        Key("database_user", FILLED_TEXT, "Attribute with the database user."),
        Key("database_roles", FILLED_TEXT, "Attribute with the database roles."),
        Key("database_roles_multivalued", FLAG, "One database role a value, instead of one value joined by colons."),
    ),
)

IDENTITY_PROVIDERS: Final = Section(
    "identity_providers.NAME",
    model.IdentityProviderConfig,
    (
        Key("metadata_file", FILE, "The provider's SAML metadata: its entity ID, sign-in location and keys."),
        Key("metadata_url", WEB_URL, "Where the broker fetches the metadata again, into that file; empty: nowhere."),
        Key("metadata_certificate", FILE, "PEM certificate whose key must have signed the metadata."),
        Key("metadata_entity_id", TEXT, "The provider's entity ID, where the metadata have several."),
        Key("label", TEXT, "What the choice page calls it; empty: its name."),
        Key("entity_id", TEXT, "The broker's entity ID towards it; empty: `<public_url>/saml/NAME/metadata`."),
        Key("arn", _optional_arn, "How assertions name the provider in the Role attribute; empty: any name."),
        Key("access_role", TEXT, "The access role of everybody, for a provider that asserts none."),
        Key(
            "database_users",
            FILLED_TEXTS,
            "Names or globs of the database users that it may name; needed where there are several providers.",
        ),
        Key("allow_unsolicited", FLAG, "May the provider begin a sign-in (IdP-initiated)."),
        Key(
            "allow_exchange",
            FLAG,
            "May a program exchange an answer to no request for a session (`POST /v1/saml-session`); needs "
            "`allow_unsolicited`.",
        ),
        Key("name_id_format", TEXT, "The NameID format to ask for; empty: no wish."),
        Key("force_authn", FLAG, "Must everybody sign in anew, whatever session they have at the provider."),
        Key(
            "requested_authn_contexts",
            TEXTS,
            "AuthnContextClassRefs to ask for where the access role requires none; empty: no wish.",
        ),
    ),
    ATTRIBUTES,
)

ACCESS_ROLES: Final = Section(
    "access_roles.NAME",
    model.AccessRoleConfig,
    (
        Key("arn", _arn, "How assertions name the role."),
        Key(
            "trusted_identity_providers",
            FILLED_TEXTS,
            "Names of the identity providers that may give it; `service` for service tokens.",
        ),
        Key("allow_session_tags", FLAG, "May those providers tag sessions; without it database users can't be named."),
        Key("maximum_session_seconds", _session, "The longest session under this role.", ("maximum_session",)),
        Key(
            "required_authn_contexts",
            TEXTS,
            "AuthnContextClassRefs of which the assertion must state one (a second factor); empty: whatever it states.",
        ),
        Key("workgroups", TEXTS, 'Names of the workgroups that it opens; `["*"]`: all; empty: none.'),
        Key("administrator", FLAG, "May it ask about the access of others (`POST /v1/explain`)."),
    ),
)

WORKGROUPS: Final = Section(
    "workgroups.NAME",
    model.WorkgroupConfig,
    (
        Key("dialect", one_of(model.POSTGRES, model.REDSHIFT), "What the warehouse is (docs/redshift.md)."),
        Key("host", FILLED_TEXT, "The warehouse, as clients reach it."),
        Key("port", whole_number(1, 65535), "The warehouse's port."),
        Key(
            "admin_conninfo",
            SECRET,
            "libpq connection string of the broker's own login.",
            environment="BROKER_WORKGROUP_NAME_ADMIN_CONNINFO",
        ),
        Key("admin_conninfo_file", SECRET_FILE, "A file with it, in place of `admin_conninfo`.", ("admin_conninfo",)),
        Key("databases", FILLED_TEXTS, "Databases that clients may name; the first is the default."),
        Key(
            "allow_database_roles",
            TEXTS,
            "Names or globs that assertions may map to; empty: none; not beside a policy file.",
        ),
        Key("deny_database_roles", TEXTS, "Names or globs that are refused whatever allows them."),
        Key("privileged_database_roles", TEXTS, "Exact names of privileged roles that may be granted all the same."),
        Key(
            "minimum_duration_seconds", _duration, "The shortest login that clients may ask for.", ("minimum_duration",)
        ),
        Key(
            "default_duration_seconds", _duration, "Length of a login when clients ask for none.", ("default_duration",)
        ),
        Key(
            "maximum_duration_seconds", _duration, "The longest login that clients may ask for.", ("maximum_duration",)
        ),
        Key("connection_limit", whole_number(1), "Connections at once with one login."),
        Key("minimum_scram_iterations", whole_number(1), "The fewest SCRAM iterations that a client may ask for."),
        Key(
            "redshift_hash",
            one_of(model.MD5, model.SHA256),
            "How Redshift keeps a password; the challenge of `sha256` is known to Amazon's own drivers alone.",
        ),
        Key("alias_prefix", _alias_prefix, "What the names of temporary logins begin with."),
        Key("fold_database_user", FLAG, "Fold database users to lower case."),
        Key(
            "sslmode",
            one_of("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
            "What clients are told to demand of the connection.",
        ),
        Key(
            "ssl_root_certificate",
            FILE,
            "PEM certificate of the warehouse's authority (also of a public one), handed to clients. "
            "Without it they look where libpq does: `~/.postgresql/root.crt`.",
        ),
        Key("pool_size", whole_number(1, 100), "The broker's own connections to the warehouse, at most."),
        Key("connect_timeout_seconds", seconds(1, 60), "How long to wait for a connection.", ("connect_timeout",)),
        Key("statement_timeout_seconds", seconds(1, 300), "How long a statement may take.", ("statement_timeout",)),
    ),
)

SINGLE: Final = (SERVER, STORE, KEYS, AUDIT, POLICY, SAML, SESSION, REAPER, SERVICE_TOKENS)
"""Sections that the file has once."""

NAMED: Final = (IDENTITY_PROVIDERS, ACCESS_ROLES, WORKGROUPS)
"""Sections with a table for each name."""
