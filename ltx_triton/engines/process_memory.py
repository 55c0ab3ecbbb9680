"""Memory of this process, and giving it back."""

import ctypes

import psutil


class ProcessMemory:
    """Tells what the process has taken since the engine was loaded, when this was created."""

    def __init__(self) -> None:
        self._loaded = resident_bytes()

    def exceeds(self, size: int) -> bool:
        return resident_bytes() - self._loaded > size


def resident_bytes() -> int:
    return psutil.Process().memory_info().rss


def trim() -> None:
    """Give freed memory back to the system."""
    ctypes.CDLL(None).malloc_trim(0)
