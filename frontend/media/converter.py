"""Make what is derived from a finished video, once, and keep it beside the video."""

import asyncio
import os
import secrets
from contextlib import suppress
from pathlib import Path
from weakref import WeakValueDictionary

from frontend.media.derived import Derived
from frontend.media.ffmpeg import failure, start, unwritable
from ltx_triton.video_spec import VideoSpec

_AT_ONCE = 2  # of a worker, each with one thread for every part of ffmpeg
_NICENESS = 10  # the engines of a CPU come first


class Converter:
    """Several workers may make the same file at once; each is complete, and the last one stays."""

    def __init__(self) -> None:
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._locks: WeakValueDictionary[Path, asyncio.Lock] = WeakValueDictionary()

    async def derived(self, video: Path, spec: VideoSpec, kind: Derived) -> Path:
        """Return the path of the file, made now if it is missing.

        Raises:
            FileNotFoundError: there is no video.
            EncodingError: the file could not be made or written.
        """
        path = kind.path(video)
        async with self._locks.setdefault(path, asyncio.Lock()):
            if not await asyncio.to_thread(_is_made, path, video):
                async with self._slots:
                    await _make(path, video, spec, kind)
        return path


def _is_made(path: Path, video: Path) -> bool:
    video.stat()
    return path.exists()


async def _make(path: Path, video: Path, spec: VideoSpec, kind: Derived) -> None:
    what = f"The {kind} of the video"
    partial = path.with_name(f"{path.name}.{secrets.token_hex(8)}.partial")
    try:
        await _run(
            what,
            *("-filter_threads", "1", "-filter_complex_threads", "1"),
            *("-threads", "1", "-i", str(video)),
            *kind.options(spec),
            *("-threads", "1", str(partial)),
        )
        await asyncio.to_thread(_publish, what, partial, path, video)
    finally:
        partial.unlink(missing_ok=True)


async def _run(what: str, *arguments: str) -> None:
    ffmpeg = await start(arguments)
    try:
        with suppress(ProcessLookupError):
            # Of the group: niceness belongs to threads, and some may have begun.
            own = os.getpriority(os.PRIO_PROCESS, 0)
            os.setpriority(os.PRIO_PGRP, ffmpeg.pid, max(own, _NICENESS))
        _, messages = await ffmpeg.communicate()
    except BaseException:
        with suppress(ProcessLookupError):
            ffmpeg.kill()
        await ffmpeg.wait()
        raise
    if status := ffmpeg.returncode:
        raise failure(what, status, messages)


def _publish(what: str, partial: Path, path: Path, video: Path) -> None:
    try:
        partial.replace(path)
    except OSError as error:
        raise unwritable(what, error) from error
    # Whoever removes a video removes what is derived from it afterwards: one of the two sees it.
    try:
        video.stat()
    except FileNotFoundError:
        path.unlink(missing_ok=True)
        raise
