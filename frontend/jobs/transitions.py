"""Column values for jobs that are claimed, queued again or given up."""

import time
from typing import Any

from sqlalchemy import case

from frontend.jobs.model import MAX_ATTEMPTS, FailureKind, Job, JobState

_NO_PROGRESS = {"stage": None, "step": 0, "total_steps": 0, "percent": 0.0, "reported_at": None}


def claimed(worker_id: str, lease_seconds: float) -> dict[str, Any]:
    """Start a queued job."""
    now = time.time()
    return {
        "state": JobState.RUNNING,
        "worker_id": worker_id,
        "lease_expires_at": now + lease_seconds,
        "attempts": Job.attempts + 1,
        "started_at": now,
        **_NO_PROGRESS,
    }


def requeued() -> dict[str, Any]:
    """Return a running job to the queue, or cancel it if that was requested."""
    return {
        "state": case(
            (Job.cancel_requested, JobState.CANCELLED.value), else_=JobState.QUEUED.value
        ),
        "completed_at": case((Job.cancel_requested, time.time()), else_=None),
        "worker_id": None,
        "lease_expires_at": None,
        "started_at": None,
        **_NO_PROGRESS,
    }


def exhausted(reason: str | None = None) -> dict[str, Any]:
    """Fail a running job whose last attempt was interrupted."""
    lost = f"The job was interrupted {MAX_ATTEMPTS} times and has been given up"
    return {
        "state": JobState.FAILED,
        "completed_at": time.time(),
        "error": f"{lost}: {reason}" if reason else lost,
        "error_type": FailureKind.GENERATION,
    }
