"""The application before a fake Triton, with real SQLite, real ffmpeg and real HTTP."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from frontend.app import create_app
from ltx_triton.settings import Settings
from tests.frontend.fake_triton import FakeTriton

StartApi = Callable[..., TestClient]


@pytest.fixture
def triton() -> Iterator[FakeTriton]:
    with FakeTriton() as fake:
        yield fake


@pytest.fixture
def make_settings(triton: FakeTriton, tmp_path: Path) -> Callable[..., Settings]:
    def make(**values: Any) -> Settings:
        return Settings(
            **{
                "output_dir": tmp_path / "outputs",
                "triton_grpc_address": triton.address,
                "triton_metrics_url": triton.metrics_url,
                **values,
            }
        )

    return make


@pytest.fixture
def start_api(make_settings: Callable[..., Settings]) -> Iterator[StartApi]:
    """Starts a worker; called twice, it starts two that share the job store."""
    with ExitStack() as stack:

        def start(**values: Any) -> TestClient:
            app = create_app(make_settings(**values))
            return stack.enter_context(TestClient(app, raise_server_exceptions=False))

        yield start


@pytest.fixture
def api(start_api: StartApi) -> TestClient:
    return start_api()
