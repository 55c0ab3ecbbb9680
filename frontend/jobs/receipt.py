"""The receipt of a video: all that is needed to make it again and to tell what differs then."""

from typing import Literal, Self

from pydantic import BaseModel, Field

from frontend.jobs.model import Job
from ltx_triton import __version__
from ltx_triton.model_info import ModelInfo
from ltx_triton.video_spec import VideoSpec


class Receipt(BaseModel):
    """Kept with the job, as JSON."""

    version: Literal[1] = 1
    job_id: str
    spec: VideoSpec
    model_name: str
    checkpoint_sha256: str
    export_sha256: str | None = Field(description="Of what the engines were exported from")
    device: str
    device_name: str
    precision: str
    versions: dict[str, str] = Field(description="Of this service and of the engines' libraries")
    stage_seconds: dict[str, float]
    video_sha256: str = Field(description="Of the MP4")

    @classmethod
    def of(
        cls, job: Job, info: ModelInfo, stage_seconds: dict[str, float], video_sha256: str
    ) -> Self:
        defaults = {
            "num_inference_steps": job.spec.num_inference_steps
            or info.limits.default_num_inference_steps,
            "guidance_scale": info.limits.guidance_scale(job.spec),
        }
        return cls(
            job_id=job.id,
            spec=job.spec.model_copy(update=defaults),
            model_name=info.model_name,
            checkpoint_sha256=info.checkpoint_sha256,
            export_sha256=info.export_sha256,
            device=info.device,
            device_name=info.device_name,
            precision=info.precision,
            versions={"ltx-triton": __version__, **info.versions},
            stage_seconds=stage_seconds,
            video_sha256=video_sha256,
        )
