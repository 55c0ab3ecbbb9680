"""What an MP4 file holds, told by ffmpeg and by its own boxes."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Mp4:
    """A decoded file."""

    codec: str
    pixel_format: str
    width: int
    height: int
    fps: float
    frames: NDArray[np.uint8]  # [N, height, width, 3]
    boxes: list[str]  # top level, in file order


def read(path: Path) -> Mp4:
    probe = subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-i", str(path)],
        capture_output=True,
        text=True,
        check=False,
    ).stderr
    stream = re.search(r"Video: (\w+).*?, (\w+)\(.*?, (\d+)x(\d+).*?, ([\d.]+) fps", probe)
    assert stream, probe
    width, height = int(stream[3]), int(stream[4])
    raw = subprocess.run(
        [
            imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(path),
            "-f", "rawvideo", "-pix_fmt", "rgb24", "-",
        ],
        capture_output=True,
        check=True,
    ).stdout  # fmt: skip
    return Mp4(
        codec=stream[1],
        pixel_format=stream[2],
        width=width,
        height=height,
        fps=float(stream[5]),
        frames=np.frombuffer(raw, np.uint8).reshape(-1, height, width, 3),
        boxes=_boxes(path.read_bytes()),
    )


def _boxes(data: bytes) -> list[str]:
    names, position = [], 0
    while position < len(data):
        size = int.from_bytes(data[position : position + 4], "big")
        names.append(data[position + 4 : position + 8].decode())
        position += size
    return names
