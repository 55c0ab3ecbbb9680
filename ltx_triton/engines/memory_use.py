"""Memory of the engines by size of the video: the exporter measures, the model info tells."""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict

from ltx_triton.contract import TEXT_ENCODER, VAE_DECODER
from ltx_triton.engines.cpu_runtime import CpuRuntime
from ltx_triton.engines.remedies import BUILD_PLANS
from ltx_triton.json_file import JsonFile
from ltx_triton.repository.layout import ENGINE_FILE, PLAN_FILE

DeviceKind = Literal["cpu", "cuda"]

_REGION_BYTES = 2e6  # before any large answer
_UNLOADED_BYTES = 50e6  # of its process: 46 MB were measured, without libraries


@dataclass(frozen=True)
class LatentSize:
    """Size of a video's latents."""

    frames: int
    area: int  # rows x columns
    texts: int = 1  # that they are denoised with side by side: 2 with guidance

    @property
    def tokens(self) -> int:
        return self.frames * self.area


@dataclass(frozen=True)
class MemoryAt:
    """Memory in bytes for videos of one size, besides what the engine holds between videos."""

    tokens: int  # latent frames x rows x columns
    first_bytes: int  # for one video
    further_bytes: int  # for each other video of this size at the same time
    output_bytes: int  # of the engine's largest answer, which passes through shared memory


class EngineMemory(JsonFile):
    """The memory of one engine on its device.

    `sizes` are in ascending order; beyond them, the line through the last two goes on.
    """

    REMEDY = "run `make export` again"

    version: Literal[2] = 2
    resting_bytes: int  # held between videos
    area: int | None  # latent rows x columns of all `sizes`; None: the tokens alone count
    sizes: tuple[MemoryAt, ...]

    def first_bytes(self, video: LatentSize) -> float:
        return self._estimate(video, lambda size: size.first_bytes)

    def further_bytes(self, video: LatentSize) -> float:
        return self._estimate(video, lambda size: size.further_bytes)

    def output_bytes(self, video: LatentSize) -> float:
        return self._estimate(video, lambda size: size.output_bytes)

    def _estimate(self, video: LatentSize, part: Callable[[MemoryAt], int]) -> float:
        """Return the larger of two estimates: by tokens, and by area for as many frames.

        Attention grows with the tokens; a decoder that works through the frames in pieces grows
        with the area.
        """
        points = [(size.tokens, part(size)) for size in self.sizes]
        by_tokens = _interpolate(points, video.tokens)
        if self.area is None:
            return by_tokens
        of_measured_area = _interpolate(points, video.frames * self.area)
        return max(by_tokens, of_measured_area * video.area / self.area)


class CpuMemory(EngineMemory):
    """Of `model.onnx`, in FP32 unless the graph itself is BF16."""

    FILE = f"{ENGINE_FILE}.memory.json"

    runtime: CpuRuntime = CpuRuntime.OPENVINO  # that it was measured in


class GpuMemory(EngineMemory):
    """Of `model.plan`: its weights, and the activations of its largest profile."""

    FILE = f"{PLAN_FILE}.memory.json"
    REMEDY = BUILD_PLANS


class DeviceMemory(BaseModel):
    """The memory of the engines on one device, and what it has for them and their videos."""

    model_config = ConfigDict(frozen=True)

    available_bytes: int
    engines: Mapping[str, EngineMemory]  # by model
    unloads_text_encoder: bool = False  # after each use

    def needed(self, videos: Sequence[LatentSize]) -> float:
        """Return the bytes that these engines take while they make these videos."""
        return engine_bytes(self.engines, videos, unloads_text_encoder=self.unloads_text_encoder)


class MemoryUse(BaseModel):
    """The memory of all engines, each on its own device."""

    model_config = ConfigDict(frozen=True)

    shared_bytes: int  # free in the machine's shared memory
    devices: Mapping[DeviceKind, DeviceMemory]

    @property
    def unloads_text_encoder(self) -> bool:
        return any(device.unloads_text_encoder for device in self.devices.values())

    def needed_shared(self, video: LatentSize) -> float:
        """Return the least shared memory in bytes that a video passes through.

        Each process of Triton's Python backend has a region, and the largest answer passes through
        two of them. Earlier videos may have left a region no block that is large enough; then it
        grows by another one.
        """
        answers = [
            sum(map(engine.output_bytes, _batch(name, video)))
            for device in self.devices.values()
            for name, engine in device.engines.items()
        ]
        return _REGION_BYTES * (len(answers) + 1) + 2 * max(answers)


def _batch(engine_name: str, video: LatentSize) -> list[LatentSize]:
    """Return what the engine works on at once: only the decoder takes latents without text."""
    return [video] * (1 if engine_name == VAE_DECODER.name else video.texts)


def engine_bytes(
    engines: Mapping[str, EngineMemory],
    videos: Sequence[LatentSize],
    *,
    unloads_text_encoder: bool,
) -> float:
    """Return the bytes that engines of one device take while they make these videos.

    With a text encoder that is unloaded after its use: the more of its phase and those after it.
    """
    if not unloads_text_encoder:
        return sum(_taken(name, engine, videos) for name, engine in engines.items())
    others = {name: engine for name, engine in engines.items() if name != TEXT_ENCODER.name}
    making = _UNLOADED_BYTES + engine_bytes(others, videos, unloads_text_encoder=False)
    if not videos:
        return making
    resting = sum(engine.resting_bytes for engine in others.values())
    return max(making, resting + _taken(TEXT_ENCODER.name, engines[TEXT_ENCODER.name], videos))


def _taken(name: str, engine: EngineMemory, videos: Sequence[LatentSize]) -> float:
    """An engine works on one video or batch at a time, and keeps a little of each other one."""
    if not videos:
        return engine.resting_bytes
    latents = [each for video in videos for each in _batch(name, video)]
    *others, largest = sorted(latents, key=engine.first_bytes)
    further = sum(map(engine.further_bytes, others))
    return engine.resting_bytes + engine.first_bytes(largest) + further


def _interpolate(points: Sequence[tuple[int, int]], at: int) -> float:
    """Linearly; the first value before the first point, the last slope behind the last."""
    if at <= points[0][0] or len(points) == 1:
        return points[0][1]
    index = min(bisect_left(points, (at, 0)), len(points) - 1)
    (before, low), (after, high) = points[index - 1 : index + 1]
    slope = (high - low) / (after - before)
    # Noise may let a measurement fall; further on, a larger video never takes less.
    return low + (at - before) * (max(0.0, slope) if at > after else slope)
