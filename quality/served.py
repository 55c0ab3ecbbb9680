"""Clips as users get them: through the HTTP API, as MP4."""

import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np
from imageio_ffmpeg import get_ffmpeg_exe
from numpy.typing import NDArray

from frontend.local_frontend import LocalFrontend
from ltx_triton.local_triton import LocalTriton
from quality.prompts import DURATION, FPS, RESOLUTION, Prompt

_TIMEOUT = 300.0  # seconds


@contextmanager
def served_clips() -> Iterator[Callable[[Prompt], NDArray[np.uint8]]]:
    """Start the service; what it gives makes a clip, UINT8 [N, H, W, 3], of a prompt."""
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalTriton() as triton,
        LocalFrontend(
            triton,
            environment={"API_KEY_REQUIRED": "false", "OUTPUT_DIR": folder},
            log_file=Path(folder) / "frontend.log",
        ) as frontend,
        httpx.Client(base_url=frontend.url, timeout=_TIMEOUT) as http,
    ):

        def clip(prompt: Prompt) -> NDArray[np.uint8]:
            parameters = {
                "prompt": prompt.text,
                "seed": prompt.seed,
                "duration": DURATION,
                "fps": FPS,
                "resolution": RESOLUTION,
            }
            answer = http.post("/generate", json=parameters).raise_for_status().json()
            video = http.get(answer["download_url"]).raise_for_status().content
            http.delete(f"/jobs/{answer['job_id']}")
            return decode(video, height=RESOLUTION, width=RESOLUTION)

        yield clip


def decode(video: bytes, *, height: int, width: int) -> NDArray[np.uint8]:
    """Frames of an MP4, UINT8 [N, H, W, 3]."""
    with tempfile.NamedTemporaryFile(suffix=".mp4") as file:
        file.write(video)
        file.flush()
        command = [get_ffmpeg_exe(), "-v", "error", "-i", file.name]
        command += ["-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
        raw = subprocess.run(command, check=True, capture_output=True).stdout
    return np.frombuffer(raw, np.uint8).reshape(-1, height, width, 3)
