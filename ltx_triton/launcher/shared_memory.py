"""The regions that Triton's Python backend keeps in /dev/shm."""

import os
from contextlib import suppress
from pathlib import Path

import psutil

_FOLDER = Path("/dev/shm")  # noqa: S108  where Triton puts them, not a temporary file of ours
_PREFIX = "ltx_triton_"


class SharedMemory:
    """The regions of one server, told from others by a prefix with the launcher's pid."""

    def __init__(self) -> None:
        self.prefix = f"{_PREFIX}{os.getpid()}_{id(self):x}_"

    def remove(self) -> None:
        """Remove what the server of this launcher has left."""
        for region in _FOLDER.glob(f"{self.prefix}*"):
            region.unlink(missing_ok=True)

    @staticmethod
    def remove_leftovers() -> None:
        """Remove what servers of launchers that are gone (killed, power cut) have left."""
        for region in _FOLDER.glob(f"{_PREFIX}*"):
            pid = region.name.removeprefix(_PREFIX).partition("_")[0]
            if pid.isdecimal() and not psutil.pid_exists(int(pid)):
                with suppress(PermissionError):  # another user's
                    region.unlink(missing_ok=True)
