"""Download clips as users get them: through the HTTP API, as MP4."""

import tempfile
from dataclasses import asdict
from pathlib import Path

import httpx
import numpy as np
from numpy.typing import NDArray

from demo.evaluation.prompts import ClipRequest
from frontend.media.reader import read

_TIMEOUT = 300.0  # seconds


def download_clip(url: str, request: ClipRequest) -> NDArray[np.uint8]:
    """Request a clip from the service at `url` and decode it: UINT8 [N, H, W, 3]."""
    with (
        httpx.Client(base_url=url, timeout=_TIMEOUT, trust_env=False) as http,
        tempfile.NamedTemporaryFile(suffix=".mp4") as video,
    ):
        answer = http.post("/generate", json=asdict(request)).raise_for_status().json()
        video.write(http.get(answer["download_url"]).raise_for_status().content)
        video.flush()
        return read(Path(video.name)).frames
