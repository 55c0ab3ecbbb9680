"""`GET /metrics`, for Prometheus."""

from fastapi import APIRouter
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST

from frontend.metrics.counters import counts
from frontend.metrics.gauges import gauges
from frontend.services import CurrentServices

router = APIRouter(include_in_schema=False)


@router.get("/metrics")
async def metrics(services: CurrentServices) -> Response:
    """Answer with the counters of all workers and the gauges. Never requires the API key."""
    return Response(counts() + await gauges(services), media_type=CONTENT_TYPE_LATEST)
