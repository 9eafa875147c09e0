"""When somebody was offboarded, until they come back.

Revision 0006.
"""

from alembic import op
from sqlalchemy import Column, DateTime

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the column."""
    op.add_column("persons", Column("offboarded_at", DateTime(timezone=True), nullable=True))
