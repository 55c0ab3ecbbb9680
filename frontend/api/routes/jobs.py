"""`GET /status/{job_id}` and `DELETE /jobs/{job_id}`."""

import asyncio
import re
from contextlib import suppress
from http import HTTPStatus

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from frontend.api import job_views
from frontend.api.errors import ApiError, ErrorType, not_found
from frontend.api.openapi import errors
from frontend.api.responses import JobBody
from frontend.api.services import CurrentServices, Services
from frontend.jobs.model import MAX_ID_LENGTH, Job, JobState
from frontend.jobs.waiters import ShuttingDownError
from frontend.logs import log_job

router = APIRouter(tags=["Jobs"])

_ID = re.compile(f"[0-9a-f]{{1,{MAX_ID_LENGTH}}}")
_CANCEL_TIMEOUT = 3.0  # seconds; the worker that runs the job notices within half of one


@router.get(
    "/status/{job_id}",
    summary="Status and metadata of a job",
    response_model=JobBody,
    responses=errors(404),
)
async def status(job_id: str, services: CurrentServices) -> JSONResponse:
    """A job in any state: queued, running with its true progress, completed, failed, cancelled."""
    return await _answer(await find_job(job_id, services), services)


@router.delete(
    "/jobs/{job_id}",
    summary="Cancel a job",
    response_model=JobBody,
    responses=errors(403, 404, 409),
)
async def cancel(job_id: str, services: CurrentServices) -> JSONResponse:
    """A queued job is cancelled at once; the engine stops a running one at its next step."""
    await find_job(job_id, services)
    if await asyncio.to_thread(services.store.cancel, job_id):
        log_job(job_id, "cancelled")  # the attempt logs a running one
    services.runner.cancel(job_id)
    job = await find_job(job_id, services)
    if job.state == JobState.RUNNING:
        with suppress(TimeoutError, ShuttingDownError):
            async with asyncio.timeout(_CANCEL_TIMEOUT):
                await services.runner.wait_until_finished(job_id)
        job = await find_job(job_id, services)
    if job.state in (JobState.COMPLETED, JobState.FAILED):
        raise ApiError(
            HTTPStatus.CONFLICT,
            ErrorType.CONFLICT,
            f"The job is {job.state} and can no longer be cancelled",
            job_id,
        )
    return await _answer(job, services)


async def find_job(job_id: str, services: Services) -> Job:
    """The stored job.

    Raises:
        ApiError: 404, there is none of this ID.
    """
    job = None
    if _ID.fullmatch(job_id):
        job = await asyncio.to_thread(services.store.get, job_id)
    if job is None:
        raise not_found("Job not found", job_id)
    return job


async def _answer(job: Job, services: Services) -> JSONResponse:
    position = None
    if job.state == JobState.QUEUED:
        position = await asyncio.to_thread(services.store.queue_position, job)
    return job_views.status_answer(job, position, services.settings.root_path)
