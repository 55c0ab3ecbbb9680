"""One attempt at one job: from the request to the finished MP4."""

from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass

from frontend.jobs.model import Job
from frontend.jobs.progress import StageTimes
from frontend.jobs.storage import VideoFolder
from frontend.media.writer import Mp4Writer
from frontend.triton import EngineFailedError, Frames, TritonClient
from ltx_triton.contract import Progress, VideoRequest


@dataclass(frozen=True)
class GeneratedVideo:
    """What came of an attempt, beside the file."""

    frames: int
    file_size_bytes: int
    stage_seconds: dict[str, float]


async def generate_video(
    job: Job,
    triton: TritonClient,
    folder: VideoFolder,
    report: Callable[[Progress], None],
) -> GeneratedVideo:
    """Have the engine make the job's video and write it as it arrives.

    Raises:
        EngineError: the engine did not deliver the video.
        EncodingError: the video could not be written.
    """
    times = StageTimes()
    frames = 0
    async with (
        Mp4Writer(
            folder.video(job), folder.partial(job), job.fps, job.resolution, job.resolution
        ) as mp4,
        aclosing(triton.generate(_request(job), job.id)) as messages,
    ):
        async for message in messages:
            if isinstance(message, Progress):
                times.saw(message)
                report(message)
                continue
            _check_size(message, job)
            frames += len(message)
            await mp4.write(message)
        size = await mp4.finish()
    return GeneratedVideo(frames, size, times.seconds())


def _request(job: Job) -> VideoRequest:
    return VideoRequest(
        prompt=job.prompt,
        num_frames=job.num_frames,
        height=job.resolution,
        width=job.resolution,
        frame_rate=float(job.fps),
        seed=job.seed,
    )


def _check_size(frames: Frames, job: Job) -> None:
    expected = (job.resolution, job.resolution, 3)
    if frames.shape[1:] != expected:
        raise EngineFailedError(f"The engine returned frames of {frames.shape[1:]}, not {expected}")
