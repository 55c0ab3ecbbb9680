"""Assemble the parts of one worker."""

import asyncio
import logging
import os
import socket
import tempfile
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from frontend.api.openai.requests import CreateVideoRequest
from frontend.api.rate_limit import RATE_LIMIT, RateLimiter
from frontend.api.requests import GenerateRequest
from frontend.api.services import Services
from frontend.api.video_fields import with_limits
from frontend.database.database import Database
from frontend.engine_pace import EnginePace
from frontend.jobs.circuit_breaker import CircuitBreaker
from frontend.jobs.memory_budget import MemoryBudget
from frontend.jobs.queue import CLAIM, JobQueue
from frontend.jobs.storage import VideoFolder
from frontend.jobs.store import ADMISSION, JobStore
from frontend.jobs.worker import JobRunner
from frontend.metrics.counters import JobCounters
from frontend.triton import TritonClient
from ltx_triton.settings import Settings

GATES = (ADMISSION, CLAIM, RATE_LIMIT)

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Intervals:
    """Seconds."""

    retry_delay: float = 2.0  # times the number of attempts so far
    cleanup: float = 600.0


def open_job_store(settings: Settings) -> Database:
    """Create the folder of videos if it is missing, and bring the job store up to date."""
    settings.output_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=settings.output_dir):
        pass  # fail now if the folder is not writable
    database = Database(settings.job_store_url)
    try:
        database.prepare(GATES)
    except Exception:
        database.close()
        raise
    return database


def open_folder(settings: Settings) -> VideoFolder:
    return VideoFolder(
        settings.output_dir.resolve(),
        settings.max_storage_gb,
        settings.cleanup_after_days,
        settings.mp4_preset,
    )


@asynccontextmanager
async def running_services(settings: Settings, intervals: Intervals) -> AsyncIterator[Services]:
    """Start the parts of a worker, and stop them at the end."""
    async with AsyncExitStack() as stack:  # stops every part even if another fails to stop
        database = await asyncio.to_thread(open_job_store, settings)
        stack.callback(database.close)
        worker_id = f"{socket.gethostname()[:40]}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        counters = JobCounters()
        store = JobStore(database, counters)
        queue = JobQueue(database, worker_id, settings.max_concurrent_jobs, observer=counters)
        folder = open_folder(settings)
        pace = EnginePace(settings.max_resolution**2 * settings.max_frames)
        triton = TritonClient(settings.triton_grpc_address, pace)
        stack.push_async_callback(triton.close)
        breaker = CircuitBreaker(triton)
        stack.push_async_callback(breaker.stop)
        budget = MemoryBudget(settings.memory_budget_gb, settings.api_workers)
        runner = JobRunner(
            store,
            queue,
            triton,
            breaker,
            folder,
            budget,
            counters,
            retry_delay=intervals.retry_delay,
        )
        runner.start()
        stack.push_async_callback(runner.stop)
        cleaner = asyncio.create_task(_clean_repeatedly(folder, store, intervals.cleanup))
        stack.callback(cleaner.cancel)
        yield Services(
            settings=settings,
            store=store,
            folder=folder,
            triton=triton,
            breaker=breaker,
            budget=budget,
            runner=runner,
            rate_limiter=RateLimiter(database, settings.rate_limit_per_minute),
            generate_request=with_limits(GenerateRequest, settings),
            create_video_request=with_limits(CreateVideoRequest, settings),
        )


async def _clean_repeatedly(folder: VideoFolder, store: JobStore, interval: float) -> None:
    while True:
        try:
            removed = await asyncio.to_thread(folder.clean, store)
            if removed:
                _log.info("Removed %d expired jobs", removed)
        except Exception:  # try again next time
            _log.exception("Expired videos could not be removed")
        await asyncio.sleep(interval)
