"""`GET /metrics`, for Prometheus."""

import asyncio
import shutil

from fastapi import APIRouter
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST

from frontend.api.services import CurrentServices, Services
from frontend.jobs.model import JobState
from frontend.metrics.counters import counts
from frontend.metrics.gauges import Gauges

router = APIRouter(include_in_schema=False)


@router.get("/metrics")
async def metrics(services: CurrentServices) -> Response:
    """Answer with the counters of all workers and the gauges. Never requires the API key."""
    gauges = await _read_gauges(services)
    return Response(counts() + gauges.render(), media_type=CONTENT_TYPE_LATEST)


async def _read_gauges(services: Services) -> Gauges:
    settings, folder = services.settings, services.folder
    return Gauges(
        jobs=await services.unfinished(),
        job_limits={
            JobState.QUEUED.value: settings.max_queued_jobs,
            JobState.RUNNING.value: settings.max_concurrent_jobs,
        },
        used_bytes=await asyncio.to_thread(folder.used_bytes),
        limit_bytes=folder.max_bytes,
        free_bytes=(await asyncio.to_thread(shutil.disk_usage, folder.path)).free,
        engine_ready=await services.breaker.error() is None,
    )
