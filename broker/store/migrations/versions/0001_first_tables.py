"""The first tables.

Revision 0001, on an empty store.
"""

from datetime import datetime

from alembic import op
from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    Text,
    UniqueConstraint,
)

revision = "0001"
down_revision = None


def _text(name: str, *, primary_key: bool = False, nullable: bool = False) -> Column[str]:
    return Column(name, Text, primary_key=primary_key, nullable=nullable)


def _instant(name: str, *, nullable: bool = False) -> Column[datetime]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    """Make every table; keys and indexes get their names by the schema's naming convention."""
    _login()
    _sessions()
    _credentials()
    _audit()


def _login() -> None:
    op.create_table(
        "pending_logins",
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
    op.create_table(
        "authorization_codes",
        _text("code_digest", primary_key=True),
        _text("client_id"),
        _text("redirect_uri"),
        _text("code_challenge"),
        _text("sealed_approved"),
        _instant("expires_at"),
        Index(None, "expires_at"),
    )
    op.create_table(
        "device_grants",
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
    op.create_table(
        "used_assertions",
        _text("identity_provider", primary_key=True),
        _text("assertion_id", primary_key=True),
        _instant("keep_until"),
        Index(None, "keep_until"),
    )


def _sessions() -> None:
    op.create_table(
        "sessions",
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
        UniqueConstraint("access_key_id"),
        Index(None, "expires_at"),
    )


def _credentials() -> None:
    op.create_table(
        "persons",
        _text("workgroup", primary_key=True),
        _text("database_user", primary_key=True),
        _text("identity_provider"),
        _text("subject"),
        _instant("bound_at"),
        UniqueConstraint("workgroup", "database_user", "identity_provider", "subject", name="uq_persons_owner"),
    )
    op.create_table(
        "leases",
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


def _audit() -> None:
    op.create_table(
        "audit_records",
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
