"""Decode MP4 files with ffmpeg."""

from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Mp4:
    codec: str
    pixel_format: str
    fps: float
    frames: NDArray[np.uint8]  # [N, H, W, 3]


def read(path: Path) -> Mp4:
    """Decode a file.

    Raises:
        OSError: not a video.
    """
    reader = imageio_ffmpeg.read_frames(path)
    about = next(reader)
    width, height = about["size"]
    frames = np.frombuffer(b"".join(reader), np.uint8).reshape(-1, height, width, 3)
    return Mp4(
        codec=about["codec"],
        pixel_format=about["pix_fmt"].partition("(")[0],
        fps=about["fps"],
        frames=frames,
    )
