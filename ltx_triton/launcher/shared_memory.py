"""The shared-memory regions of Triton's Python backend."""

import secrets
from contextlib import suppress

from ltx_triton.engines.machine_memory import SHARED_MEMORY
from ltx_triton.launcher.ownership import OwnerLock, has_dead_owner

_PREFIX = "ltx_triton_"
_LOCK = ".lock"


class SharedMemory:
    """The regions of one server: their names begin with its prefix."""

    def __init__(self) -> None:
        name = f"{_PREFIX}{secrets.token_hex(8)}"
        self.prefix = f"{name}_"
        self._lock = OwnerLock(SHARED_MEMORY / f"{name}{_LOCK}")

    def remove(self) -> None:
        _remove_regions(self.prefix)
        self._lock.release()

    @staticmethod
    def remove_stale() -> None:
        """Remove regions whose launcher no longer runs (killed, power cut)."""
        for lock in SHARED_MEMORY.glob(f"{_PREFIX}*{_LOCK}"):
            if has_dead_owner(lock):
                _remove_regions(f"{lock.name.removesuffix(_LOCK)}_")
                with suppress(PermissionError):  # another user's
                    lock.unlink(missing_ok=True)


def _remove_regions(prefix: str) -> None:
    for region in SHARED_MEMORY.glob(f"{prefix}*"):
        with suppress(PermissionError):
            region.unlink(missing_ok=True)
