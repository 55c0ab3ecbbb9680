"""Room for job IDs of 128 bits; older ones stay as they are."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    with op.batch_alter_table("jobs") as jobs:
        jobs.alter_column(
            "id", existing_type=sa.String(8), type_=sa.String(32), existing_nullable=False
        )
