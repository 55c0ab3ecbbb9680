"""Writes down how an attempt at a job ended. What is written is also what is logged."""

import asyncio
import logging
from dataclasses import dataclass

from frontend.api.errors import ErrorType
from frontend.jobs.attempt import GeneratedVideo
from frontend.jobs.model import MAX_ATTEMPTS, Job
from frontend.jobs.queue import JobQueue
from frontend.jobs.storage import VideoFolder
from frontend.logs import log_job
from frontend.media.writer import EncodingError
from frontend.metrics.counters import count_video
from frontend.triton import EngineError, EngineOutOfMemoryError

_RETRY_DELAY = 2.0  # seconds, times the number of attempts so far

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcomes:
    """The ends that an attempt can have."""

    queue: JobQueue
    folder: VideoFolder

    async def completed(self, job: Job, video: GeneratedVideo) -> None:
        """The video is in its place."""
        waited = (job.started_at or job.created_at) - job.created_at
        stage_seconds = {"queue": round(waited, 3), **video.stage_seconds}
        stored = await asyncio.to_thread(
            self.queue.complete,
            job,
            frames_generated=video.frames,
            file_size_bytes=video.file_size_bytes,
            stage_seconds=stage_seconds,
            model_used=video.model_info and video.model_info.model_name,
            device_used=video.model_info and video.model_info.device,
        )
        if stored:
            count_video(video.frames, job.spec.frame_rate, stage_seconds)
            log_job(job.id, "completed", **stage_seconds)
        else:
            await self.cancelled(job)

    async def cancelled(self, job: Job) -> None:
        """Somebody asked for it, and the engine has been told."""
        if await asyncio.to_thread(self.queue.cancel, job):
            await self._remove_video(job)
            log_job(job.id, "cancelled")

    async def failed(self, job: Job, error: Exception) -> None:
        """No video will come of it."""
        message, kind = _describe(error)
        if await asyncio.to_thread(self.queue.fail, job, message, kind.value):
            await self._remove_video(job)
            log_job(job.id, "failed", error=message)

    async def engine_lost(self, job: Job, reason: str) -> None:
        """Triton or the model went away in the middle."""
        delay = _RETRY_DELAY * job.attempts
        if await asyncio.to_thread(self.queue.retry, job, reason, delay):
            state = "queued again" if job.attempts < MAX_ATTEMPTS else "failed"
            log_job(job.id, state, attempt=job.attempts, error=reason)

    async def handed_back(self, job: Job) -> None:
        """This worker stops."""
        if await asyncio.to_thread(self.queue.hand_back, job):
            log_job(job.id, "queued again", reason="the worker stops")

    async def _remove_video(self, job: Job) -> None:
        await asyncio.to_thread(self.folder.video(job).unlink, missing_ok=True)


def _describe(error: Exception) -> tuple[str, ErrorType]:
    if isinstance(error, EngineOutOfMemoryError):
        return "GPU out of memory, try shorter duration", ErrorType.OUT_OF_MEMORY
    if isinstance(error, EngineError | EncodingError):
        return str(error), ErrorType.GENERATION
    _log.error("A job failed unexpectedly", exc_info=error)
    return f"Internal error: {type(error).__name__}", ErrorType.INTERNAL
