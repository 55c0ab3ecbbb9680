"""The shared-memory regions of Triton's Python backend."""

import os
from contextlib import suppress
from pathlib import Path

import psutil

_FOLDER = Path("/dev/shm")  # noqa: S108  chosen by Triton, not a temporary file
_PREFIX = "ltx_triton_"


class SharedMemory:
    """The regions of one server, identified by a prefix with the launcher's pid."""

    def __init__(self) -> None:
        self.prefix = f"{_PREFIX}{os.getpid()}_{id(self):x}_"

    def remove(self) -> None:
        for region in _FOLDER.glob(f"{self.prefix}*"):
            region.unlink(missing_ok=True)

    @staticmethod
    def remove_stale() -> None:
        """Remove regions whose launcher no longer runs (killed, power cut)."""
        for region in _FOLDER.glob(f"{_PREFIX}*"):
            pid = region.name.removeprefix(_PREFIX).partition("_")[0]
            if pid.isdecimal() and not psutil.pid_exists(int(pid)):
                with suppress(PermissionError):  # another user's
                    region.unlink(missing_ok=True)
