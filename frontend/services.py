"""The parts of one worker, put together."""

import asyncio
import logging
import os
import socket
import tempfile
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from frontend.api.rate_limit import RATE_LIMIT, RateLimiter
from frontend.api.requests import GenerateRequest, generate_request
from frontend.database.database import Database
from frontend.jobs.outcomes import Outcomes
from frontend.jobs.queue import CLAIM, JobQueue
from frontend.jobs.storage import VideoFolder
from frontend.jobs.store import ADMISSION, JobStore
from frontend.jobs.worker import JobRunner
from frontend.triton import TritonClient
from ltx_triton.settings import Settings

GATES = (ADMISSION, CLAIM, RATE_LIMIT)
_CLEANUP_INTERVAL = 600.0  # seconds

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Services:
    """What the routes work with."""

    settings: Settings
    store: JobStore
    folder: VideoFolder
    triton: TritonClient
    runner: JobRunner
    rate_limiter: RateLimiter
    generate_request: type[GenerateRequest]


def open_job_store(settings: Settings) -> Database:
    """Create the folder of videos if it is missing, and open its job store."""
    settings.output_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=settings.output_dir):
        pass  # better to learn now that nothing can be written there
    database = Database(settings.job_store_url)
    database.prepare(GATES)
    return database


@asynccontextmanager
async def running_services(settings: Settings) -> AsyncIterator[Services]:
    """Start the parts of a worker, and stop them at the end."""
    async with AsyncExitStack() as stack:  # every part is stopped, even if another fails to
        database = await asyncio.to_thread(open_job_store, settings)
        stack.callback(database.close)
        worker_id = f"{socket.gethostname()[:40]}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        store = JobStore(database)
        queue = JobQueue(database, worker_id, settings.max_concurrent_jobs)
        folder = VideoFolder(
            settings.output_dir.resolve(), settings.max_storage_gb, settings.cleanup_after_days
        )
        triton = TritonClient(settings.triton_grpc_address)
        stack.push_async_callback(triton.close)
        outcomes = Outcomes(queue, folder)
        runner = JobRunner(store, queue, triton, folder, outcomes)
        runner.start()
        stack.push_async_callback(runner.stop)
        cleaner = asyncio.create_task(_clean_regularly(folder, store))
        stack.callback(cleaner.cancel)
        yield Services(
            settings=settings,
            store=store,
            folder=folder,
            triton=triton,
            runner=runner,
            rate_limiter=RateLimiter(database, settings.rate_limit_per_minute),
            generate_request=generate_request(settings),
        )


async def _clean_regularly(folder: VideoFolder, store: JobStore) -> None:
    while True:
        try:
            removed = await asyncio.to_thread(folder.clean, store)
            if removed:
                _log.info("Removed %d jobs that had expired", removed)
        except Exception:  # next time may be better
            _log.exception("Expired videos could not be removed")
        await asyncio.sleep(_CLEANUP_INTERVAL)


def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


CurrentServices = Annotated[Services, Depends(_services)]
