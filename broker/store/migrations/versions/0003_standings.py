"""What each person's latest accepted sign-in asserted.

Revision 0003: a session from before an assertion of other rights is refused. Until somebody signs in again nothing is
known of them, and their sessions go on.
"""

from alembic import op
from sqlalchemy import Column, Text

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "standings",
        Column("identity_provider", Text, primary_key=True),
        Column("subject", Text, primary_key=True),
        Column("rights", Text, nullable=False),
    )
