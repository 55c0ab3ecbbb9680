"""The stored row of a job."""

import secrets
import time
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, Dialect, ForeignKey, Index, String, Text, TypeDecorator
from sqlalchemy.orm import Mapped, mapped_column, relationship

from frontend.database.database import Base
from ltx_triton.video_spec import VideoSpec

MAX_ATTEMPTS = 3
MAX_ID_LENGTH = 32
MAX_KEY_LENGTH = 255


class JobState(StrEnum):
    """queued -> running -> completed | failed | cancelled; a lost job is queued again."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class FailureKind(StrEnum):
    """Stored in `Job.error_type`."""

    GENERATION = "generation_error"
    OUT_OF_MEMORY = "out_of_memory"
    INTERNAL = "internal_error"


class WebhookState(StrEnum):
    """pending -> delivered | failed."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


FINISHED = (JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED)


class SpecColumn(TypeDecorator[VideoSpec]):
    """A video spec as JSON: a field that is added to it needs no migration."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: VideoSpec | None, dialect: Dialect) -> Any:  # noqa: ARG002
        return value and value.model_dump(mode="json")

    def process_result_value(self, value: Any, dialect: Dialect) -> VideoSpec | None:  # noqa: ARG002
        return value and VideoSpec.model_validate(value)


class Webhook(Base):
    """Where to send the event that its job has finished. Times are seconds since the epoch."""

    __tablename__ = "webhooks"
    __table_args__ = (Index("webhooks_by_time", "state", "next_at"),)

    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id"), primary_key=True)
    url: Mapped[str] = mapped_column(Text)
    host: Mapped[str] = mapped_column(String(255))
    state: Mapped[str] = mapped_column(String(16), default=WebhookState.PENDING)
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[float] = mapped_column(default=0.0)  # while one is sent, the end of its lease


class Job(Base):
    """A requested video. Times are seconds since the epoch."""

    __tablename__ = "jobs"
    __table_args__ = (
        Index("jobs_by_state", "state", "created_at"),
        Index("jobs_by_age", "created_at", "id"),
        Index("jobs_by_idempotency_key", "idempotency_key", unique=True),
    )

    id: Mapped[str] = mapped_column(String(MAX_ID_LENGTH), primary_key=True)
    state: Mapped[str] = mapped_column(String(16), default=JobState.QUEUED)
    created_at: Mapped[float] = mapped_column(default=time.time)

    spec: Mapped[VideoSpec] = mapped_column(SpecColumn)

    # A request with the same key and the same contents finds this job instead of making another.
    idempotency_key: Mapped[str | None] = mapped_column(String(MAX_KEY_LENGTH))
    request_sha256: Mapped[str | None] = mapped_column(String(64))
    remixed_from: Mapped[str | None] = mapped_column(String(MAX_ID_LENGTH))

    webhook: Mapped[Webhook | None] = relationship(lazy="joined")

    # The worker that runs the job; when the lease has expired, the others believe it dead.
    worker_id: Mapped[str | None] = mapped_column(String(64))
    lease_expires_at: Mapped[float | None]
    attempts: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[float] = mapped_column(default=0.0)
    cancel_requested: Mapped[bool] = mapped_column(default=False)

    started_at: Mapped[float | None]
    stage: Mapped[str | None] = mapped_column(String(16))
    step: Mapped[int] = mapped_column(default=0)
    total_steps: Mapped[int] = mapped_column(default=0)
    percent: Mapped[float] = mapped_column(default=0.0)
    reported_at: Mapped[float | None]  # when the progress above was

    completed_at: Mapped[float | None]
    frames_generated: Mapped[int | None]
    file_size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    stage_seconds: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    warnings: Mapped[list[str] | None] = mapped_column(JSON)  # on the prompt
    receipt: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    model_used: Mapped[str | None] = mapped_column(Text)
    device_used: Mapped[str | None] = mapped_column(String(64))
    error: Mapped[str | None] = mapped_column(Text)
    error_type: Mapped[str | None] = mapped_column(String(32))

    @property
    def filename(self) -> str:
        """Name of the video, which need not exist yet."""
        return video_name(self.id, self.created_at)


def video_name(job_id: str, created_at: float) -> str:
    created = datetime.fromtimestamp(created_at, UTC)
    return f"video_{created:%Y%m%d_%H%M%S}_{job_id}.mp4"


def new_job_id() -> str:
    """128 random bits: nobody finds the jobs of others by guessing."""
    return secrets.token_hex(16)
