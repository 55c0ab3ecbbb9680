"""Add idempotency keys and the sources of remixes to jobs."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    with op.batch_alter_table("jobs") as jobs:
        jobs.add_column(sa.Column("idempotency_key", sa.String(255)))
        jobs.add_column(sa.Column("request_sha256", sa.String(64)))
        jobs.add_column(sa.Column("remixed_from", sa.String(32)))
        jobs.create_index("jobs_by_idempotency_key", ["idempotency_key"], unique=True)
        jobs.create_index("jobs_by_age", ["created_at", "id"])
