"""Runs the jobs of one worker: claims them, keeps their leases, stops them when it must."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress

from sqlalchemy.exc import SQLAlchemyError

from frontend.jobs.attempt import generate_video
from frontend.jobs.outcomes import Outcomes
from frontend.jobs.queue import JobQueue
from frontend.jobs.running_job import Reason, RunningJob
from frontend.jobs.storage import VideoFolder
from frontend.jobs.store import JobStore
from frontend.logs import log_job
from frontend.triton import EngineUnavailableError, TritonClient
from ltx_triton.contract import Progress

_CLAIM_INTERVAL = 0.5  # seconds; a job posted to this worker is claimed at once
_WATCH_INTERVAL = 0.4
# Each step takes a core for a while that an engine on the same machine needs, if it is written.
_PROGRESS_INTERVAL = 0.25
_RENEWAL_INTERVAL = 1.0
_READINESS_INTERVAL = 2.0
_READINESS_FAILURES = 2  # in a row: one slow answer is not the end of the engine

_log = logging.getLogger(__name__)


class JobRunner:
    """The part of a worker that makes videos."""

    def __init__(
        self,
        store: JobStore,
        queue: JobQueue,
        triton: TritonClient,
        folder: VideoFolder,
        outcomes: Outcomes,
    ) -> None:
        self._store = store
        self._queue = queue
        self._triton = triton
        self._folder = folder
        self._outcomes = outcomes
        self._running: dict[str, RunningJob] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._changed = asyncio.Event()
        self._renewed_at = 0.0
        self._engine_failures = 0
        self.stopping = False

    def start(self) -> None:
        """Begin to run jobs."""
        self._loops = [
            asyncio.create_task(self._repeat(self._watch, _WATCH_INTERVAL)),
            asyncio.create_task(self._repeat(self._write_progress, _PROGRESS_INTERVAL)),
            asyncio.create_task(self._repeat(self._check_engine, _READINESS_INTERVAL)),
        ]
        self._claim_loop = asyncio.create_task(self._repeat_claim())

    def announce_stop(self) -> None:
        """Take no more jobs, and wake those who wait for one."""
        self.stopping = True
        self.wake()
        self._notify()

    async def stop(self) -> None:
        """Hand all running jobs back to the queue."""
        self.announce_stop()
        await asyncio.wait([self._claim_loop])  # to its end: a claim under way must not be lost
        for loop in self._loops:
            loop.cancel()
        self._abort(self._running, Reason.SHUTDOWN)
        await asyncio.gather(*self._loops, *self._tasks, return_exceptions=True)

    def wake(self) -> None:
        """A job has been queued."""
        self._wake.set()

    def cancel(self, job_id: str) -> None:
        """Stop a job whose cancellation has been written down, if it runs here."""
        self._abort([job_id], Reason.CANCELLED)

    async def wait_for_change(self, seconds: float) -> None:
        """Wait until a job of this worker is over, at most so long."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), seconds)

    async def _claim(self) -> None:
        if await asyncio.to_thread(self._queue.reclaim_expired):
            _log.warning("Jobs of a worker that died have been taken back")
            await asyncio.to_thread(self._folder.clean_partials, self._store)
        while await asyncio.to_thread(self._queue.has_work):
            # Asked anew each time: a claim for a dead engine would cost the job an attempt.
            if self.stopping or await self._triton.readiness_error():
                return
            job = await asyncio.to_thread(self._queue.claim)
            if job:
                log_job(job.id, "running", attempt=job.attempts)
                running = self._running[job.id] = RunningJob(job)
                task = asyncio.create_task(self._run(running))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _watch(self) -> None:
        """Keep the leases; notice cancellations, and takeovers by other workers."""
        mine = list(self._running)
        if not mine:
            return
        if time.monotonic() - self._renewed_at >= _RENEWAL_INTERVAL:
            await asyncio.to_thread(self._queue.renew, mine)
            self._renewed_at = time.monotonic()
        held = await asyncio.to_thread(self._queue.held)
        self._abort([job_id for job_id in mine if job_id not in held.ids], Reason.LEASE_LOST)
        self._abort([job_id for job_id in mine if job_id in held.to_cancel], Reason.CANCELLED)

    async def _write_progress(self) -> None:
        for running in list(self._running.values()):
            progress = running.progress
            if progress and progress is not running.written:
                await asyncio.to_thread(self._queue.report, running.job, progress)
                running.written = progress

    async def _check_engine(self) -> None:
        if not self._running:
            return
        not_ready = await self._triton.readiness_error()
        self._engine_failures = self._engine_failures + 1 if not_ready else 0
        if self._engine_failures >= _READINESS_FAILURES:
            self._abort(self._running, Reason.ENGINE_LOST)

    async def _run(self, running: RunningJob) -> None:
        job = running.job
        running.task = asyncio.current_task()
        try:
            await self._attempt(running)
        except Exception:
            # Nobody renews its lease any more, so it is taken up again when that has run out.
            _log.exception("The end of job %s could not be written down", job.id)
        finally:
            del self._running[job.id]
            self._notify()
            self.wake()

    async def _attempt(self, running: RunningJob) -> None:
        job = running.job

        def report(progress: Progress) -> None:
            running.progress = progress

        try:
            video = await generate_video(job, self._triton, self._folder, report)
            running.finishing = True
            await self._outcomes.completed(job, video)
        except asyncio.CancelledError:
            await self._stopped(running)
        except EngineUnavailableError as error:
            running.finishing = True  # from here on nobody is to stop it
            await self._outcomes.engine_lost(job, str(error))
        except SQLAlchemyError:
            raise
        except Exception as error:
            running.finishing = True
            await self._outcomes.failed(job, error)

    async def _stopped(self, running: RunningJob) -> None:
        match running.reason:
            case Reason.CANCELLED:
                await self._outcomes.cancelled(running.job)
            case Reason.ENGINE_LOST:
                await self._outcomes.engine_lost(running.job, "Triton is no longer ready")
            case Reason.SHUTDOWN | None:
                await self._outcomes.handed_back(running.job)
            case Reason.LEASE_LOST:
                log_job(running.job.id, "left to another worker")

    def _abort(self, job_ids: Iterable[str], reason: Reason) -> None:
        for job_id in job_ids:
            running = self._running.get(job_id)
            if running and running.task and not running.finishing and not running.reason:
                running.reason = reason
                running.task.cancel()

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def _repeat_claim(self) -> None:
        while not self.stopping:
            await _try(self._claim)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), _CLAIM_INTERVAL)
            self._wake.clear()

    async def _repeat(self, work: Callable[[], Awaitable[None]], interval: float) -> None:
        while True:
            await _try(work)
            await asyncio.sleep(interval)


async def _try(work: Callable[[], Awaitable[None]]) -> None:
    try:
        await work()
    except Exception:  # a loop that ends would leave jobs waiting for ever
        _log.exception("The runner failed; trying again")
