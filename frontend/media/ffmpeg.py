"""ffmpeg as a child process, and what its end means."""

import asyncio
import errno
import logging
import os
import re
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence

import imageio_ffmpeg

_SPEAKER = re.compile(r"^\[[^]]*\] ")  # the part of ffmpeg that speaks, with an address

_log = logging.getLogger(__name__)


class EncodingError(Exception):
    """A file could not be written; the message says why without naming paths."""


class NoRoomError(EncodingError):
    """The disk is full."""


class EncoderKilledError(EncodingError):
    """A signal has ended ffmpeg, as the kernel does when memory runs out."""


async def start(
    arguments: Sequence[str], stdin: int = DEVNULL, keep: Sequence[int] = ()
) -> Process:
    """Start ffmpeg, which overwrites its output; it inherits the file descriptors to keep."""
    return await asyncio.create_subprocess_exec(
        *(imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-v", "error", *arguments),
        stdin=stdin,
        stdout=DEVNULL,
        stderr=PIPE,
        pass_fds=keep,
        start_new_session=True,  # Ctrl-C is for the server, which stops its jobs itself
    )


def failure(what: str, status: int, messages: bytes) -> EncodingError:
    """Return the error of an ffmpeg that ended so and said this."""
    text = messages.decode(errors="replace").strip()
    _log.error("ffmpeg ended with exit status %d: %s", status, text)
    if status < 0:
        name = signal.Signals(-status).name
        return EncoderKilledError(f"{what} could not be written: {name} ended ffmpeg")
    # The last words of its first line are the reason; before them stand paths of this machine.
    line = _SPEAKER.sub("", text.partition("\n")[0])
    reason = line.rpartition(": ")[2]
    if not reason or "/" in reason:
        reason = f"ffmpeg ended with exit status {status}"
    kind = NoRoomError if reason == os.strerror(errno.ENOSPC) else EncodingError
    return kind(f"{what} could not be written: {reason}")


def unwritable(what: str, error: OSError) -> EncodingError:
    """Return the error of a file that the file system did not take."""
    _log.error("%s cannot be written", what, exc_info=error)
    kind = NoRoomError if error.errno == errno.ENOSPC else EncodingError
    return kind(f"{what} cannot be written: {error.strerror}")
