"""Define the requests and answers of a peer; every peer's worker imports this."""

import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from benchmarks.baselines.worker import serve_commands

_TEMPORAL_COMPRESSION = 8


@dataclass(frozen=True)
class PeerRequest:
    prompt: str
    width: int
    height: int
    num_frames: int
    frame_rate: float
    seed: int
    steps: int
    decode_timestep: float
    decode_noise_scale: float
    mp4: list[str]  # ffmpeg and its encoding options

    @property
    def made_frames(self) -> int:
        """The next number of frames that the VAE can make."""
        return 1 + _TEMPORAL_COMPRESSION * -(-(self.num_frames - 1) // _TEMPORAL_COMPRESSION)

    def pipeline_arguments(self) -> dict[str, Any]:
        """Return the arguments that all pipelines share."""
        return {
            "prompt": self.prompt,
            "width": self.width,
            "height": self.height,
            "num_frames": self.made_frames,
            "frame_rate": self.frame_rate,
            "num_inference_steps": self.steps,
            "guidance_scale": 1.0,
        }


# UINT8 [at least num_frames, height, width, 3]
Generate = Callable[[PeerRequest], NDArray[Any]]


def serve(generate: Generate) -> None:
    """Answer the command "video" with the seconds of the frames, of their MP4 and of both."""

    def video(fields: dict[str, Any]) -> dict[str, float]:
        request = PeerRequest(**fields)
        started = time.perf_counter()
        frames = generate(request)
        made = time.perf_counter()
        with tempfile.NamedTemporaryFile(suffix=".mp4") as file:
            kept = frames[: request.num_frames]
            write_mp4(kept, request.frame_rate, request.mp4, Path(file.name))
        ended = time.perf_counter()
        return {"frames": made - started, "mp4": ended - made, "total": ended - started}

    serve_commands({"video": video})


def write_mp4(frames: NDArray[Any], frame_rate: float, mp4: list[str], path: Path) -> None:
    """Encode UINT8 [N, height, width, 3] with `mp4`, ffmpeg and its encoding options."""
    _, height, width, _ = frames.shape
    ffmpeg, *encoding = mp4
    command = [
        *(ffmpeg, "-y", "-v", "error", "-f", "rawvideo", "-pix_fmt", "rgb24"),
        *("-s", f"{width}x{height}", "-r", f"{frame_rate:g}"),
        *("-i", "pipe:0", *encoding, str(path)),
    ]
    subprocess.run(command, input=frames.tobytes(), check=True)
