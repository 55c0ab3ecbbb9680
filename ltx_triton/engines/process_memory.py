"""Memory of this process, and giving it back."""

import ctypes
from pathlib import Path

_STATUS = Path("/proc/self/status")
_HELD = ("RssAnon:", "RssShmem:")  # RssFile is of mapped weights, which the kernel can drop


class ProcessMemory:
    """Tells what the process has taken since the engine was loaded, when this was created."""

    def __init__(self) -> None:
        self._loaded = held_bytes()

    def exceeds(self, size: int) -> bool:
        return held_bytes() - self._loaded > size


def held_bytes() -> int:
    """Return what the process holds, without what the kernel can drop and read again."""
    lines = _STATUS.read_text(encoding="utf-8").splitlines()
    return 1024 * sum(int(line.split()[1]) for line in lines if line.startswith(_HELD))


def trim() -> None:
    """Give freed memory back to the system."""
    ctypes.CDLL(None).malloc_trim(0)
