"""Accept a video: every check between a request and its job, for every API."""

import asyncio
from collections.abc import Sequence
from http import HTTPStatus
from math import ceil

from fastapi import Request

from frontend.api.errors import ApiError, ErrorType, bad_value, model_not_loaded, storage_full
from frontend.api.idempotency import RequestIdentity, key_reused
from frontend.api.security.addresses import client_address
from frontend.api.services import Services
from frontend.jobs.model import Job
from frontend.jobs.store import KeyReusedError, QueueFullError, QuotaExceededError
from frontend.logs import log_job
from frontend.webhooks.outbox import webhook_to
from ltx_triton.memory_budget import MemoryBudget, TooLargeError
from ltx_triton.model_info import ModelInfo, UnsupportedSpecError
from ltx_triton.video_spec import VideoSpec

# Seconds in `Retry-After`
_UNKNOWN = 30
_LONGEST = 120


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


async def find_earlier(identity: RequestIdentity, services: Services) -> Job | None:
    """Return the job of an earlier request with the same key.

    Raises:
        ApiError: 422, that request was another one.
    """
    if identity.key is None:
        return None
    try:
        return await asyncio.to_thread(services.store.repeated, identity.key, identity.sha256)
    except KeyReusedError as error:
        raise key_reused(str(error)) from None


async def admit(
    spec: VideoSpec,
    identity: RequestIdentity,
    services: Services,
    *,
    remixed_from: str | None = None,
    callback_url: str | None = None,
    warnings: Sequence[str] = (),
) -> Job:
    """Queue a job for the video, or find the one of an earlier request with the same key.

    `warnings` come before those of the model.

    Raises:
        ApiError: the video is not possible, or not now; or its key belongs to another request.
    """
    job = Job(
        spec=spec,
        idempotency_key=identity.key,
        request_sha256=identity.sha256,
        remixed_from=remixed_from,
        webhook=webhook_to(callback_url),
    )
    if earlier := await find_earlier(identity, services):
        return earlier
    try:
        info = await _require_possible(spec, services)
        job.warnings = [*warnings, *(info.warnings(spec) if info else ())] or None
        admitted = await _add(job, services)
    except KeyReusedError as error:
        raise key_reused(str(error)) from None
    if admitted is job:
        size = f"{spec.width}x{spec.height}"
        log_job(job.id, "queued", size=size, frames=spec.num_frames, frame_rate=spec.frame_rate)
        services.runner.wake()
    return admitted


async def _require_possible(spec: VideoSpec, services: Services) -> ModelInfo | None:
    """Return what Triton says of its model and the prompt; None if it does not say."""
    if await services.breaker.error():
        raise model_not_loaded()
    if info := await services.triton.prompt_info(spec):
        require_engines(spec, info, services.budget)
    if not await asyncio.to_thread(services.folder.has_room):
        raise storage_full("The disk of the server is full; its operator has to free space")
    return info


def require_engines(spec: VideoSpec, info: ModelInfo, budget: MemoryBudget) -> None:
    """Check that the engines can make the video, and that it fits into memory.

    Raises:
        ApiError: 400, one of the two is not so.
    """
    try:
        info.limits.require(spec)
        budget.require(info, spec)
    except (UnsupportedSpecError, TooLargeError) as error:
        raise bad_value(f"{info.model_name} cannot make this video: {error}") from error


def _retry_after(seconds: float | None) -> int:
    return _UNKNOWN if seconds is None else min(_LONGEST, max(1, ceil(seconds)))


async def _add(job: Job, services: Services) -> Job:
    settings = services.settings
    limit = settings.max_queued_jobs + settings.max_concurrent_jobs
    try:
        return await asyncio.to_thread(
            services.store.add, job, limit, services.folder.exceeds_quota
        )
    except QueueFullError:
        seconds = _retry_after(await services.estimator.seconds_until_room())
        raise ApiError(
            HTTPStatus.SERVICE_UNAVAILABLE,
            ErrorType.QUEUE_FULL,
            f"The queue is full ({settings.max_queued_jobs} jobs waiting). "
            f"Try again in {seconds} s.",
            headers={"Retry-After": str(seconds)},
        ) from None
    except QuotaExceededError:
        raise storage_full(
            "The videos, including those of waiting jobs, use up the "
            f"{services.folder.max_gb:g} GB allowed; older ones have to expire first"
        ) from None
