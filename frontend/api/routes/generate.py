"""`POST /generate`."""

import asyncio
from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from frontend.api import job_views
from frontend.api.errors import ApiError, ErrorType, bad_value, model_not_loaded
from frontend.api.openapi import errors
from frontend.api.requests import read_request
from frontend.api.responses import JobBody
from frontend.api.security.addresses import client_address
from frontend.api.services import CurrentServices, Services
from frontend.jobs.memory_budget import MemoryBudget, TooLargeError
from frontend.jobs.model import Job, JobState
from frontend.jobs.store import QueueFullError, QuotaExceededError
from frontend.jobs.waiters import ShuttingDownError
from frontend.logs import log_job
from ltx_triton.model_info import ModelInfo, UnsupportedSpecError
from ltx_triton.video_spec import VideoSpec

router = APIRouter(tags=["Video generation"])


@router.post(
    "/generate",
    summary="Generate a video from a text prompt",
    response_model=JobBody,
    responses={
        202: {"model": JobBody, "description": "Accepted (`wait=false`)"},
        **errors(400, 403, 408, 409, 413, 422, 429, 500, 503, 507),
    },
)
async def generate(request: Request, services: CurrentServices) -> JSONResponse:
    """Take parameters from the query, a form or a JSON body, or from query and body together.

    Answers when the video is finished, or at once with `wait=false`. An accepted job goes on when
    its client disconnects.
    """
    await _check_rate(request, services)
    asked = await read_request(request, services.generate_request)
    spec = asked.spec()
    if await services.breaker.error():
        raise model_not_loaded()
    if info := await services.triton.model_info():
        _require_possible(spec, info, services.budget)
    if not await asyncio.to_thread(services.folder.has_room):
        raise _storage_full("The disk of the server is full; its operator has to make room")
    job = Job(spec=spec)
    await _admit(job, services)
    size = f"{spec.width}x{spec.height}"
    log_job(job.id, "queued", size=size, frames=spec.num_frames, frame_rate=spec.frame_rate)
    services.runner.wake()
    if asked.wait:
        return job_views.generated(await _wait(job.id, services), services.settings.root_path)
    return job_views.queued(job, services.settings.root_path)


def _require_possible(spec: VideoSpec, info: ModelInfo, budget: MemoryBudget) -> None:
    try:
        info.limits.require(spec)
        budget.require(info, spec)
    except (UnsupportedSpecError, TooLargeError) as error:
        raise bad_value(f"{info.model_name} cannot make this video: {error}") from error


def _storage_full(problem: str) -> ApiError:
    return ApiError(HTTPStatus.INSUFFICIENT_STORAGE, ErrorType.STORAGE_FULL, problem)


async def _check_rate(request: Request, services: Services) -> None:
    if not services.settings.enable_rate_limit:
        return
    client = client_address(request.scope)
    seconds = await asyncio.to_thread(services.rate_limiter.retry_after, client)
    if seconds is not None:
        raise ApiError(
            HTTPStatus.TOO_MANY_REQUESTS,
            ErrorType.RATE_LIMITED,
            f"At most {services.settings.rate_limit_per_minute} requests per minute are allowed; "
            f"try again in {seconds} s",
            headers={"Retry-After": str(seconds)},
        )


async def _admit(job: Job, services: Services) -> None:
    settings = services.settings
    limit = settings.max_queued_jobs + settings.max_concurrent_jobs
    try:
        await asyncio.to_thread(services.store.add, job, limit, services.folder.exceeds_quota)
    except QueueFullError:
        raise ApiError(
            HTTPStatus.SERVICE_UNAVAILABLE,
            ErrorType.QUEUE_FULL,
            f"The queue is full ({settings.max_queued_jobs} jobs waiting). Try again in 30 s.",
            headers={"Retry-After": "30"},
        ) from None
    except QuotaExceededError:
        raise _storage_full(
            f"The videos, with those of the waiting jobs, use up the {services.folder.max_gb:g} GB "
            "they may take; older ones have to expire first"
        ) from None


async def _wait(job_id: str, services: Services) -> Job:
    try:
        job = await services.runner.wait_until_finished(job_id)
    except ShuttingDownError:
        raise ApiError(
            HTTPStatus.SERVICE_UNAVAILABLE,
            ErrorType.INTERNAL,
            f"The server is being restarted; the job goes on, ask /status/{job_id}",
            job_id,
            headers={"Retry-After": "10"},
        ) from None
    if job is None or job.state == JobState.CANCELLED:
        raise ApiError(HTTPStatus.CONFLICT, ErrorType.CANCELLED, "The job was cancelled", job_id)
    if job.state == JobState.FAILED:
        raise ApiError(
            HTTPStatus.INTERNAL_SERVER_ERROR,
            ErrorType(job.error_type or ErrorType.INTERNAL),
            job.error or "The job failed",
            job_id,
        )
    return job
