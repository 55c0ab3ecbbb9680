"""`GET /jobs` and what can be done with one job."""

import asyncio
import re
from contextlib import suppress
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from pydantic import FiniteFloat

from frontend.api import job_views
from frontend.api.admission import admit, find_earlier, require_rate
from frontend.api.errors import ApiError, ErrorType, not_found
from frontend.api.idempotency import RequestIdentity, identity
from frontend.api.openapi import errors
from frontend.api.requests import require_limits
from frontend.api.responses import JobBody, JobList
from frontend.api.services import CurrentServices, Services
from frontend.jobs.model import FINISHED, MAX_ID_LENGTH, Job, JobState
from frontend.jobs.receipt import Receipt
from frontend.jobs.store import JobFilter, JobPage, UnknownCursorError
from frontend.jobs.waiters import ShuttingDownError
from frontend.logs import log_job

router = APIRouter(tags=["Jobs"])

MAX_PAGE = 100  # jobs
ID_PATTERN = f"^[0-9a-f]{{1,{MAX_ID_LENGTH}}}$"
_ID = re.compile(ID_PATTERN)
SearchText = Annotated[
    str,
    # PostgreSQL takes no NUL.
    Query(max_length=200, pattern=r"^[^\x00]*$", description="Only jobs whose prompt has it"),
]
Cursor = Annotated[
    str | None,
    Query(pattern=ID_PATTERN, description="`next` of the page before, to go on behind it"),
]
_CANCEL_TIMEOUT = 3.0  # seconds; the worker that runs the job notices within half of one


@router.get(
    "/jobs",
    summary="List jobs, the newest first",
    operation_id="list_jobs",
    response_model=JobList,
    responses=errors(403, 404, 422),
)
async def list_jobs(
    services: CurrentServices,
    state: Annotated[
        list[JobState] | None, Query(description="Only jobs in this state; may be repeated")
    ] = None,
    text: SearchText = "",
    since: Annotated[
        FiniteFloat | datetime | None,
        Query(description="Only jobs created then or later: seconds since 1970, or a time in UTC"),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 20,
    after: Cursor = None,
) -> JSONResponse:
    """Pages are stable: jobs that are created meanwhile do not shift them."""
    jobs = JobFilter(states=state or (), text=text, since=_seconds(since))
    page = await find_page(jobs, limit, after, services)
    forecasts = {job.id: await services.estimator.forecast(job) for job in page.jobs}
    return job_views.job_list(page, forecasts, services.settings.root_path)


@router.get(
    "/jobs/{job_id}",
    summary="Status and metadata of a job",
    operation_id="get_job",
    response_model=JobBody,
    responses=errors(404),
)
@router.get(
    "/status/{job_id}",
    summary="Status and metadata of a job",
    operation_id="get_status",
    response_model=JobBody,
    responses=errors(404),
)
async def status(job_id: str, services: CurrentServices) -> JSONResponse:
    """A job in any state: queued, running with its true progress, completed, failed, cancelled."""
    return await _answer(await find_job(job_id, services), services)


@router.get(
    "/jobs/{job_id}/receipt",
    summary="What made the video",
    operation_id="get_receipt",
    response_model=Receipt,
    responses=errors(404),
)
async def receipt(job_id: str, services: CurrentServices) -> JSONResponse:
    """All that is needed to make the video again: `ltx-video reproduce` does."""
    job = await find_job(job_id, services)
    if job.receipt is None:
        reason = (
            "it was made before receipts were kept, or Triton did not name its model"
            if job.state == JobState.COMPLETED
            else f"it is {job.state}"
        )
        raise not_found(f"The job has no receipt: {reason}", job_id)
    return JSONResponse(job.receipt)


@router.delete(
    "/jobs/{job_id}",
    summary="Cancel a job, or remove a finished one",
    operation_id="delete_job",
    response_model=JobBody,
    responses=errors(403, 404, 409),
)
async def delete(job_id: str, services: CurrentServices) -> JSONResponse:
    """Cancel a queued job at once, a running one at the engine's next step.

    A finished job is removed with its video; `deleted` is true then.
    """
    job = await find_job(job_id, services)
    if job.state not in FINISHED:
        job = await cancel(job_id, services)
        if job.state not in FINISHED or job.state == JobState.CANCELLED:
            return await _answer(job, services)
    await remove(job, services)
    return job_views.deleted(job, services.settings.root_path)


@router.post(
    "/jobs/{job_id}/cancel",
    summary="Cancel a job, and keep a finished one",
    operation_id="cancel_job",
    response_model=JobBody,
    responses=errors(403, 404, 409),
)
async def cancel_only(job_id: str, services: CurrentServices) -> JSONResponse:
    """Cancel a queued job at once, a running one at the engine's next step."""
    job = await find_job(job_id, services)
    is_kept = job.state in FINISHED
    if not is_kept:
        job = await cancel(job_id, services)
        is_kept = job.state in (JobState.COMPLETED, JobState.FAILED)
    if is_kept:
        raise ApiError(
            HTTPStatus.CONFLICT,
            ErrorType.CONFLICT,
            f"The job is {job.state}; there is nothing to cancel",
            job_id,
        )
    return await _answer(job, services)


@router.post(
    "/jobs/{job_id}/retry",
    summary="Retry a failed or cancelled job",
    operation_id="retry_job",
    status_code=HTTPStatus.ACCEPTED,
    response_model=JobBody,
    responses=errors(400, 403, 404, 409, 422, 429, 503, 507),
)
async def retry(job_id: str, request: Request, services: CurrentServices) -> JSONResponse:
    """Queue a new job of the same video: the same prompt, size and seed."""
    await require_rate(request, services)
    same = identity(request, {})
    again = await find_earlier(same, services)
    if again is None:
        again = await _make_again(await find_job(job_id, services), same, services)
    forecast = await services.estimator.forecast(again)
    return job_views.accepted(again, forecast, services.settings.root_path)


async def _make_again(job: Job, same: RequestIdentity, services: Services) -> Job:
    if job.state not in (JobState.FAILED, JobState.CANCELLED):
        raise ApiError(
            HTTPStatus.CONFLICT,
            ErrorType.CONFLICT,
            f"The job is {job.state}; only a failed or cancelled one can be retried",
            job.id,
        )
    callback_url = job.webhook.url if job.webhook else None
    spec = require_limits(job.spec, services.generate_request)
    return await admit(spec, same, services, callback_url=callback_url)


def _seconds(moment: float | datetime | None) -> float:
    """Seconds since the epoch; 0 for None."""
    if isinstance(moment, datetime):
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return moment or 0.0


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


async def find_page(jobs: JobFilter, limit: int, after: str | None, services: Services) -> JobPage:
    """Jobs by their age, behind the one of the ID `after`.

    Raises:
        ApiError: 403, jobs are not listed here; 404, there is no job of that ID.
    """
    if services.settings.private_jobs:
        raise ApiError(
            HTTPStatus.FORBIDDEN,
            ErrorType.FORBIDDEN,
            "Jobs are private here (PRIVATE_JOBS): ask for each by its ID",
        )
    try:
        return await asyncio.to_thread(services.store.find, jobs, limit, after)
    except UnknownCursorError:
        raise not_found(
            "The job that `after` names does not exist any more; begin again without it", after
        ) from None


async def cancel(job_id: str, services: Services) -> Job:
    """Cancel the job, and wait a little for the engine to stop; the job as it is then."""
    if await asyncio.to_thread(services.store.cancel, job_id):
        log_job(job_id, "cancelled")  # the attempt logs a running one
    services.runner.cancel(job_id)
    job = await find_job(job_id, services)
    if job.state == JobState.RUNNING:
        with suppress(TimeoutError, ShuttingDownError):
            async with asyncio.timeout(_CANCEL_TIMEOUT):
                await services.runner.wait_until_finished(job_id)
        job = await find_job(job_id, services)
    return job


async def remove(job: Job, services: Services) -> None:
    """Remove a finished job and its video."""
    await asyncio.to_thread(services.folder.remove, job)
    if await asyncio.to_thread(services.store.delete, job.id):
        log_job(job.id, "deleted")


async def _answer(job: Job, services: Services) -> JSONResponse:
    forecast = await services.estimator.forecast(job)
    return job_views.status_answer(job, forecast, services.settings.root_path)
