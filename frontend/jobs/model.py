"""The row that is stored of a job."""

import secrets
import time
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from frontend.jobs.database import Base

MAX_ATTEMPTS = 3


class JobState(StrEnum):
    """queued -> running -> completed | failed | cancelled; a lost job is queued again."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


FINISHED = (JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED)


class Job(Base):
    """A video that somebody asked for. Times are seconds since the epoch."""

    __tablename__ = "jobs"
    __table_args__ = (Index("jobs_by_state", "state", "created_at"),)

    id: Mapped[str] = mapped_column(String(8), primary_key=True)
    state: Mapped[str] = mapped_column(String(16), default=JobState.QUEUED)
    created_at: Mapped[float] = mapped_column(default=time.time)

    prompt: Mapped[str] = mapped_column(Text)
    duration: Mapped[int]  # seconds
    fps: Mapped[int]
    resolution: Mapped[int]  # pixels, side of a square
    seed: Mapped[int] = mapped_column(BigInteger)

    # The worker that runs the job, and until when the others believe it alive.
    worker_id: Mapped[str | None] = mapped_column(String(64))
    lease_expires_at: Mapped[float | None]
    attempts: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[float] = mapped_column(default=0.0)
    cancel_requested: Mapped[bool] = mapped_column(default=False)

    started_at: Mapped[float | None]
    stage: Mapped[str | None] = mapped_column(String(16))
    step: Mapped[int] = mapped_column(default=0)
    total_steps: Mapped[int] = mapped_column(default=0)

    completed_at: Mapped[float | None]
    frames_generated: Mapped[int | None]
    file_size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    stage_seconds: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    model_used: Mapped[str | None] = mapped_column(Text)
    device_used: Mapped[str | None] = mapped_column(String(64))
    error: Mapped[str | None] = mapped_column(Text)
    error_type: Mapped[str | None] = mapped_column(String(32))

    @property
    def num_frames(self) -> int:
        """Frames that were asked for."""
        return self.duration * self.fps

    @property
    def filename(self) -> str:
        """Name of the video, whether it exists yet or not."""
        created = datetime.fromtimestamp(self.created_at, UTC)
        return f"video_{created:%Y%m%d_%H%M%S}_{self.id}.mp4"


def new_job_id() -> str:
    """Eight random hexadecimal characters."""
    return secrets.token_hex(4)
