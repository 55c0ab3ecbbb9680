"""The real stack over a real socket: Triton from the wheel, ONNX Runtime, ffmpeg, SQLite."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from frontend.local_frontend import LocalFrontend
from ltx_triton.local_triton import LocalTriton

StartFrontend = Callable[..., LocalFrontend]


@pytest.fixture
def start_frontend(triton: LocalTriton, tmp_path: Path) -> Iterator[StartFrontend]:
    """Starts frontends with settings of their own, which share one OUTPUT_DIR."""
    with ExitStack() as started:

        def start(**environment: str) -> LocalFrontend:
            return started.enter_context(
                LocalFrontend(
                    triton,
                    environment={"OUTPUT_DIR": str(tmp_path / "outputs"), **environment},
                    log_file=tmp_path / "frontend.log",
                )
            )

        yield start
