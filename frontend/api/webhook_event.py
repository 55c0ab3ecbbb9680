"""The event that a webhook carries."""

import json
from datetime import UTC, datetime

from frontend.api.job_views import job_status
from frontend.jobs.model import Job


def webhook_event(job: Job, root_path: str) -> str:
    """Describe a finished job as Standard Webhooks have it; `data` is its status."""
    finished = datetime.fromtimestamp(job.completed_at or job.created_at, UTC)
    status = job_status(job, None, root_path)
    return json.dumps(
        {
            "type": f"video.{job.state}",
            "timestamp": finished.isoformat(timespec="milliseconds"),
            "data": status.model_dump(mode="json", exclude_unset=True),
        }
    )
