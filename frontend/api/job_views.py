"""A stored job as the API's answers show it."""

import time
from datetime import UTC, datetime
from typing import Any

from frontend.api.responses import Generated, JobStatus, Queued
from frontend.jobs.model import Job, JobState
from frontend.jobs.progress import percent

_BYTES_PER_MB = 1e6


def generated(job: Job) -> Generated:
    """The answer to a request that waited for its video."""
    model = job.model_used or "the model"
    return Generated(
        message=f"Video generated and saved successfully with {model.rsplit('/')[-1]}!",
        **_request(job),
        **_links(job),
        **_result(job),
        file_size_mb=_megabytes(job.file_size_bytes or 0),
        generation_time_seconds=_generation_seconds(job),
    )


def queued(job: Job) -> Queued:
    """The answer to a request that does not wait."""
    return Queued(
        message="Job queued; ask status_url how far it is",
        status_url=f"/status/{job.id}",
        **_request(job),
        **_links(job),
    )


def job_status(job: Job, queue_position: int | None) -> dict[str, Any]:
    """The job as it is now. The documented fields are always there, the others if they apply."""
    completed = job.state == JobState.COMPLETED
    status = JobStatus(
        status=JobState(job.state).value,
        created_at=_timestamp(job.created_at),
        completed_at=_timestamp(job.completed_at) if job.completed_at else None,
        file_size_mb=_megabytes(job.file_size_bytes) if job.file_size_bytes else None,
        generation_time_seconds=_generation_seconds(job) if completed else None,
        **_request(job),
        **_state_fields(job, queue_position),
    )
    extras = {
        name for name, field in JobStatus.model_fields.items()
        if not field.is_required() and getattr(status, name) is None
    }  # fmt: skip
    return status.model_dump(mode="json", exclude=extras)


def _state_fields(job: Job, queue_position: int | None) -> dict[str, Any]:
    match job.state:
        case JobState.QUEUED:
            return {"queue_position": queue_position, "attempts": job.attempts or None}
        case JobState.RUNNING:
            return {
                "attempts": job.attempts,
                "stage": job.stage,
                "step": job.step,
                "total_steps": job.total_steps,
                "percent": percent(job.stage, job.step, job.total_steps),
                "elapsed_seconds": _seconds(time.time() - (job.started_at or time.time())),
            }
        case JobState.COMPLETED:
            return {
                "attempts": job.attempts,
                "percent": 100.0,
                "stage_seconds": job.stage_seconds,
                **_result(job),
                **_links(job),
            }
        case JobState.FAILED:
            return {"attempts": job.attempts, "error": job.error, "error_type": job.error_type}
    return {}


def _request(job: Job) -> dict[str, Any]:
    return {
        "job_id": job.id,
        "prompt": job.prompt,
        "duration": job.duration,
        "fps": float(job.fps),
        "resolution": f"{job.resolution}x{job.resolution}",
        "seed": job.seed,
    }


def _result(job: Job) -> dict[str, Any]:
    return {
        "filename": job.filename,
        "frames_generated": job.frames_generated,
        "model_used": job.model_used,
        "device_used": job.device_used,
    }


def _links(job: Job) -> dict[str, Any]:
    return {"download_url": f"/download/{job.id}", "preview_url": f"/preview/{job.id}"}


def _generation_seconds(job: Job) -> float:
    return _seconds((job.completed_at or 0.0) - (job.started_at or 0.0))


def _seconds(value: float) -> float:
    return round(max(0.0, value), 2)


def _megabytes(size: int) -> float:
    """Two decimals, or three significant digits of a small file."""
    megabytes = size / _BYTES_PER_MB
    return round(megabytes, 2) if megabytes >= 1 else float(f"{megabytes:.3g}")


def _timestamp(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).replace(tzinfo=None).isoformat(timespec="seconds")
