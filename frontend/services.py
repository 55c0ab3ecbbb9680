"""Assemble the parts of one worker."""

import asyncio
import logging
import os
import socket
import tempfile
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from pydantic import SecretStr

from frontend.api.openai.requests import CreateVideoRequest, RemixVideoRequest
from frontend.api.rate_limit import RATE_LIMIT, RateLimiter
from frontend.api.requests import GenerateRequest, QuoteRequest
from frontend.api.services import Services
from frontend.api.video_fields import with_limits
from frontend.api.webhook_event import webhook_event
from frontend.database.database import STORE_AWAY, Database
from frontend.engine_pace import EnginePace
from frontend.jobs.circuit_breaker import CircuitBreaker
from frontend.jobs.estimate import Estimator
from frontend.jobs.queue import CLAIM, JobQueue
from frontend.jobs.storage import VideoFolder
from frontend.jobs.store import ADMISSION, JobStore
from frontend.jobs.worker import JobRunner
from frontend.media.converter import Converter
from frontend.metrics.counters import JobCounters
from frontend.triton import TritonClient
from frontend.webhooks.courier import Courier
from frontend.webhooks.outbox import Outbox
from frontend.webhooks.sender import Sender
from ltx_triton.memory_budget import MemoryBudget
from ltx_triton.settings import Settings

GATES = (ADMISSION, CLAIM, RATE_LIMIT)

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Intervals:
    """Seconds."""

    retry_delay: float = 2.0  # times the number of attempts so far
    cleanup: float = 600.0
    webhooks: float = 0.5
    webhook_timeout: float = 10.0
    webhook_delays: tuple[float, ...] = (5, 30, 120, 600, 3600, 6 * 3600)  # before each other try


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
        settings.private_metadata,
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
        estimator = Estimator(store, triton, budget, settings.max_concurrent_jobs)
        runner = JobRunner(
            store,
            queue,
            triton,
            breaker,
            folder,
            budget,
            estimator,
            counters,
            retry_delay=intervals.retry_delay,
        )
        runner.start()
        stack.push_async_callback(runner.stop)
        cleaner = asyncio.create_task(_repeat(partial(_clean, folder, store), intervals.cleanup))
        stack.callback(cleaner.cancel)
        if settings.webhook_secret:
            courier = _open_courier(settings.webhook_secret, settings, database, intervals)
            stack.push_async_callback(courier.stop)
            sending = asyncio.create_task(_repeat(courier.send_due, intervals.webhooks))
            stack.callback(sending.cancel)
        yield Services(
            settings=settings,
            store=store,
            folder=folder,
            triton=triton,
            breaker=breaker,
            budget=budget,
            estimator=estimator,
            runner=runner,
            rate_limiter=RateLimiter(database, settings.rate_limit_per_minute),
            converter=Converter(),
            generate_request=with_limits(GenerateRequest, settings),
            quote_request=with_limits(QuoteRequest, settings),
            create_video_request=with_limits(CreateVideoRequest, settings),
            remix_video_request=with_limits(RemixVideoRequest, settings),
        )


def _open_courier(
    secret: SecretStr, settings: Settings, database: Database, intervals: Intervals
) -> Courier:
    timeout = intervals.webhook_timeout
    lease = 3 * timeout
    return Courier(
        Outbox(database, lease, longest_delay=max(lease, *intervals.webhook_delays)),
        Sender(
            secret.get_secret_value(), timeout, allow_private=settings.webhook_private_addresses
        ),
        partial(webhook_event, root_path=settings.root_path),
        intervals.webhook_delays,
    )


async def _clean(folder: VideoFolder, store: JobStore) -> None:
    if removed := await asyncio.to_thread(folder.clean, store):
        _log.info("Removed %d expired jobs", removed)


async def _repeat(work: Callable[[], Awaitable[None]], interval: float) -> None:
    while True:
        try:
            await work()
        except STORE_AWAY as error:
            _log.warning("The job store is away: %s", error.args[0])
        except Exception:  # try again next time
            _log.exception("Work in the background failed; trying again")
        await asyncio.sleep(interval)
