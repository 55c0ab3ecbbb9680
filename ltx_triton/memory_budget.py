"""Which videos fit into memory, alone and side by side, and with which engines loaded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ltx_triton.contract import TEXT_ENCODER
from ltx_triton.engines.memory_use import DeviceKind, DeviceMemory
from ltx_triton.model_info import ModelInfo
from ltx_triton.video_spec import VideoSpec

SHARE = 0.9  # of what the machine has: others take some of it, too
BYTES_PER_GB = 1e9  # of MEMORY_BUDGET_GB

# Measured besides the engines; docs/sizing.md compares the sum with what the processes take.
_SERVICE_BYTES = 200e6  # Triton, the denoising loop, and the libraries that processes share
_WORKER_BYTES = 100e6  # a process of the API
_VIDEO_BYTES = 30e6  # ffmpeg, and connections
_FRAME_COPIES = 1.0  # of all frames, between the decoder and ffmpeg

_MEMORY: dict[DeviceKind, str] = {"cpu": "memory", "cuda": "GPU memory"}


class TooLargeError(Exception):
    """The video can never be made here; the message says what it needs."""


@dataclass(frozen=True)
class MemoryBudget:
    """Limits the memory of videos, by MEMORY_BUDGET_GB or by what each device has free."""

    # 10^9 bytes, on the transformer's device; without it, and elsewhere: `SHARE` of what is free
    budget_gb: float | None
    api_workers: int

    def require(self, info: ModelInfo, spec: VideoSpec) -> None:
        """Raise TooLargeError unless the video can be made while nothing else is."""
        if info.memory is None:
            return
        limits = self._limits(info)
        for device, needed in self.needed(info, [spec]).items():
            if needed > limits[device]:
                is_set = self.budget_gb is not None and device == info.device
                origin = "MEMORY_BUDGET_GB" if is_set else f"{SHARE:.0%} of the free memory"
                raise TooLargeError(
                    f"{_size(spec)} needs {_gb(needed)} GB of {_MEMORY[device]}; the limit is "
                    f"{_gb(limits[device])} GB ({origin}); try fewer frames or pixels"
                )
        shared = info.memory.needed_shared(info.limits.latent_size(spec))
        if shared > info.memory.shared_bytes:
            raise TooLargeError(
                f"{_size(spec)} needs {shared / 1e6:.0f} MB of shared memory; /dev/shm has "
                f"{info.memory.shared_bytes / 1e6:.0f} MB free; try fewer frames or pixels"
            )

    def unload_where_short(self, info: ModelInfo, usual: VideoSpec) -> ModelInfo:
        """Return the info with a text encoder that is unloaded after each use, or as it is.

        It is unloaded where a usual video needs more than the limit beside all loaded engines, and
        less without the text encoder.
        """
        on_cpu = _devices(info).get("cpu")
        if info.memory is None or on_cpu is None or TEXT_ENCODER.name not in on_cpu.engines:
            return info
        unloading = on_cpu.model_copy(update={"unloads_text_encoder": True})
        devices = {**info.memory.devices, "cpu": unloading}
        memory = info.memory.model_copy(update={"devices": devices})
        unloaded = info.model_copy(update={"memory": memory})
        loaded = self.needed(info, [usual])["cpu"]
        is_short = loaded > self._limits(info)["cpu"]
        return unloaded if is_short and self.needed(unloaded, [usual])["cpu"] < loaded else info

    def fits(self, info: ModelInfo, running: Sequence[VideoSpec], spec: VideoSpec) -> bool:
        """Return whether the video can be made beside those that are running."""
        if not running:
            return True
        # Otherwise the text encoder would be loaded for one video while the other takes its place.
        if info.memory is not None and info.memory.unloads_text_encoder:
            return False
        needed, limits = self.needed(info, [*running, spec]), self._limits(info)
        return all(size <= limits[device] for device, size in needed.items())

    def needed(self, info: ModelInfo, specs: Sequence[VideoSpec]) -> dict[DeviceKind, float]:
        """Return the bytes of each device that the service takes to make these videos at once.

        Empty if the exporter has not measured the engines.
        """
        videos = [info.limits.latent_size(spec) for spec in specs]
        needed = {name: device.needed(videos) for name, device in _devices(info).items()}
        if "cpu" in needed:  # the rest of the service is there, too
            pixels = [spec.width * spec.height * spec.num_frames for spec in specs]
            needed["cpu"] += self._service_bytes(pixels)
        return needed

    def _service_bytes(self, pixels: Sequence[int]) -> float:
        """Return what is taken besides the engines, for videos of so many pixels in all frames."""
        videos = sum(_VIDEO_BYTES + _FRAME_COPIES * 3 * each for each in pixels)
        return _SERVICE_BYTES + self.api_workers * _WORKER_BYTES + videos

    def _limits(self, info: ModelInfo) -> dict[DeviceKind, float]:
        limits = {name: SHARE * each.available_bytes for name, each in _devices(info).items()}
        if self.budget_gb is not None:
            limits[info.device] = self.budget_gb * BYTES_PER_GB
        return limits


def _devices(info: ModelInfo) -> Mapping[DeviceKind, DeviceMemory]:
    return {} if info.memory is None else info.memory.devices


def _size(spec: VideoSpec) -> str:
    return f"width={spec.width}, height={spec.height}, num_frames={spec.num_frames}"


def _gb(size: float) -> str:
    return f"{size / BYTES_PER_GB:.1f}"
