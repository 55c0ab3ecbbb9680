"""`GET /jobs/{job_id}/events`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.sse import EventSourceResponse, ServerSentEvent

from frontend.api import job_views
from frontend.api.openapi import errors_as_json
from frontend.api.routes.jobs import find_job
from frontend.api.services import CurrentServices, Services
from frontend.database.database import STORE_AWAY
from frontend.jobs.estimate import Forecast
from frontend.jobs.model import FINISHED, Job
from frontend.jobs.waiters import ShuttingDownError

router = APIRouter(tags=["Jobs"])

_INTERVAL = 0.25  # seconds between looks at a job that is not finished


async def _found(job_id: str, services: CurrentServices) -> Job:
    return await find_job(job_id, services)  # here, because a stream that has begun cannot be a 404


@router.get(
    "/jobs/{job_id}/events",
    summary="Follow a job until it is finished",
    operation_id="follow_job",
    response_class=EventSourceResponse,
    responses=errors_as_json(404),
)
async def events(
    job: Annotated[Job, Depends(_found)], services: CurrentServices
) -> AsyncIterator[ServerSentEvent]:
    """Server-sent events: `progress` whenever status, stage, step, percentage or position change.

    The last one is `completed`, `failed`, `cancelled` or `deleted`, with the body of the job. A
    stream that ends without it was cut off: connect again.
    """
    root_path = services.settings.root_path
    said: dict[str, Any] | None = None
    try:
        while job.state not in FINISHED:
            if seen := await services.estimator.latest(job.id):
                job, forecast = seen
                progress = _progress(job, forecast)
                if _without_eta(progress) != said:
                    said = _without_eta(progress)
                    yield ServerSentEvent(event="progress", data=progress)
            finished = await _wait(job, services)
            if finished is None:
                yield ServerSentEvent(event="deleted", data=job_views.deleted_body(job, root_path))
                return
            job = finished
    except (ShuttingDownError, *STORE_AWAY):
        return
    yield ServerSentEvent(event=job.state, data=job_views.finished_body(job, root_path))


async def _wait(job: Job, services: Services) -> Job | None:
    """Wait a moment for the end of the job; the job as it is then, None if it was deleted."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_INTERVAL):
            return await services.runner.wait_until_finished(job.id)
    if await services.estimator.latest(job.id):
        return job
    return await asyncio.to_thread(services.store.get, job.id)


def _progress(job: Job, forecast: Forecast) -> dict[str, Any]:
    return {
        "status": job.state,
        "stage": job.stage,
        "step": job.step,
        "total_steps": job.total_steps,
        "percent": job.percent,
        **asdict(forecast),
    }


def _without_eta(progress: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in progress.items() if name != "eta_seconds"}
