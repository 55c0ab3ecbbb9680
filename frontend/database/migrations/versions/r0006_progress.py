"""How far a running job is by time, and since when."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    with op.batch_alter_table("jobs") as jobs:
        jobs.add_column(sa.Column("percent", sa.Double, nullable=False, server_default="0"))
        jobs.add_column(sa.Column("reported_at", sa.Double))
