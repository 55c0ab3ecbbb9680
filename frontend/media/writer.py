"""Frames to an MP4 that appears under its name only when it is complete."""

import asyncio
import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from frontend.media.description import Description, ffmetadata
from frontend.media.ffmpeg import EncodingError, failure, start, unwritable
from frontend.media.filters import TO_BT709, TO_JPEG, fit, middle
from frontend.triton import Frames
from ltx_triton.model_info import ModelInfo
from ltx_triton.settings import Mp4Preset
from ltx_triton.video_spec import VideoSpec

_CRF = "18"  # visually lossless
_WHAT = "The video"
_POSTER_SIDE = 320  # pixels, of the longest side


def mp4_options(preset: Mp4Preset) -> list[str]:
    """Return ffmpeg's options for the file and its first stream."""
    return [
        *("-filter:v:0", TO_BT709, "-c:v:0", "libx264", "-preset:v:0", preset, "-crf:v:0", _CRF),
        *("-movflags", "+faststart", "-f", "mp4"),
    ]


def _poster_options(spec: VideoSpec) -> list[str]:
    """Return ffmpeg's options for a second stream of one image, which players show as the cover."""
    image = f"{middle(spec)},{fit(spec, _POSTER_SIDE)},{TO_JPEG}"
    return [
        *("-filter:v:1", image, "-c:v:1", "mjpeg", "-q:v:1", "4"),
        *("-disposition:v:1", "attached_pic"),
    ]


class Mp4Writer:
    """Encodes H.264 as frames arrive; a context that leaves no file unless `finish` succeeded.

    ffmpeg is run here and not by `imageio_ffmpeg.write_frames`, which ignores its exit status and
    does not keep its messages.
    """

    def __init__(
        self, path: Path, partial: Path, spec: VideoSpec, preset: Mp4Preset, *, private: bool
    ) -> None:
        """Leave title and comment out if `private`."""
        self._path = path
        self._partial = partial
        self._spec = spec
        self._preset = preset
        self._private = private

    async def __aenter__(self) -> Self:
        """Start ffmpeg.

        Raises:
            EncodingError: no file can be written there; better known before the engine has worked.
        """
        try:
            self._partial.touch()
        except OSError as error:
            raise unwritable(_WHAT, error) from error
        # A pipe of its own: the description comes later than ffmpeg's start, and other users of
        # the machine see its command line.
        read_end, write_end = os.pipe()
        try:
            self._description, _ = await asyncio.get_running_loop().connect_write_pipe(
                asyncio.BaseProtocol, os.fdopen(write_end, "wb", buffering=0)
            )
            self._ffmpeg = await start(
                self._arguments(read_end), asyncio.subprocess.PIPE, keep=[read_end]
            )
        except BaseException:  # a cancellation above all: __aexit__ is not called for it
            self._partial.unlink(missing_ok=True)
            raise
        finally:
            os.close(read_end)  # with no reader left, the transport of the other end closes itself
        assert self._ffmpeg.stdin  # noqa: S101  a pipe, as asked for
        assert self._ffmpeg.stderr  # noqa: S101
        self._stdin = self._ffmpeg.stdin
        self._messages = asyncio.create_task(self._ffmpeg.stderr.read())
        return self

    def _arguments(self, description: int) -> list[str]:
        spec = self._spec
        return [
            *("-f", "ffmetadata", "-i", f"pipe:{description}"),
            *("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{spec.width}x{spec.height}"),
            *("-r", f"{spec.frame_rate:g}", "-i", "pipe:0"),
            *("-map_metadata", "0", "-map", "1:v", "-map", "1:v"),
            *mp4_options(self._preset),
            *_poster_options(spec),
            str(self._partial),
        ]

    def describe(self, info: ModelInfo | None) -> None:
        """Say what the video shows and which model makes it; the first call counts."""
        if not self._description.is_closing():
            description = None if self._private else Description.of(self._spec, info)
            self._description.write(ffmetadata(description))
            self._description.close()  # once it is written

    async def write(self, frames: Frames) -> None:
        """Encode the next frames.

        Raises:
            EncodingError: ffmpeg has stopped.
        """
        self.describe(None)
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
        self.describe(None)
        self._stdin.close()
        if await self._ffmpeg.wait() != 0:
            raise await self._failure()
        try:
            size = self._partial.stat().st_size
            self._partial.replace(self._path)
        except OSError as error:
            raise unwritable(_WHAT, error) from error
        return size

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with suppress(ProcessLookupError):
            self._ffmpeg.kill()
        self._description.close()
        self._messages.cancel()
        await self._ffmpeg.wait()
        self._partial.unlink(missing_ok=True)

    async def _failure(self) -> EncodingError:
        return failure(_WHAT, await self._ffmpeg.wait(), await self._messages)
