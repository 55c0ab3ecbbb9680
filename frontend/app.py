"""The FastAPI application."""

import asyncio
import multiprocessing
import signal
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import FrameType
from typing import Any

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware

from frontend.api import errors
from frontend.api.middleware import (
    HeadMiddleware,
    RequestCounterMiddleware,
    UnexpectedErrorMiddleware,
)
from frontend.api.routes import (
    events,
    gallery,
    generate,
    home,
    jobs,
    metrics,
    openai_videos,
    pages,
    quote,
    status_page,
    system,
    videos,
)
from frontend.api.security.api_key import ApiKeyMiddleware
from frontend.api.security.cross_site import CrossSiteMiddleware
from frontend.api.security.hosts import HostMiddleware
from frontend.jobs.worker import JobRunner
from frontend.services import Intervals, running_services
from frontend.web.static_files import STATIC, SWAGGER
from ltx_triton import __version__
from ltx_triton.parent_process import die_with_parent
from ltx_triton.settings import Settings, load_settings

_CORS_METHODS = ("GET", "POST", "DELETE")
_CORS_EXPOSED = (
    *("Content-Disposition", "Content-Range", "Retry-After"),
    *("openai-poll-after-ms", "x-should-retry"),
)


def create_app(settings: Settings | None = None, intervals: Intervals | None = None) -> FastAPI:
    """Create the application of one worker; the settings default to the environment."""
    settings = settings or load_settings()
    supervisor = multiprocessing.parent_process()  # uvicorn's, of several workers
    if supervisor and supervisor.pid:
        die_with_parent(supervisor.pid)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with running_services(settings, intervals or Intervals()) as services:
            app.state.services = services
            _begin_shutdown_on_signals(services.runner)
            yield

    app = FastAPI(
        title="LTX-Video API",
        version=__version__,
        lifespan=lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # behind TLS they would lead to http://
    )
    modules = (
        *(generate, quote, jobs, events, videos, openai_videos, system, metrics),
        *(home, gallery, status_page, pages),
    )
    errors.install_handlers(app, [route for each in modules for route in each.router.routes])
    for module in modules:
        app.include_router(module.router)
    app.mount("/static", STATIC)
    app.mount("/swagger", SWAGGER)
    # The last one added is asked first.
    app.add_middleware(UnexpectedErrorMiddleware)
    app.add_middleware(CrossSiteMiddleware, trusted_origins=settings.cors_origins)
    if settings.api_key_required and settings.api_key:
        app.add_middleware(ApiKeyMiddleware, key=settings.api_key.get_secret_value())
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=_CORS_METHODS,
            allow_headers=("*",),  # the SDKs add their own to what this API knows
            expose_headers=_CORS_EXPOSED,
        )
    app.add_middleware(HostMiddleware, names=(settings.api_host, *settings.allowed_hosts))
    app.add_middleware(GZipMiddleware, compresslevel=6)  # not videos, ranges and event streams
    app.add_middleware(RequestCounterMiddleware)
    app.add_middleware(HeadMiddleware)
    return app


def _begin_shutdown_on_signals(runner: JobRunner) -> None:
    """Notify the runner on the signal itself, not when the application shuts down.

    uvicorn shuts the application down only after the last open request, but requests that wait for
    a video would keep waiting.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        uvicorn_handler = signal.getsignal(number)

        def handle(
            number: int, frame: FrameType | None, uvicorn_handler: Any = uvicorn_handler
        ) -> None:
            loop.call_soon_threadsafe(runner.begin_shutdown)
            if callable(uvicorn_handler):
                uvicorn_handler(number, frame)

        signal.signal(number, handle)
