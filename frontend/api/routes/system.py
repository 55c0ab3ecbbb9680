"""`GET /health` and `GET /model-status`."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Literal

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from frontend.api.responses import GpuInfo, Health, ModelStatus
from frontend.api.services import CurrentServices
from frontend.metrics.engine import EngineMemory, gib, read_memory
from ltx_triton.model_info import ModelInfo

router = APIRouter(tags=["System"])


@router.get(
    "/health",
    summary="Whether videos can be made now",
    operation_id="health",
    response_model=Health,
    responses={503: {"model": Health, "description": "Unhealthy; `reason` says why"}},
)
async def health(services: CurrentServices) -> JSONResponse:
    """Healthy when Triton, its models, the job store and the disk are. Never requires the key."""
    reason = await services.error()
    info = None if reason else await services.triton.model_info()
    memory = await read_memory(services.settings.triton_metrics_url)
    body = Health(
        status="unhealthy" if reason else "healthy",
        timestamp=datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="microseconds"),
        gpu_available=_has_gpu(info, memory),
        gpu_info=_gpu_info(info, memory),
        reason=reason,
    )
    return JSONResponse(
        body.model_dump(mode="json", exclude=None if reason else {"reason"}),
        HTTPStatus.SERVICE_UNAVAILABLE if reason else HTTPStatus.OK,
    )


@router.get("/model-status", summary="Whether the model is loaded", operation_id="model_status")
async def model_status(services: CurrentServices) -> ModelStatus:
    """Describe what Triton has loaded; null where it does not say."""
    status: Literal["loaded", "loading", "unavailable"] = "loaded"
    if await services.breaker.error():
        is_loading = not services.breaker.is_open and await services.triton.is_live()
        status = "loading" if is_loading else "unavailable"
    info = await services.triton.model_info() if status == "loaded" else None
    memory = await read_memory(services.settings.triton_metrics_url)
    return ModelStatus(
        status=status,
        model_name=info.model_name if info else None,
        device=info.device if info else None,
        memory_usage_gb=gib(memory.engine_bytes),
    )


def _has_gpu(info: ModelInfo | None, memory: EngineMemory) -> bool:
    return memory.gpu_total_bytes is not None or (info is not None and info.device == "cuda")


def _gpu_info(info: ModelInfo | None, memory: EngineMemory) -> GpuInfo | None:
    if not _has_gpu(info, memory):
        return None
    on_gpu = info is not None and info.device == "cuda"
    return GpuInfo(
        device_name=info.device_name if info and on_gpu else None,
        memory_total_gb=gib(memory.gpu_total_bytes),
        memory_allocated_gb=gib(memory.gpu_engine_bytes) if on_gpu else 0.0,
        memory_reserved_gb=gib(memory.gpu_used_bytes),
    )
