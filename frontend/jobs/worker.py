"""Run the jobs of one worker: claim them, renew their leases, stop them when necessary."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from functools import partial

from frontend.database.database import STORE_AWAY
from frontend.jobs.attempt import Attempt, StopReason
from frontend.jobs.circuit_breaker import CircuitBreaker
from frontend.jobs.estimate import Estimator
from frontend.jobs.lease_clock import LeaseClock
from frontend.jobs.model import Job
from frontend.jobs.observer import UNOBSERVED, JobObserver
from frontend.jobs.queue import JobQueue
from frontend.jobs.storage import VideoFolder
from frontend.jobs.store import JobStore
from frontend.jobs.waiters import Waiters
from frontend.logs import log_job
from frontend.triton import TritonClient
from ltx_triton.memory_budget import MemoryBudget

# Seconds
_CLAIM_INTERVAL = 0.5  # a job posted to this worker is claimed at once
_WATCH_INTERVAL = 0.4
_PROGRESS_INTERVAL = 0.25  # a database write per step would steal CPU time from the engines
_RENEWAL_INTERVAL = 1.0
_READINESS_INTERVAL = 2.0
_HAND_OVER_INTERVAL = 0.25  # for jobs that another process runs

_READINESS_FAILURES = 2  # in a row: one slow answer does not mean that the engine is lost

_log = logging.getLogger(__name__)


class JobRunner:
    """The part of a worker that generates videos."""

    def __init__(
        self,
        store: JobStore,
        queue: JobQueue,
        triton: TritonClient,
        breaker: CircuitBreaker,
        folder: VideoFolder,
        budget: MemoryBudget,
        estimator: Estimator,
        observer: JobObserver = UNOBSERVED,
        retry_delay: float = 2.0,  # seconds, times the number of attempts so far
    ) -> None:
        self._store = store
        self._queue = queue
        self._triton = triton
        self._breaker = breaker
        self._folder = folder
        self._budget = budget
        self._estimator = estimator
        self._observer = observer
        self._retry_delay = retry_delay
        self._clock = LeaseClock(queue.lease_seconds)
        self._waiters = Waiters(store)
        self._attempts: dict[str, Attempt] = {}  # by job ID
        self._tasks: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._renewed_at = 0.0
        self._readiness_failures = 0
        self._stopping = False

    def start(self) -> None:
        self._loops = [
            asyncio.create_task(self._repeat(self._watch, _WATCH_INTERVAL)),
            asyncio.create_task(self._repeat(self._store_progress, _PROGRESS_INTERVAL)),
            asyncio.create_task(self._repeat(self._check_readiness, _READINESS_INTERVAL)),
            asyncio.create_task(self._repeat(self._hand_over, _HAND_OVER_INTERVAL)),
        ]
        self._claim_loop = asyncio.create_task(self._repeat_claim())

    def begin_shutdown(self) -> None:
        """Claim no more jobs, and send those away who wait for one."""
        self._stopping = True
        self.wake()
        self._waiters.close()

    async def stop(self) -> None:
        """Return all running jobs to the queue."""
        self.begin_shutdown()
        await asyncio.wait([self._claim_loop])  # not cancelled: it may just have claimed a job
        for loop in self._loops:
            loop.cancel()
        self._stop(self._attempts, StopReason.SHUTDOWN)
        await asyncio.gather(*self._loops, *self._tasks, return_exceptions=True)

    def wake(self) -> None:
        """Claim now: a job has been queued."""
        self._wake.set()

    def cancel(self, job_id: str) -> None:
        """Stop a job whose cancellation is stored, if it runs here."""
        self._stop([job_id], StopReason.CANCELLED)

    async def wait_until_finished(self, job_id: str) -> Job | None:
        """Wait for a job, whichever worker runs it; None if it has been deleted.

        Raises:
            ShuttingDownError: this worker stops.
        """
        return await self._waiters.wait(job_id)

    async def _claim(self) -> None:
        held = list(self._attempts)
        if self._clock.trusts() and await asyncio.to_thread(self._queue.reclaim_expired, held):
            _log.warning("Jobs of a worker that died have been taken back")
            await asyncio.to_thread(self._folder.clean_partials, self._store)
        while await asyncio.to_thread(self._queue.has_work):
            # Ask each time: the last claim may have lost the engine.
            if self._stopping or await self._breaker.error() or not await self._has_room():
                return
            info = await self._triton.model_info()
            if info is None:
                return  # ask again at the next claim
            job = await asyncio.to_thread(self._queue.claim, partial(self._budget.fits, info))
            if job is None:
                return
            self._begin(job)

    def _begin(self, job: Job) -> None:
        log_job(job.id, "running", attempt=job.attempts)
        attempt = self._attempts[job.id] = Attempt(
            job,
            self._queue,
            self._triton,
            self._breaker,
            self._folder,
            self._observer,
            self._retry_delay,
        )
        task = asyncio.create_task(self._run(attempt))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, attempt: Attempt) -> None:
        job_id = attempt.job.id
        try:
            await attempt.run()
        except Exception:
            # Its lease is no longer renewed; when it has expired, a worker takes the job up again.
            _log.exception("The result of job %s could not be recorded", job_id)
        finally:
            del self._attempts[job_id]
            self.wake()
        await self._try(lambda: self._waiters.hand_over([job_id]))

    async def _watch(self) -> None:
        """Renew the leases; notice cancellations, and takeovers by other workers."""
        running = list(self._attempts)
        if not running:
            return
        if time.monotonic() - self._renewed_at >= _RENEWAL_INTERVAL:
            await asyncio.to_thread(self._queue.renew, running)
            self._renewed_at = time.monotonic()
        owned = await asyncio.to_thread(self._queue.owned)
        self._stop([job for job in running if job not in owned.ids], StopReason.LEASE_LOST)
        self._stop([job for job in running if job in owned.to_cancel], StopReason.CANCELLED)

    async def _store_progress(self) -> None:
        for attempt in list(self._attempts.values()):
            progress = attempt.progress
            if progress and progress is not attempt.stored_progress:
                if attempt.stored_progress is None:  # once, or the percentage might go back
                    attempt.expect(await self._estimator.cost(attempt.job.spec))
                await asyncio.to_thread(self._queue.report, attempt.job, progress, attempt.percent)
                attempt.stored_progress = progress

    async def _check_readiness(self) -> None:
        if not self._attempts:
            return
        error = await self._triton.readiness_error()
        self._readiness_failures = self._readiness_failures + 1 if error else 0
        if error and self._readiness_failures >= _READINESS_FAILURES:
            self._breaker.open(error)
            self._stop(self._attempts, StopReason.ENGINE_LOST)

    async def _hand_over(self) -> None:
        await self._waiters.hand_over(self._waiters.job_ids - self._attempts.keys())

    def _stop(self, job_ids: Iterable[str], reason: StopReason) -> None:
        for job_id in job_ids:
            if attempt := self._attempts.get(job_id):
                attempt.stop(reason)

    async def _repeat_claim(self) -> None:
        while not self._stopping:
            await self._try(self._claim)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), _CLAIM_INTERVAL)
            self._wake.clear()

    async def _repeat(self, work: Callable[[], Awaitable[None]], interval: float) -> None:
        while True:
            await self._try(work)
            await asyncio.sleep(interval)

    async def _has_room(self) -> bool:
        return await asyncio.to_thread(self._folder.has_room)

    async def _try(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except STORE_AWAY as error:
            # Nobody can renew a lease meanwhile.
            self._clock.doubt()
            _log.warning("The job store is away: %s", error.args[0])
        except Exception:  # a loop that ends would leave jobs waiting for ever
            _log.exception("The runner failed; trying again")
