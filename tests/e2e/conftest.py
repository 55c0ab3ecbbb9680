"""The real stack over a real socket: Triton from the wheel, OpenVINO, ffmpeg, SQLite."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Page

from frontend.local.api import LocalFrontend
from frontend.local.service import local_frontend, local_service
from ltx_triton.launcher.local_triton import LocalTriton
from tests.browser import chromium_page

StartFrontend = Callable[..., LocalFrontend]


@pytest.fixture(scope="package")
def demo(demo_repository: Path) -> Iterator[str]:
    """Base URL of a service that runs the engines that the repository ships."""
    with local_service(demo_repository) as service:
        yield service.url


@pytest.fixture(scope="package")
def browser_page() -> Iterator[Page]:
    with chromium_page() as page:
        yield page


@pytest.fixture
def start_frontend(triton: LocalTriton, tmp_path: Path) -> Iterator[StartFrontend]:
    """Starts frontends with settings of their own, which share one OUTPUT_DIR."""
    with ExitStack() as started:

        def start(**environment: str) -> LocalFrontend:
            return started.enter_context(local_frontend(triton, tmp_path, **environment))

        yield start
