"""What ffmpeg reads from a file."""

import re
import subprocess
from pathlib import Path

import imageio_ffmpeg


def ffmpeg(*arguments: str | Path) -> bytes:
    program = imageio_ffmpeg.get_ffmpeg_exe()
    return subprocess.run(
        [program, "-v", "error", *arguments], capture_output=True, check=True
    ).stdout


def tags(video: Path) -> dict[str, str]:
    """Title and comment, as ffmpeg reads them."""
    text = ffmpeg("-i", video, "-f", "ffmetadata", "-").decode()
    lines = re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL).split("\n")
    found = (line.partition("=") for line in lines)
    return {name: value for name, _, value in found if name in ("title", "comment")}
