"""Estimate queue positions and the times at which jobs will be finished."""

import asyncio
import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from frontend.database.database import STORE_AWAY
from frontend.jobs.cost import Cost, Measured, Size
from frontend.jobs.history import Learnt, learn
from frontend.jobs.model import FINISHED, Job, JobState
from frontend.jobs.schedule import Task, finish_times
from frontend.jobs.store import JobStore
from frontend.triton import TritonClient
from ltx_triton.contract import Stage
from ltx_triton.memory_budget import MemoryBudget
from ltx_triton.model_info import EngineLimits, ModelInfo
from ltx_triton.video_spec import VideoSpec

_VIDEOS = 200  # to learn from

# Seconds
_LEARNT_FOR = 1.0
_SEEN_FOR = 0.25
_ASKED_FOR = 5.0  # Triton, which said nothing
_INFO_TIMEOUT = 0.5  # it may hang

_POLL_SHARE = 0.1
_POLL_RANGE = (250, 5000)  # milliseconds
_POLL_UNKNOWN = 1000  # milliseconds

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Forecast:
    """Of a job that is queued or running."""

    queue_position: int  # 1 runs next, 0 runs
    eta_seconds: float | None  # until it is finished; None: no video was made yet


def poll_after_ms(eta_seconds: float | None) -> int:
    """Return when to ask again for a job that will be finished in so many seconds."""
    if eta_seconds is None:
        return _POLL_UNKNOWN
    least, most = _POLL_RANGE
    return round(min(most, max(least, 1000 * _POLL_SHARE * eta_seconds)))


@dataclass(frozen=True)
class _Unfinished:
    """The jobs that are running and queued, as they were at a moment."""

    seen_at: float = 0.0  # seconds since the epoch
    jobs: dict[str, Job] = field(default_factory=dict)
    positions: dict[str, int] = field(default_factory=dict)
    finish_times: dict[str, float] = field(default_factory=dict)  # seconds; empty: not known

    def knows(self, job: Job) -> bool:
        return job.id in self.jobs and self.jobs[job.id].state == job.state

    def eta(self, job_id: str) -> float | None:
        seconds = self.finish_times.get(job_id)
        return None if seconds is None else max(0.0, self.seen_at + seconds - time.time())

    def forecast(self, job_id: str) -> Forecast:
        eta = self.eta(job_id)
        return Forecast(self.positions.get(job_id, 0), None if eta is None else round(eta, 2))


class Estimator:
    """Reads the store a few times a second, however often it is asked."""

    def __init__(
        self, store: JobStore, triton: TritonClient, budget: MemoryBudget, max_running: int
    ) -> None:
        self._store = store
        self._triton = triton
        self._budget = budget
        self._max_running = max_running
        self._info: ModelInfo | None = None
        self._asked_at = -_ASKED_FOR
        self._known: dict[str, Job] = {}  # completed
        self._learnt: Learnt | None = None
        self._learnt_at = -_LEARNT_FOR
        self._unfinished = _Unfinished()
        self._lock = asyncio.Lock()

    async def cost(self, spec: VideoSpec) -> Cost | None:
        """Return what the video costs alone; None: no video was made yet."""
        await self._current()
        return self._cost(spec)

    async def eta_seconds(self, spec: VideoSpec) -> float | None:
        """Return when the video would be finished if it were asked for now; None: not known."""
        unfinished = await self._current()
        job = Job(id="", state=JobState.QUEUED, spec=spec)
        return self._finish_times([*unfinished.jobs.values(), job], time.time()).get(job.id)

    async def forecast(self, job: Job) -> Forecast | None:
        """Return what to say of a job that was just read.

        None: it is finished, or the store is away; a job that is stored is no failure, then.
        """
        if job.state in FINISHED:
            return None
        try:
            async with self._lock:
                if not self._unfinished.knows(job):
                    await self._look()
            _, forecast = await self.latest(job.id) or (None, None)
        except STORE_AWAY as error:
            _log.warning("The job store is away: %s", error.args[0])
            return None
        return forecast

    async def latest(self, job_id: str) -> tuple[Job, Forecast] | None:
        """Return the job as it was a moment ago; None: it is finished, or there is none."""
        unfinished = await self._current()
        job = unfinished.jobs.get(job_id)
        return (job, unfinished.forecast(job_id)) if job else None

    async def seconds_until_room(self) -> float | None:
        """Return when the next job will be finished; None: not known."""
        unfinished = await self._current()
        etas = [unfinished.eta(job_id) for job_id in unfinished.jobs]
        return min((eta for eta in etas if eta is not None), default=None)

    async def _current(self) -> _Unfinished:
        async with self._lock:
            if not 0 <= time.time() - self._unfinished.seen_at < _SEEN_FOR:
                await self._look()
            return self._unfinished

    async def _look(self) -> None:
        if self._triton.last_info is None and time.monotonic() - self._asked_at >= _ASKED_FOR:
            with suppress(TimeoutError):
                async with asyncio.timeout(_INFO_TIMEOUT):
                    await self._triton.model_info()
            self._asked_at = time.monotonic()
        self._info = self._triton.last_info
        self._unfinished = await asyncio.to_thread(self._read)

    def _read(self) -> _Unfinished:
        now = time.time()
        jobs = self._store.queued_and_running()
        if self._info and time.monotonic() - self._learnt_at >= _LEARNT_FOR:
            self._learnt = self._learn(self._info, jobs, now)
            self._learnt_at = time.monotonic()
        queued = [job.id for job in jobs if job.state == JobState.QUEUED]
        return _Unfinished(
            seen_at=now,
            jobs={job.id: job for job in jobs},
            positions={job_id: position for position, job_id in enumerate(queued, 1)},
            finish_times=self._finish_times(jobs, now),
        )

    def _learn(self, info: ModelInfo, unfinished: Sequence[Job], now: float) -> Learnt | None:
        completed = self._completed(info)
        first_with: dict[tuple[str, str], str] = {}  # the oldest stays
        for job in reversed(completed.values()):
            first_with.setdefault(_prompts(job.spec), job.id)
        videos = [
            Measured(
                _size(job.spec, info.limits),
                job.started_at,
                job.completed_at,
                job.stage_seconds,
                is_new_prompt=first_with[_prompts(job.spec)] == job.id,
            )
            for job in completed.values()
            if job.started_at and job.completed_at and job.stage_seconds
        ]
        # One that was completed between the two reads is in both.
        running = [
            job.started_at for job in unfinished if job.started_at and job.id not in completed
        ]
        return learn(videos, running, now)

    def _completed(self, info: ModelInfo) -> dict[str, Job]:
        """Return jobs of this model, the latest first, even those deleted since the last look."""
        stored = {job.id: job for job in self._store.latest_completed(_VIDEOS)}
        latest = sorted((self._known | stored).values(), key=lambda job: -job.created_at)
        self._known = {
            job.id: job
            for job in latest[:_VIDEOS]
            if (job.model_used, job.device_used) == (info.model_name, info.device)
        }
        return self._known

    def _cost(self, spec: VideoSpec) -> Cost | None:
        if self._info is None or self._learnt is None:
            return None
        return self._learnt.costs.cost(_size(spec, self._info.limits))

    def _finish_times(self, jobs: Sequence[Job], now: float) -> dict[str, float]:
        running: list[Task] = []
        queued: list[Task] = []
        for job in jobs:
            if cost := self._cost(job.spec):
                tasks = running if job.state == JobState.RUNNING else queued
                tasks.append(_task(job, cost, now))
        if self._info is None or self._learnt is None:
            return {}
        return finish_times(
            running,
            queued,
            slots=self._max_running,
            fits=partial(self._budget.fits, self._info),
            sharing=self._learnt.sharing,
        )


def _prompts(spec: VideoSpec) -> tuple[str, str]:
    return spec.prompt, spec.negative_prompt


def _size(spec: VideoSpec, limits: EngineLimits) -> Size:
    steps = spec.num_inference_steps or limits.default_num_inference_steps
    latents = limits.latent_size(spec)
    return Size(latents.tokens, steps, latents.texts)


def _task(job: Job, cost: Cost, now: float) -> Task:
    task = Task.whole(job.id, job.spec, cost)
    if job.state == JobState.RUNNING:
        share = job.step / job.total_steps if job.stage == Stage.DENOISE else 0.0
        since = now - (job.reported_at or job.started_at or now)
        task.reached(Stage(job.stage or Stage.TEXT), share, since)
    return task
