"""What made a video, and what its model does not know of the prompt."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    with op.batch_alter_table("jobs") as jobs:
        jobs.add_column(sa.Column("warnings", sa.JSON))
        jobs.add_column(sa.Column("receipt", sa.JSON))
