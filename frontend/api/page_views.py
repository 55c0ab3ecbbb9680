"""Jobs as the pages show them."""

import asyncio
from dataclasses import dataclass

from frontend.api import job_views
from frontend.api.responses import JobBody
from frontend.api.services import Services
from frontend.jobs.model import FINISHED, Job, JobState


@dataclass(frozen=True)
class ShownJob:
    body: JobBody
    is_finished: bool
    has_file: bool
    has_receipt: bool


async def shown_job(job: Job, services: Services) -> ShownJob:
    forecast = await services.estimator.forecast(job)
    video = services.folder.video(job)
    return ShownJob(
        body=job_views.job_status(job, forecast, services.settings.root_path),
        is_finished=job.state in FINISHED,
        has_file=job.state == JobState.COMPLETED and await asyncio.to_thread(video.is_file),
        has_receipt=job.receipt is not None,
    )
