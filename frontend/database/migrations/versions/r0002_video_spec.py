"""One JSON column for the video spec, instead of a column for each parameter of a request."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_REPLACED = ("prompt", "duration", "fps", "resolution", "seed")
_jobs = sa.table("jobs", sa.column("id"), *map(sa.column, _REPLACED), sa.column("spec", sa.JSON))


def upgrade() -> None:
    """Write the specs of all jobs, then drop what they replace."""
    op.add_column("jobs", sa.Column("spec", sa.JSON))
    connection = op.get_bind()
    for job in connection.execute(sa.select(_jobs)).all():
        spec = {
            "prompt": job.prompt,
            "seed": job.seed,
            "width": job.resolution,
            "height": job.resolution,
            "num_frames": job.duration * job.fps,
            "frame_rate": float(job.fps),
            "num_inference_steps": None,
        }
        connection.execute(sa.update(_jobs).where(_jobs.c.id == job.id).values(spec=spec))
    with op.batch_alter_table("jobs") as jobs:
        jobs.alter_column("spec", nullable=False)
        for name in _REPLACED:
            jobs.drop_column(name)
