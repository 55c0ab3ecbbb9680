"""One attempt at one job: generate its video, then record and log the result."""

import asyncio
import logging
from collections.abc import Callable
from enum import Enum, auto
from typing import Any, TypeVar

from frontend.database.database import STORE_AWAY
from frontend.jobs.circuit_breaker import CircuitBreaker
from frontend.jobs.cost import Cost
from frontend.jobs.generation import GenerationResult, generate_video
from frontend.jobs.model import FailureKind, Job, JobState
from frontend.jobs.observer import JobObserver
from frontend.jobs.progress import percent
from frontend.jobs.queue import JobQueue
from frontend.jobs.receipt import Receipt
from frontend.jobs.storage import VideoFolder
from frontend.logs import log_job
from frontend.media.ffmpeg import EncoderKilledError, EncodingError, NoRoomError
from frontend.triton import (
    EngineError,
    EngineOutOfMemoryError,
    EngineStoppingError,
    EngineUnavailableError,
    TritonClient,
)
from ltx_triton.contract import Progress

_RECORD_INTERVAL = 1.0  # seconds between tries to write a result down

_Written = TypeVar("_Written")

_log = logging.getLogger(__name__)


class StopReason(Enum):
    CANCELLED = auto()
    LEASE_LOST = auto()
    ENGINE_LOST = auto()
    SHUTDOWN = auto()


class Attempt:
    """Run in a task of its own. The result is recorded only while the worker owns the job."""

    def __init__(
        self,
        job: Job,
        queue: JobQueue,
        triton: TritonClient,
        breaker: CircuitBreaker,
        folder: VideoFolder,
        observer: JobObserver,
        retry_delay: float,  # seconds, times the number of attempts so far
    ) -> None:
        self.job = job
        self.progress: Progress | None = None
        self.stored_progress: Progress | None = None
        self._queue = queue
        self._triton = triton
        self._breaker = breaker
        self._folder = folder
        self._observer = observer
        self._retry_delay = retry_delay
        self._cost: Cost | None = None
        self._task: asyncio.Task[None] | None = None
        self._stop_reason: StopReason | None = None
        self._recording = False
        self._must_end = False

    @property
    def percent(self) -> float:
        return percent(self.progress, self._cost) if self.progress else 0.0

    def expect(self, cost: Cost | None) -> None:
        """Weigh the stages by what they will cost; None: not known."""
        self._cost = cost

    async def run(self) -> None:
        """Attempt the job once.

        Raises:
            SQLAlchemyError: the result could not be recorded before the worker had to stop.
        """
        self._task = asyncio.current_task()
        try:
            result = await generate_video(self.job, self._triton, self._folder, self._report)
        except asyncio.CancelledError:
            await self._stopped()
        except EngineUnavailableError as error:
            self._recording = True
            self._breaker.open(str(error))
            if isinstance(error, EngineStoppingError):
                await self._release(str(error))
            else:
                await self._retry(str(error))
        except EncoderKilledError as error:
            self._recording = True
            await self._retry(str(error))
        except NoRoomError as error:
            self._recording = True
            await self._wait_for_room(str(error))
        except Exception as error:
            self._recording = True
            await self._fail(error)
        else:
            self._recording = True
            await self._complete(result)

    def stop(self, reason: StopReason) -> None:
        """Stop generating, unless that has ended and the result is being recorded."""
        self._must_end = self._must_end or reason is StopReason.SHUTDOWN
        # A task that is cancelled before it has begun would record nothing.
        if self._task and not self._recording and not self._stop_reason:
            self._stop_reason = reason
            self._task.cancel()

    def _report(self, progress: Progress) -> None:
        self.progress = progress

    async def _complete(self, result: GenerationResult) -> None:
        job = self.job
        # The clock may have been set back meanwhile.
        waited = max(0.0, (job.started_at or job.created_at) - job.created_at)
        stage_seconds = {"queue": round(waited, 3), **result.stage_seconds}
        info = result.model_info
        receipt = info and Receipt.of(job, info, stage_seconds, result.video_sha256)
        stored = await self._record(
            lambda: self._queue.complete(
                job,
                frames_generated=result.frames,
                file_size_bytes=result.file_size_bytes,
                stage_seconds=stage_seconds,
                model_used=info and info.model_name,
                device_used=info and info.device,
                receipt=receipt and receipt.model_dump(mode="json"),
            )
        )
        if stored:
            self._observer.video_completed(result.frames, job.spec.frame_rate, stage_seconds)
            log_job(job.id, "completed", **stage_seconds)
        else:
            await self._cancel()

    async def _stopped(self) -> None:
        match self._stop_reason:
            case StopReason.CANCELLED:
                await self._cancel()
            case StopReason.ENGINE_LOST:
                await self._retry("Triton is no longer ready")
            case StopReason.SHUTDOWN | None:
                await self._release("the worker stops")
            case StopReason.LEASE_LOST:
                log_job(self.job.id, "left to another worker")

    async def _cancel(self) -> None:
        if await self._record(lambda: self._queue.cancel(self.job)):
            await self._remove_video()
            log_job(self.job.id, "cancelled")

    async def _fail(self, error: Exception) -> None:
        message, kind = _describe(error)
        if await self._record(lambda: self._queue.fail(self.job, message, kind)):
            await self._remove_video()
            log_job(self.job.id, "failed", error=message)

    async def _retry(self, reason: str) -> None:
        """Queue the job again; the attempt counts if anything has worked on it."""
        if self.progress is None:
            await self._release(reason)
            return
        delay = self._retry_delay * self.job.attempts
        state = await self._record(lambda: self._queue.retry(self.job, reason, delay))
        self._log_given_back(state, attempt=self.job.attempts, error=reason)

    async def _wait_for_room(self, reason: str) -> None:
        has_room = await asyncio.to_thread(self._folder.has_room)
        # With room nobody would wait: the file system has run out of something else.
        await (self._retry(reason) if has_room else self._release(reason))

    async def _release(self, reason: str) -> None:
        """Queue the job again; the attempt does not count."""
        state = await self._record(lambda: self._queue.release(self.job))
        self._log_given_back(state, reason=reason)

    def _log_given_back(self, state: str | None, **fields: Any) -> None:
        if state is not None:
            log_job(self.job.id, "queued again" if state == JobState.QUEUED else state, **fields)

    async def _record(self, write: Callable[[], _Written]) -> _Written:
        """Write the end of the attempt down, however long the job store is away.

        Raises:
            SQLAlchemyError: it is away, and the worker has to stop.
        """
        while True:
            try:
                return await asyncio.to_thread(write)
            except STORE_AWAY as error:
                if self._must_end:
                    raise
                _log.warning("The job store is away: %s", error.args[0])
                await asyncio.sleep(_RECORD_INTERVAL)

    async def _remove_video(self) -> None:
        await asyncio.to_thread(self._folder.video(self.job).unlink, missing_ok=True)


def _describe(error: Exception) -> tuple[str, FailureKind]:
    if isinstance(error, EngineOutOfMemoryError):
        return "GPU out of memory, try shorter duration", FailureKind.OUT_OF_MEMORY
    if isinstance(error, EngineError | EncodingError):
        return str(error), FailureKind.GENERATION
    _log.error("A job failed unexpectedly", exc_info=error)
    return f"Internal error: {type(error).__name__}", FailureKind.INTERNAL
