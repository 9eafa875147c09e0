"""Which session at the identity provider a session of ours came from.

Revision 0002: single logout finds sessions by it. Sessions from before are found by nothing, and end at their time.
"""

from alembic import op
from sqlalchemy import Column, Text

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the columns and the index that finds them."""
    for name in ("name_id", "session_index"):
        op.add_column("sessions", Column(name, Text, nullable=False, server_default=""))
    op.create_index("ix_sessions_identity_provider_name_id", "sessions", ["identity_provider", "name_id"])
