"""Which videos fit into memory, alone and side by side."""

from collections.abc import Sequence
from dataclasses import dataclass

from ltx_triton.engines.memory_use import MemoryUse
from ltx_triton.model_info import ModelInfo
from ltx_triton.video_spec import VideoSpec

_SHARE = 0.9  # of what the machine has: others take some of it, too

# Measured besides the engines; docs/sizing.md compares the sum with what the processes take.
_SERVICE_BYTES = 200e6  # Triton, the denoising loop, and the libraries that processes share
_WORKER_BYTES = 100e6  # a process of the API
_VIDEO_BYTES = 30e6  # ffmpeg, and connections
_FRAME_COPIES = 1.0  # of all frames, between the decoder and ffmpeg

_BYTES_PER_GB = 1e9


class TooLargeError(Exception):
    """The video can never be made here; the message says what it needs."""


@dataclass(frozen=True)
class MemoryBudget:
    """Limits the memory of videos, by MEMORY_BUDGET_GB or by what the device has free."""

    budget_gb: float | None  # 10^9 bytes; None: `_SHARE` of the free memory
    api_workers: int

    def require(self, info: ModelInfo, spec: VideoSpec) -> None:
        """Raise TooLargeError unless the video can be made while nothing else is."""
        if info.memory is None:
            return
        needed, limit = self.needed(info, [spec]), self._limit(info.memory)
        if needed > limit:
            origin = f"{_SHARE:.0%} of the free memory"
            raise TooLargeError(
                f"{_size(spec)} needs {_gb(needed)} GB of memory; the limit is {_gb(limit)} GB "
                f"({origin if self.budget_gb is None else 'MEMORY_BUDGET_GB'}); try fewer frames "
                "or pixels"
            )
        shared = info.memory.needed_shared(info.limits.latent_size(spec))
        if shared > info.memory.shared_bytes:
            raise TooLargeError(
                f"{_size(spec)} needs {shared / 1e6:.0f} MB of shared memory; /dev/shm has "
                f"{info.memory.shared_bytes / 1e6:.0f} MB free; try fewer frames or pixels"
            )

    def fits(self, info: ModelInfo, running: Sequence[VideoSpec], spec: VideoSpec) -> bool:
        """Return whether the video can be made beside those that are running."""
        if info.memory is None or not running:
            return True
        return self.needed(info, [*running, spec]) <= self._limit(info.memory)

    def needed(self, info: ModelInfo, specs: Sequence[VideoSpec]) -> float:
        """Return the bytes that the service takes while it makes these videos at once.

        0 if the exporter has not measured the engines.
        """
        if info.memory is None:
            return 0.0
        engines = info.memory.needed([info.limits.latent_size(spec) for spec in specs])
        if info.device != "cpu":  # the rest of the service has memory of its own
            return engines
        service = _SERVICE_BYTES + self.api_workers * _WORKER_BYTES
        return engines + service + sum(map(_video_bytes, specs))

    def _limit(self, memory: MemoryUse) -> float:
        if self.budget_gb is not None:
            return self.budget_gb * _BYTES_PER_GB
        return _SHARE * memory.available_bytes


def _video_bytes(spec: VideoSpec) -> float:
    frames = 3 * spec.width * spec.height * spec.num_frames
    return _VIDEO_BYTES + _FRAME_COPIES * frames


def _size(spec: VideoSpec) -> str:
    return f"width={spec.width}, height={spec.height}, num_frames={spec.num_frames}"


def _gb(size: float) -> str:
    return f"{size / _BYTES_PER_GB:.1f}"
