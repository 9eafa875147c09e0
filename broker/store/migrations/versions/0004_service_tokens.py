"""Service tokens: how programs sign in that have no person.

Revision 0004.
"""

from alembic import op
from sqlalchemy import JSON, Column, DateTime, Text

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "service_tokens",
        Column("token_id", Text, primary_key=True),
        Column("token_digest", Text, nullable=False),
        Column("subject", Text, nullable=False),
        Column("access_role", Text, nullable=False),
        Column("workgroups", JSON, nullable=False),
        Column("database_user", Text, nullable=False),
        Column("database_roles", JSON, nullable=False),
        Column("created_by", Text, nullable=False),
        Column("created_at", DateTime(timezone=True), nullable=False),
        Column("expires_at", DateTime(timezone=True), nullable=False),
        Column("revoked_at", DateTime(timezone=True), nullable=True),
        Column("last_used_at", DateTime(timezone=True), nullable=True),
    )
    op.create_index("ix_service_tokens_expires_at", "service_tokens", ["expires_at"])
