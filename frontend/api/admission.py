"""Accept a video: every check between a request and its job, for every API."""

import asyncio
from http import HTTPStatus

from fastapi import Request

from frontend.api.errors import ApiError, ErrorType, bad_value, model_not_loaded
from frontend.api.idempotency import RequestIdentity, key_reused
from frontend.api.security.addresses import client_address
from frontend.api.services import Services
from frontend.jobs.memory_budget import MemoryBudget, TooLargeError
from frontend.jobs.model import Job
from frontend.jobs.store import KeyReusedError, QueueFullError, QuotaExceededError
from frontend.logs import log_job
from ltx_triton.model_info import ModelInfo, UnsupportedSpecError
from ltx_triton.video_spec import VideoSpec


async def require_rate(request: Request, services: Services) -> None:
    """Count a request for a video.

    Raises:
        ApiError: 429, too many of this address.
    """
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


async def admit(
    spec: VideoSpec,
    identity: RequestIdentity,
    services: Services,
    *,
    remixed_from: str | None = None,
) -> Job:
    """Queue a job for the video, or find the one of an earlier request with the same key.

    Raises:
        ApiError: the video is not possible, or not now; or its key belongs to another request.
    """
    job = Job(
        spec=spec,
        idempotency_key=identity.key,
        request_sha256=identity.sha256,
        remixed_from=remixed_from,
    )
    try:
        if earlier := await asyncio.to_thread(
            services.store.repeated, identity.key, identity.sha256
        ):
            return earlier
        await _require_possible(spec, services)
        admitted = await _add(job, services)
    except KeyReusedError as error:
        raise key_reused(str(error)) from None
    if admitted is job:
        size = f"{spec.width}x{spec.height}"
        log_job(job.id, "queued", size=size, frames=spec.num_frames, frame_rate=spec.frame_rate)
        services.runner.wake()
    return admitted


async def _require_possible(spec: VideoSpec, services: Services) -> None:
    if await services.breaker.error():
        raise model_not_loaded()
    if info := await services.triton.model_info():
        _require_engines(spec, info, services.budget)
    if not await asyncio.to_thread(services.folder.has_room):
        raise _storage_full("The disk of the server is full; its operator has to make room")


def _require_engines(spec: VideoSpec, info: ModelInfo, budget: MemoryBudget) -> None:
    try:
        info.limits.require(spec)
        budget.require(info, spec)
    except (UnsupportedSpecError, TooLargeError) as error:
        raise bad_value(f"{info.model_name} cannot make this video: {error}") from error


def _storage_full(problem: str) -> ApiError:
    return ApiError(HTTPStatus.INSUFFICIENT_STORAGE, ErrorType.STORAGE_FULL, problem)


async def _add(job: Job, services: Services) -> Job:
    settings = services.settings
    limit = settings.max_queued_jobs + settings.max_concurrent_jobs
    try:
        return await asyncio.to_thread(
            services.store.add, job, limit, services.folder.exceeds_quota
        )
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
