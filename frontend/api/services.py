"""The parts of a worker that the routes use, as a FastAPI dependency."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from frontend.api.rate_limit import RateLimiter
from frontend.api.requests import GenerateRequest
from frontend.jobs.storage import VideoFolder
from frontend.jobs.store import JobStore
from frontend.jobs.worker import JobRunner
from frontend.triton import TritonClient
from ltx_triton.settings import Settings


@dataclass(frozen=True)
class Services:
    """The parts that the routes use."""

    settings: Settings
    store: JobStore
    folder: VideoFolder
    triton: TritonClient
    runner: JobRunner
    rate_limiter: RateLimiter
    generate_request: type[GenerateRequest]


def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


CurrentServices = Annotated[Services, Depends(_services)]
