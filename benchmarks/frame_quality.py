"""PSNR and SSIM of two videos.

SSIM comes from ffmpeg, which the project has anyway, and not from torchmetrics, which is slower and
larger. Their windows differ, and with them the last digits.
"""

import re
import subprocess
import tempfile
from pathlib import Path
from statistics import mean

import numpy as np
from imageio_ffmpeg import get_ffmpeg_exe
from numpy.typing import NDArray


def psnr(frames: NDArray[np.uint8], reference: NDArray[np.uint8]) -> float:
    """Return the peak signal-to-noise ratio in dB, infinite for equal frames."""
    error = np.mean(np.square(frames.astype(np.float64) - reference))
    return float("inf") if error == 0 else float(10 * np.log10(255**2 / error))


def ssim(frames: NDArray[np.uint8], reference: NDArray[np.uint8]) -> float:
    """Return the structural similarity of UINT8 [N, H, W, 3], 1 for equal frames.

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
        # Planar RGB: ffmpeg would otherwise compare in YUV with subsampled colour.
        graph = "[0]format=gbrp[a];[1]format=gbrp[b];[a][b]ssim=stats_file=-"
        command = [get_ffmpeg_exe(), "-nostdin", *inputs, "-lavfi", graph, "-f", "null", "-"]
        finished = subprocess.run(command, check=True, capture_output=True, text=True)
    return mean(float(value) for value in re.findall(r"All:(\S+)", finished.stdout))
