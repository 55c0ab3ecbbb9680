"""Bodies of OpenAI's Videos API."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from frontend.jobs.model import Job, JobState

_SECONDS_PER_DAY = 86_400
_CANCELLED = "cancelled"

UnixTime = Annotated[int, Field(description="Seconds since 1970")]
# The SDK returns from a poll at any other word.
Status = Literal["queued", "in_progress", "completed", "failed"]

_STATUS: dict[str, Status] = {
    JobState.QUEUED: "queued",
    JobState.RUNNING: "in_progress",
    JobState.COMPLETED: "completed",
    JobState.FAILED: "failed",
    JobState.CANCELLED: "failed",
}


class VideoError(BaseModel):
    code: str
    message: str


class Video(BaseModel):
    """A job, as OpenAI describes it; the last six fields are this service's own."""

    id: str
    object: Literal["video"] = "video"
    status: Status
    model: str
    prompt: str
    progress: Annotated[int, Field(description="Percent", ge=0, le=100)]
    seconds: Annotated[str, Field(examples=["3"])]
    size: Annotated[str, Field(examples=["512x288"])]
    created_at: UnixTime
    completed_at: UnixTime | None
    expires_at: Annotated[UnixTime | None, Field(description="When the video is removed")]
    error: VideoError | None
    remixed_from_video_id: str | None
    seed: int
    fps: float
    num_frames: int
    num_inference_steps: int | None
    inference_time_s: float | None
    warnings: list[str]


class VideoList(BaseModel):
    object: Literal["list"] = "list"
    data: list[Video]
    first_id: str | None
    last_id: str | None
    has_more: bool


class DeletedVideo(BaseModel):
    id: str
    object: Literal["video.deleted"] = "video.deleted"
    deleted: Literal[True] = True


class Model(BaseModel):
    id: str
    object: Literal["model"] = "model"
    created: Annotated[int, Field(description="Not known: 0")] = 0
    owned_by: str = "ltx-triton"


class ModelList(BaseModel):
    object: Literal["list"] = "list"
    data: list[Model]


def describe(job: Job, model_name: str, keep_days: float) -> Video:
    """Describe a job.

    Args:
        model_name: the model that will make it, if it is not finished.
        keep_days: how long finished videos are kept.
    """
    spec = job.spec
    completed = job.state == JobState.COMPLETED
    finished = job.completed_at
    return Video(
        id=job.id,
        status=_STATUS[job.state],
        model=job.model_used or model_name,
        prompt=spec.prompt,
        progress=_progress(job),
        seconds=f"{spec.num_frames / spec.frame_rate:.4g}",
        size=f"{spec.width}x{spec.height}",
        created_at=int(job.created_at),
        completed_at=int(finished) if finished else None,
        expires_at=int(finished + keep_days * _SECONDS_PER_DAY) if finished and completed else None,
        error=_error(job),
        remixed_from_video_id=job.remixed_from,
        seed=spec.seed,
        fps=spec.frame_rate,
        num_frames=spec.num_frames,
        num_inference_steps=spec.num_inference_steps,
        inference_time_s=_inference_seconds(job),
        warnings=job.warnings or [],
    )


def _progress(job: Job) -> int:
    if job.state == JobState.COMPLETED:
        return 100
    if job.state != JobState.RUNNING:
        return 0
    return int(job.percent)


def _error(job: Job) -> VideoError | None:
    if job.state == JobState.CANCELLED:
        return VideoError(code=_CANCELLED, message="The job was cancelled")
    if job.state == JobState.FAILED:
        return VideoError(
            code=job.error_type or "internal_error", message=job.error or "The job failed"
        )
    return None


def _inference_seconds(job: Job) -> float | None:
    if job.state != JobState.COMPLETED or not job.completed_at or not job.started_at:
        return None
    return round(max(0.0, job.completed_at - job.started_at), 3)
