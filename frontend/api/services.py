"""The parts of a worker that the routes use, as a FastAPI dependency."""

import asyncio
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.exc import SQLAlchemyError

from frontend.api.openai.requests import CreateVideoRequest, RemixVideoRequest
from frontend.api.rate_limit import RateLimiter
from frontend.api.requests import GenerateRequest, QuoteRequest
from frontend.database.database import STORE_AWAY, StoreLostError
from frontend.health_reasons import DISK_FULL
from frontend.jobs.circuit_breaker import CircuitBreaker
from frontend.jobs.estimate import Estimator
from frontend.jobs.storage import VideoFolder
from frontend.jobs.store import JobStore
from frontend.jobs.worker import JobRunner
from frontend.media.converter import Converter
from frontend.triton import TritonClient
from ltx_triton.memory_budget import MemoryBudget
from ltx_triton.settings import Settings


@dataclass(frozen=True)
class Services:
    """The parts that the routes use."""

    settings: Settings
    store: JobStore
    folder: VideoFolder
    triton: TritonClient
    breaker: CircuitBreaker
    budget: MemoryBudget
    estimator: Estimator
    runner: JobRunner
    rate_limiter: RateLimiter
    converter: Converter
    # With the limits of the settings
    generate_request: type[GenerateRequest]
    quote_request: type[QuoteRequest]
    create_video_request: type[CreateVideoRequest]
    remix_video_request: type[RemixVideoRequest]

    async def error(self) -> str | None:
        """Return why no video can be made now, or None."""
        return await self.breaker.error() or await asyncio.to_thread(self._storage_error)

    async def unfinished(self) -> dict[str, int] | None:
        """Count the unfinished jobs by state; None while the job store is away."""
        try:
            return await asyncio.to_thread(self.store.unfinished)
        except STORE_AWAY:
            return None

    def _storage_error(self) -> str | None:
        try:
            self.store.database.ping()
        except StoreLostError as error:
            return str(error)
        except SQLAlchemyError:
            return "the job store does not answer"
        return None if self.folder.has_room() else DISK_FULL


def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


CurrentServices = Annotated[Services, Depends(_services)]
