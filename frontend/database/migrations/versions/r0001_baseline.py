"""The schema from before there were migrations."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

tables = sa.MetaData()

sa.Table(
    "gates",
    tables,
    sa.Column("name", sa.String(16), primary_key=True),
    sa.Column("passed_at", sa.Double, nullable=False),
)

sa.Table(
    "counted_requests",
    tables,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("client", sa.String(64), index=True, nullable=False),
    sa.Column("at", sa.Double, index=True, nullable=False),
)

sa.Table(
    "jobs",
    tables,
    sa.Column("id", sa.String(8), primary_key=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("created_at", sa.Double, nullable=False),
    sa.Column("prompt", sa.Text, nullable=False),
    sa.Column("duration", sa.Integer, nullable=False),
    sa.Column("fps", sa.Integer, nullable=False),
    sa.Column("resolution", sa.Integer, nullable=False),
    sa.Column("seed", sa.BigInteger, nullable=False),
    sa.Column("worker_id", sa.String(64)),
    sa.Column("lease_expires_at", sa.Double),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("not_before", sa.Double, nullable=False),
    sa.Column("cancel_requested", sa.Boolean, nullable=False),
    sa.Column("started_at", sa.Double),
    sa.Column("stage", sa.String(16)),
    sa.Column("step", sa.Integer, nullable=False),
    sa.Column("total_steps", sa.Integer, nullable=False),
    sa.Column("completed_at", sa.Double),
    sa.Column("frames_generated", sa.Integer),
    sa.Column("file_size_bytes", sa.BigInteger),
    sa.Column("stage_seconds", sa.JSON),
    sa.Column("model_used", sa.Text),
    sa.Column("device_used", sa.String(64)),
    sa.Column("error", sa.Text),
    sa.Column("error_type", sa.String(32)),
    sa.Index("jobs_by_state", "state", "created_at"),
)


def upgrade() -> None:
    """Create all tables."""
    tables.create_all(op.get_bind(), checkfirst=False)
