"""`GET /health` and `GET /model-status`."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Literal

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from frontend.api.responses import GpuInfo, Health, ModelStatus
from frontend.metrics.engine import EngineMetrics, gib, read_metrics
from frontend.services import CurrentServices

router = APIRouter(tags=["System"])


@router.get(
    "/health",
    summary="Whether videos can be made now",
    response_model=Health,
    responses={503: {"model": Health, "description": "Unhealthy; `reason` says why"}},
)
async def health(services: CurrentServices) -> JSONResponse:
    """Healthy when Triton and all its models are ready. Never requires the API key."""
    reason = await services.triton.not_ready_reason()
    metrics = await read_metrics(services.settings.triton_metrics_url)
    body = Health(
        status="unhealthy" if reason else "healthy",
        timestamp=datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="microseconds"),
        gpu_available=metrics.gpu_available,
        gpu_info=_gpu_info(metrics),
        reason=reason,
    )
    return JSONResponse(
        body.model_dump(mode="json", exclude=None if reason else {"reason"}),
        HTTPStatus.SERVICE_UNAVAILABLE if reason else HTTPStatus.OK,
    )


@router.get("/model-status", summary="Whether the model is loaded")
async def model_status(services: CurrentServices) -> ModelStatus:
    """Name, device and memory are what Triton reports."""
    status: Literal["loaded", "loading", "unavailable"] = "loaded"
    if await services.triton.not_ready_reason():
        status = "loading" if await services.triton.is_live() else "unavailable"
    metrics = await read_metrics(services.settings.triton_metrics_url)
    return ModelStatus(
        status=status,
        model_name=metrics.model_name or services.settings.model_name,
        device=metrics.device,
        memory_usage_gb=gib(metrics.engine_bytes),
    )


def _gpu_info(metrics: EngineMetrics) -> GpuInfo | None:
    if not metrics.gpu_available:
        return None
    on_gpu = metrics.device == "cuda"
    return GpuInfo(
        device_name=metrics.device_name if on_gpu else None,
        memory_total_gb=gib(metrics.gpu_total_bytes),
        memory_allocated_gb=gib(metrics.engine_bytes) if on_gpu else 0.0,
        memory_reserved_gb=gib(metrics.gpu_used_bytes),
    )
