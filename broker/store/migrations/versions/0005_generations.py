"""The one password of each user that logs in itself, sealed, and what its warehouse can't keep about it.

Revision 0005: warehouses without login aliases (Amazon Redshift).
"""

from alembic import op
from sqlalchemy import JSON, BigInteger, Column, DateTime, ForeignKeyConstraint, Text

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "generations",
        Column("workgroup", Text, primary_key=True),
        Column("database_user", Text, primary_key=True),
        Column("user_id", BigInteger, nullable=True),
        Column("announced_until", DateTime(timezone=True), nullable=True),
        Column("managed", JSON, nullable=False),
        Column("generation_id", Text, nullable=False),
        Column("sealed_password", Text, nullable=False),
        Column("valid_until", DateTime(timezone=True), nullable=True),
        Column("applied", Text, nullable=False),
        Column("applied_until", DateTime(timezone=True), nullable=True),
        Column("turn", Text, nullable=False),
        Column("turn_until", DateTime(timezone=True), nullable=True),
        ForeignKeyConstraint(["workgroup", "database_user"], ["persons.workgroup", "persons.database_user"]),
    )
