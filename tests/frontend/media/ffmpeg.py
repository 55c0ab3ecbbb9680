"""What ffmpeg reads from a file, and the processes of it that run."""

import re
import subprocess
from contextlib import suppress
from pathlib import Path

import imageio_ffmpeg
import psutil


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


def ffmpegs() -> list[psutil.Process]:
    """Those that this process started; a database of other tests may be its child as well."""
    found = []
    for child in psutil.Process().children():
        with suppress(psutil.NoSuchProcess):
            if "ffmpeg" in child.name():
                found.append(child)
    return found
