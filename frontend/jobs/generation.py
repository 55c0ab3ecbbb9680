"""Generate the video of a job: from its spec to the finished MP4."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass

from frontend.jobs.model import Job
from frontend.jobs.progress import StageTimes
from frontend.jobs.receipt import file_sha256
from frontend.jobs.storage import VideoFolder
from frontend.triton import EngineFailedError, Frames, TritonClient
from ltx_triton.contract import Progress
from ltx_triton.model_info import ModelInfo
from ltx_triton.video_spec import VideoSpec


@dataclass(frozen=True)
class GenerationResult:
    frames: int
    file_size_bytes: int
    video_sha256: str
    stage_seconds: dict[str, float]
    model_info: ModelInfo | None  # None: Triton did not say


async def generate_video(
    job: Job,
    triton: TritonClient,
    folder: VideoFolder,
    report: Callable[[Progress], None],
) -> GenerationResult:
    """Write the job's video to the folder as the engine delivers it.

    Raises:
        EngineError: the engine did not deliver the video.
        EncodingError: the video could not be written.
    """
    spec = job.spec
    times = StageTimes()
    info: ModelInfo | None = None
    frames = 0
    async with (
        folder.writer(job) as mp4,
        aclosing(triton.generate(spec, job.id)) as messages,
    ):
        async for message in messages:
            if isinstance(message, ModelInfo):
                info = message
                mp4.describe(info)
            elif isinstance(message, Progress):
                times.record(message)
                report(message)
            else:
                _require_size(message, spec)
                frames += len(message)
                await mp4.write(message)
        size = await mp4.finish()
        seconds = times.seconds()
    digest = await asyncio.to_thread(file_sha256, folder.video(job))
    return GenerationResult(frames, size, digest, seconds, info)


def _require_size(frames: Frames, spec: VideoSpec) -> None:
    expected = (spec.height, spec.width, 3)
    if frames.shape[1:] != expected:
        raise EngineFailedError(f"The engine returned frames of {frames.shape[1:]}, not {expected}")
