"""Bodies of the API's answers. None: not known."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from frontend.api.errors import ErrorType
from ltx_triton.video_spec import SharedFields

Timestamp = Annotated[str, Field(examples=["2025-08-09T00:47:35"], description="UTC")]
State = Literal["queued", "running", "completed", "failed", "cancelled"]


class JobBody(SharedFields):
    """A job in any answer. Only the fields that apply to the answer are there."""

    job_id: str
    status: State | Literal["success"]
    duration: int
    fps: float
    resolution: Annotated[str, Field(examples=["672x384"], description="Width x height")]
    width: int
    height: int
    num_frames: int
    num_inference_steps: Annotated[int | None, Field(description="Where it was asked for")] = None

    warnings: Annotated[
        list[str] | None,
        Field(description="What of the request the model does not know or never reads"),
    ] = None
    message: Annotated[str | None, Field(description="Only from `POST /generate`")] = None
    created_at: Timestamp | None = None
    completed_at: Timestamp | None = None
    queue_position: Annotated[int | None, Field(description="1 runs next, 0 runs")] = None
    eta_seconds: Annotated[
        float | None,
        Field(description="Until it is finished, if no others come; null: not known yet"),
    ] = None
    attempts: Annotated[int | None, Field(description="How often it has begun to run")] = None
    callback_url: Annotated[str | None, Field(description="Where it was asked for")] = None
    webhook: Annotated[
        Literal["pending", "delivered", "failed"] | None,
        Field(description="Whether the event has arrived at `callback_url`"),
    ] = None
    stage: Literal["text", "denoise", "decode", "mp4"] | None = None
    step: Annotated[int | None, Field(description="Denoising steps finished")] = None
    total_steps: int | None = None
    percent: Annotated[
        float | None, Field(description="Finished stages and steps, weighed by their time")
    ] = None
    elapsed_seconds: float | None = None
    error: str | None = None
    error_type: ErrorType | None = None
    filename: str | None = None
    frames_generated: int | None = None
    file_size_mb: float | None = None
    generation_time_seconds: float | None = None
    model_used: Annotated[str | None, Field(description="null: Triton did not say")] = None
    device_used: str | None = None
    stage_seconds: Annotated[
        dict[str, float] | None, Field(description="queue, text, denoise, decode, mp4")
    ] = None
    status_url: str | None = None
    download_url: str | None = None
    preview_url: str | None = None
    deleted: Annotated[bool, Field(description="Only from `DELETE`")] = False


class Quote(BaseModel):
    """Size and time of a video before it is asked for. null: no video was made yet."""

    width: int
    height: int
    num_frames: int
    fps: float
    generation_time_seconds: Annotated[float | None, Field(description="Made alone")]
    eta_seconds: Annotated[
        float | None, Field(description="Until it is finished, behind the jobs that are there now")
    ]
    warnings: Annotated[
        list[str], Field(description="As from `POST /generate`, but not on the words of the prompt")
    ]


class JobList(BaseModel):
    """A page of jobs."""

    jobs: list[JobBody]
    next: Annotated[str | None, Field(description="`after` of the next page; null: there is none")]


class GpuInfo(BaseModel):
    """The GPU that Triton sees; sums where there are several."""

    device_name: str | None
    memory_total_gb: float | None
    memory_allocated_gb: Annotated[float | None, Field(description="By our engines")]
    memory_reserved_gb: Annotated[float | None, Field(description="By everything on the GPU")]


class Health(BaseModel):
    """Readiness to make videos."""

    status: Literal["healthy", "unhealthy"]
    timestamp: Annotated[str, Field(examples=["2025-08-09T00:47:34.123456"], description="UTC")]
    gpu_available: bool
    gpu_info: GpuInfo | None
    reason: Annotated[str | None, Field(description="Only when unhealthy")] = None


class ModelStatus(BaseModel):
    """The loaded model; null where Triton does not say."""

    status: Literal["loaded", "loading", "unavailable"]
    model_name: str | None
    device: str | None
    memory_usage_gb: float | None


class ErrorBody(BaseModel):
    """Every error."""

    detail: str
    error_type: ErrorType
    job_id: Annotated[str | None, Field(description="Only where there is a job")] = None
