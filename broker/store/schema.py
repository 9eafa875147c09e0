"""The tables. Migrations make them; a test compares the two on every database that the broker runs on.

Columns are named like the fields of the values that they keep. What lets somebody in (one-time codes, tokens) is kept
as a digest or sealed: reading the store is not enough to become somebody else.
"""

from datetime import UTC, datetime
from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    DateTime,
    Dialect,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: given with any time zone, kept and returned as UTC (SQLite keeps no time zone of its own)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a time without its zone is no instant")
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


def _text(name: str, *, primary_key: bool = False, nullable: bool = False) -> Column[str]:
    return Column(name, Text, primary_key=primary_key, nullable=nullable)


def _instant(name: str, *, nullable: bool = False) -> Column[datetime]:
    return Column(name, UtcDateTime, nullable=nullable)


metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

pending_logins: Final = Table(
    "pending_logins",
    metadata,
    _text("handle", primary_key=True),
    _text("identity_provider"),
    _text("request_id"),
    _text("browser_digest"),
    _instant("created_at"),
    _instant("expires_at"),
    _text("client_id", nullable=True),
    _text("redirect_uri", nullable=True),
    _text("state", nullable=True),
    _text("code_challenge", nullable=True),
    _text("device_code_digest"),
    _text("preferred_access_role"),
    Index(None, "expires_at"),
)

authorization_codes: Final = Table(
    "authorization_codes",
    metadata,
    _text("code_digest", primary_key=True),
    _text("client_id"),
    _text("redirect_uri"),
    _text("code_challenge"),
    _text("sealed_approved"),
    _instant("expires_at"),
    Index(None, "expires_at"),
)

device_grants: Final = Table(
    "device_grants",
    metadata,
    _text("device_code_digest", primary_key=True),
    _text("user_code_digest"),
    _text("client_id"),
    _text("state"),
    _instant("expires_at"),
    _instant("last_polled_at", nullable=True),
    _text("sealed_approved", nullable=True),
    UniqueConstraint("user_code_digest"),
    Index(None, "expires_at"),
)

used_assertions: Final = Table(
    "used_assertions",
    metadata,
    _text("identity_provider", primary_key=True),
    _text("assertion_id", primary_key=True),
    _instant("keep_until"),
    Index(None, "keep_until"),
)

sessions: Final = Table(
    "sessions",
    metadata,
    _text("session_id", primary_key=True),
    _text("identity_provider"),
    _text("subject"),
    _text("source_identity"),
    _text("access_role"),
    _text("client_id"),
    _text("access_key_id"),
    _instant("issued_at"),
    _instant("expires_at"),
    _instant("revoked_at", nullable=True),
    _text("revoked_reason"),
    _text("name_id"),
    _text("session_index"),
    UniqueConstraint("access_key_id"),
    Index(None, "expires_at"),
    Index(None, "identity_provider", "name_id"),
)

# What each person's latest accepted sign-in asserted.
standings: Final = Table(
    "standings",
    metadata,
    _text("identity_provider", primary_key=True),
    _text("subject", primary_key=True),
    _text("rights"),
)

service_tokens: Final = Table(
    "service_tokens",
    metadata,
    _text("token_id", primary_key=True),
    _text("token_digest"),
    _text("subject"),
    _text("access_role"),
    Column("workgroups", JSON, nullable=False),
    _text("database_user"),
    Column("database_roles", JSON, nullable=False),
    _text("created_by"),
    _instant("created_at"),
    _instant("expires_at"),
    _instant("revoked_at", nullable=True),
    _instant("last_used_at", nullable=True),
    Index(None, "expires_at"),
)

# A database user belongs to one person for good: what that person created in the warehouse stays theirs.
persons: Final = Table(
    "persons",
    metadata,
    _text("workgroup", primary_key=True),
    _text("database_user", primary_key=True),
    _text("identity_provider"),
    _text("subject"),
    _instant("bound_at"),
    _instant("offboarded_at", nullable=True),
    UniqueConstraint("workgroup", "database_user", "identity_provider", "subject", name="uq_persons_owner"),
)

# The foreign key is the rule itself: there is no lease on a database user for anybody but the person it belongs to.
leases: Final = Table(
    "leases",
    metadata,
    _text("lease_id", primary_key=True),
    _text("workgroup"),
    _text("database"),
    _text("database_user"),
    _text("alias"),
    _text("identity_provider"),
    _text("subject"),
    _text("session_id"),
    _text("request_id"),
    _text("state"),
    _instant("created_at"),
    _instant("expires_at"),
    _instant("ended_at", nullable=True),
    _text("reason"),
    ForeignKeyConstraint(
        ["workgroup", "database_user", "identity_provider", "subject"],
        ["persons.workgroup", "persons.database_user", "persons.identity_provider", "persons.subject"],
    ),
    UniqueConstraint("workgroup", "alias"),
    Index(None, "state", "workgroup"),
    Index(None, "session_id"),
)

# What a warehouse without comments on users can't keep itself, and the one password of each such user, sealed.
generations: Final = Table(
    "generations",
    metadata,
    _text("workgroup", primary_key=True),
    _text("database_user", primary_key=True),
    Column("user_id", BigInteger, nullable=True),
    _instant("announced_until", nullable=True),
    Column("managed", JSON, nullable=False),
    _text("generation_id"),
    _text("sealed_password"),
    _instant("valid_until", nullable=True),
    _text("applied"),
    _instant("applied_until", nullable=True),
    _text("turn"),
    _instant("turn_until", nullable=True),
    ForeignKeyConstraint(["workgroup", "database_user"], ["persons.workgroup", "persons.database_user"]),
)

audit_records: Final = Table(
    "audit_records",
    metadata,
    # SQLite numbers rows by itself only under this very type.
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    _text("event"),
    _instant("at"),
    _text("request_id"),
    _text("identity_provider"),
    _text("subject"),
    _text("source_identity"),
    _text("access_role"),
    _text("session_id"),
    _text("workgroup"),
    _text("database"),
    _text("database_user"),
    _text("alias"),
    _text("lease_id"),
    _text("code"),
    Column("detail", JSON, nullable=False),
    Index(None, "request_id"),
)
