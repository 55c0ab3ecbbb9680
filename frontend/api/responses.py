"""The bodies of the API's answers, as documented in OpenAPI. None: not known, or does not apply."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from frontend.api.errors import ErrorType

Timestamp = Annotated[str, Field(examples=["2025-08-09T00:47:35"], description="UTC")]
Seed = Annotated[int, Field(description="The same seed and parameters give the same video")]
State = Literal["queued", "running", "completed", "failed", "cancelled"]


class Generated(BaseModel):
    """A finished video."""

    status: Literal["success"] = "success"
    message: str
    job_id: str
    filename: str
    prompt: str
    duration: int
    frames_generated: int
    resolution: Annotated[str, Field(examples=["512x512"])]
    model_used: str | None
    file_size_mb: float
    fps: float
    generation_time_seconds: float
    device_used: str | None
    download_url: str
    preview_url: str
    seed: Seed


class Queued(BaseModel):
    """A job that has been accepted and written down."""

    status: Literal["queued"] = "queued"
    message: str
    job_id: str
    status_url: str
    download_url: str
    preview_url: str
    prompt: str
    duration: int
    fps: float
    resolution: Annotated[str, Field(examples=["512x512"])]
    seed: Seed


class JobStatus(BaseModel):
    """A job in any state. Fields after `seed` are there only where they apply."""

    job_id: str
    status: State
    prompt: str
    duration: int
    created_at: Timestamp
    completed_at: Timestamp | None
    file_size_mb: float | None
    generation_time_seconds: float | None
    fps: float
    resolution: Annotated[str, Field(examples=["512x512"])]
    seed: Seed

    queue_position: Annotated[int | None, Field(description="1 runs next")] = None
    attempts: Annotated[int | None, Field(description="How often it has begun to run")] = None
    stage: Literal["text", "denoise", "decode", "mp4"] | None = None
    step: Annotated[int | None, Field(description="Denoising steps finished")] = None
    total_steps: int | None = None
    percent: Annotated[
        float | None, Field(description="Finished units of work: text, each step, decode, MP4")
    ] = None
    elapsed_seconds: float | None = None
    error: str | None = None
    error_type: ErrorType | None = None
    filename: str | None = None
    frames_generated: int | None = None
    model_used: str | None = None
    device_used: str | None = None
    stage_seconds: Annotated[
        dict[str, float] | None, Field(description="queue, text, denoise, decode, mp4")
    ] = None
    download_url: str | None = None
    preview_url: str | None = None


class GpuInfo(BaseModel):
    """The GPU that Triton sees; sums where there are several."""

    device_name: str | None
    memory_total_gb: float | None
    memory_allocated_gb: Annotated[float | None, Field(description="By our engines")]
    memory_reserved_gb: Annotated[float | None, Field(description="By everything on the GPU")]


class Health(BaseModel):
    """Whether videos can be made now."""

    status: Literal["healthy", "unhealthy"]
    timestamp: Annotated[str, Field(examples=["2025-08-09T00:47:34.123456"], description="UTC")]
    gpu_available: bool
    gpu_info: GpuInfo | None
    reason: Annotated[str | None, Field(description="Only when unhealthy")] = None


class ModelStatus(BaseModel):
    """Whether the model is loaded."""

    status: Literal["loaded", "loading", "unavailable"]
    model_name: str
    device: str | None
    memory_usage_gb: float | None


class ErrorBody(BaseModel):
    """Every error."""

    detail: str
    error_type: ErrorType
    job_id: Annotated[str | None, Field(description="Only where there is a job")] = None
