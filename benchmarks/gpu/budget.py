"""Compare the needs of a stage with the free resources, or with a smaller budget."""

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import torch

from ltx_triton.engines.machine_memory import left_bytes

PROCESS_BYTES = 3e9  # with torch, and a file of the checkpoint
ACTIVATIONS = 1.2  # weights and activations over weights


@dataclass(frozen=True)
class Need:
    """Memory that a part takes: an estimate from the sizes of weights."""

    host_bytes: float
    device_bytes: float = 0  # of the GPU; without one, of the host's memory


class Budget:
    def __init__(
        self,
        folder: Path,
        *,
        disk_gb: float | None = None,
        memory_gb: float | None = None,
        minutes: float | None = None,
        gpu_bytes: int | None = None,
    ) -> None:
        """Begin to count the minutes.

        Args:
            folder: for all files.
            disk_gb: most that `folder` may hold; None: all free space. The others likewise.
            memory_gb: of the host.
            minutes: of this run.
            gpu_bytes: free memory of the GPU; None: there is none.
        """
        self._folder = folder
        self._disk = disk_gb
        self._memory = memory_gb
        self._end = None if minutes is None else time.monotonic() + 60 * minutes
        self._gpu_bytes = gpu_bytes

    def lack_of_disk(self, size: float) -> str | None:
        """Say that `size` more bytes do not fit; None if they do. The others likewise."""
        left: float = shutil.disk_usage(self._folder).free
        if self._disk is not None:
            held = sum(file.stat().st_size for file in self._folder.rglob("*") if file.is_file())
            left = min(left, 1e9 * self._disk - held)
        return _lack(size, left, "disk")

    def lack_of_memory(self, need: Need) -> str | None:
        on_host = need.host_bytes + (0 if self._gpu_bytes is not None else need.device_bytes)
        left: float = left_bytes()
        if self._memory is not None:
            left = min(left, 1e9 * self._memory)
        lack = _lack(on_host, left, "memory")
        if lack is None and self._gpu_bytes is not None:
            lack = _lack(need.device_bytes, self._gpu_bytes, "GPU memory")
        return lack

    def lack_of_time(self, seconds: float) -> str | None:
        if self._end is None:
            return None
        left = max(0.0, self._end - time.monotonic())
        if seconds <= left:
            return None
        return f"takes about {seconds / 60:.1f} minutes and {left / 60:.1f} are left"


def _lack(size: float, left: float, what: str) -> str | None:
    left = max(0.0, left)
    if size <= left:
        return None
    return f"takes about {size / 1e9:.1f} GB of {what} and {left / 1e9:.1f} GB are left"


def free_gpu_bytes() -> int:
    """Ask the driver; the process that asks holds memory of the GPU from then on."""
    return int(torch.cuda.mem_get_info()[0])
