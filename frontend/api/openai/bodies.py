"""Bodies of OpenAI's Videos API."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from frontend.api.errors import ErrorType
from frontend.jobs.model import Job, JobState

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
    size: Annotated[str, Field(examples=["672x384"])]
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


def describe(job: Job, model_name: str, expires_at: float | None) -> Video:
    """Describe a job.

    Args:
        job: in any state.
        model_name: the model that will make it, if it is not finished.
        expires_at: when it is removed, if it is finished; seconds since the epoch.
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
        expires_at=int(expires_at) if expires_at and completed else None,
        error=_error(job),
        remixed_from_video_id=job.remixed_from,
        seed=spec.seed,
        fps=spec.frame_rate,
        num_frames=spec.num_frames,
        num_inference_steps=spec.num_inference_steps,
        inference_time_s=round(job.generation_seconds, 3) if completed else None,
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
        return VideoError(code=ErrorType.CANCELLED, message="The job was cancelled")
    if job.state == JobState.FAILED:
        return VideoError(
            code=job.error_type or ErrorType.INTERNAL, message=job.error or "The job failed"
        )
    return None
