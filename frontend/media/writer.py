"""Frames to an MP4 that appears under its name only when it is complete."""

import asyncio
import errno
import logging
import os
import signal
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import imageio_ffmpeg

from frontend.triton import Frames
from ltx_triton.settings import Mp4Preset
from ltx_triton.video_spec import VideoSpec

_log = logging.getLogger(__name__)

_CRF = "18"  # visually lossless


def mp4_options(preset: Mp4Preset) -> list[str]:
    """Return ffmpeg's options for the file."""
    return [
        *("-c:v", "libx264", "-preset", preset, "-crf", _CRF, "-pix_fmt", "yuv420p"),
        *("-movflags", "+faststart", "-f", "mp4"),
    ]


class EncodingError(Exception):
    """The video could not be written; the message says why without naming paths."""


class NoRoomError(EncodingError):
    """The disk is full."""


class EncoderKilledError(EncodingError):
    """A signal has ended ffmpeg, as the kernel does when memory runs out."""


class Mp4Writer:
    """Encodes H.264 as frames arrive; a context that leaves no file unless `finish` succeeded.

    ffmpeg is run here and not by `imageio_ffmpeg.write_frames`, which ignores its exit status and
    does not keep its messages.
    """

    def __init__(self, path: Path, partial: Path, spec: VideoSpec, preset: Mp4Preset) -> None:
        self._path = path
        self._partial = partial
        self._command = [
            *(imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-v", "error"),
            *("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{spec.width}x{spec.height}"),
            *("-r", f"{spec.frame_rate:g}", "-i", "pipe:0"),
            *mp4_options(preset),
            str(partial),
        ]

    async def __aenter__(self) -> Self:
        """Start ffmpeg.

        Raises:
            EncodingError: no file can be written there; better known before the engine has worked.
        """
        try:
            self._partial.touch()
        except OSError as error:
            raise _unwritable(error) from error
        try:
            self._ffmpeg = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,  # Ctrl-C is for the server, which stops its jobs itself
            )
        except BaseException:  # a cancellation above all: __aexit__ is not called for it
            self._partial.unlink(missing_ok=True)
            raise
        assert self._ffmpeg.stdin  # noqa: S101  a pipe, as asked for
        assert self._ffmpeg.stderr  # noqa: S101
        self._stdin = self._ffmpeg.stdin
        self._messages = asyncio.create_task(self._ffmpeg.stderr.read())
        return self

    async def write(self, frames: Frames) -> None:
        """Encode the next frames.

        Raises:
            EncodingError: ffmpeg has stopped.
        """
        for frame in frames:
            try:
                self._stdin.write(frame.tobytes())
                await self._stdin.drain()
            except (BrokenPipeError, ConnectionResetError):
                raise await self._failure() from None

    async def finish(self) -> int:
        """Complete the file, put it under its name and return its size in bytes.

        Raises:
            EncodingError: ffmpeg could not write it.
        """
        self._stdin.close()
        if await self._ffmpeg.wait() != 0:
            raise await self._failure()
        try:
            size = self._partial.stat().st_size
            self._partial.replace(self._path)
        except OSError as error:
            raise _unwritable(error) from error
        return size

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with suppress(ProcessLookupError):
            self._ffmpeg.kill()
        self._messages.cancel()
        await self._ffmpeg.wait()
        self._partial.unlink(missing_ok=True)

    async def _failure(self) -> EncodingError:
        status = await self._ffmpeg.wait()
        text = (await self._messages).decode(errors="replace").strip()
        _log.error("ffmpeg ended with exit status %d: %s", status, text)
        if status < 0:
            name = signal.Signals(-status).name
            return EncoderKilledError(f"The video could not be written: {name} ended ffmpeg")
        # The last words of its first line are the reason; before them stand paths of this machine.
        reason = text.partition("\n")[0].rpartition(": ")[2]
        if not reason or "/" in reason:
            reason = f"ffmpeg ended with exit status {status}"
        kind = NoRoomError if reason == os.strerror(errno.ENOSPC) else EncodingError
        return kind(f"The video could not be written: {reason}")


def _unwritable(error: OSError) -> EncodingError:
    _log.error("The video cannot be written", exc_info=error)
    kind = NoRoomError if error.errno == errno.ENOSPC else EncodingError
    return kind(f"The video cannot be written: {error.strerror}")
