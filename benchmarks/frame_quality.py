"""PSNR and SSIM of two videos, as ffmpeg measures them."""

import re
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from imageio_ffmpeg import get_ffmpeg_exe
from numpy.typing import NDArray


def frame_quality(frames: NDArray[np.uint8], reference: NDArray[np.uint8]) -> dict[str, float]:
    """Compare UINT8 [N, H, W, 3] with the reference of the same shape.

    Returns:
        `psnr` in dB, infinite for equal frames, and `ssim`, 1 for equal frames.

    Raises:
        subprocess.CalledProcessError: ffmpeg failed.
    """
    _, height, width, _ = frames.shape
    with tempfile.TemporaryDirectory() as folder:
        inputs: list[str | Path] = []
        for name, video in (("frames", frames), ("reference", reference)):
            file = Path(folder) / name
            video.tofile(file)
            inputs += ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-i", file]
        return {
            "psnr": _measure(inputs, "psnr", r"average:(\S+)"),
            "ssim": _measure(inputs, "ssim", r"All:(\S+)"),
        }


def _measure(inputs: list[str | Path], name: str, pattern: str) -> float:
    # Planar RGB: without it ffmpeg would compare in YUV with halved colour.
    graph = f"[0]format=gbrp[a];[1]format=gbrp[b];[a][b]{name}"
    command = [get_ffmpeg_exe(), "-nostdin", *inputs, "-lavfi", graph, "-f", "null", "-"]
    finished = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(re.findall(pattern, finished.stderr)[-1])
