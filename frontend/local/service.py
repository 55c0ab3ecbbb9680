"""Clips as users get them: through the HTTP API, as MP4."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import httpx
import numpy as np
from numpy.typing import NDArray

from demo.evaluation.prompts import ClipRequest
from frontend.local.api import LocalFrontend
from frontend.media.reader import read
from ltx_triton.launcher.local_triton import LocalTriton
from ltx_triton.pipeline.config import MODEL_REPOSITORY

_TIMEOUT = 300.0  # seconds


@contextmanager
def local_service(
    repository: Path = MODEL_REPOSITORY, environment: Mapping[str, str] | None = None
) -> Iterator[LocalFrontend]:
    """Start Triton and the frontend, with a folder of videos of their own."""
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalTriton(repository) as triton,
        LocalFrontend(
            triton,
            environment={"API_KEY_REQUIRED": "false", "OUTPUT_DIR": folder}
            | dict(environment or {}),
            log_file=Path(folder) / "frontend.log",
        ) as frontend,
    ):
        yield frontend


def served_clip(url: str, request: ClipRequest) -> NDArray[np.uint8]:
    """A clip by the service at `url`: UINT8 [N, H, W, 3]."""
    with (
        httpx.Client(base_url=url, timeout=_TIMEOUT) as http,
        tempfile.NamedTemporaryFile(suffix=".mp4") as video,
    ):
        answer = http.post("/generate", json=asdict(request)).raise_for_status().json()
        video.write(http.get(answer["download_url"]).raise_for_status().content)
        video.flush()
        return read(Path(video.name)).frames
