"""What may be taken of the memory, and what the service takes of it besides its engines."""

from collections.abc import Mapping, Sequence

from ltx_triton.contract import TEXT_ENCODER
from ltx_triton.engines.memory_use import EngineMemory, LatentSize, engine_bytes

SHARE = 0.9  # of what the machine has: others take some of it, too
BYTES_PER_GB = 1e9  # of MEMORY_BUDGET_GB

# Measured besides the engines; docs/sizing.md compares the sum with what the processes take.
_SERVICE_BYTES = 200e6  # Triton, the denoising loop, and the libraries that processes share
_WORKER_BYTES = 100e6  # a process of the API
_VIDEO_BYTES = 30e6  # ffmpeg, and connections
_FRAME_COPIES = 1.0  # of all frames, between the decoder and ffmpeg

# 25 frames of 512 x 512 pixels with LTX-Video: about what a request has by default.
_USUAL_VIDEO = LatentSize(frames=4, area=16 * 16)
_USUAL_PIXELS = 25 * 512 * 512


def service_bytes(api_workers: int, pixels: Sequence[int]) -> float:
    """Return what the service takes while it makes videos of so many pixels in all frames."""
    videos = sum(_VIDEO_BYTES + _FRAME_COPIES * 3 * each for each in pixels)
    return _SERVICE_BYTES + api_workers * _WORKER_BYTES + videos


def must_unload_text_encoder(engines: Mapping[str, EngineMemory], limit: float) -> bool:
    """Tell whether the text encoder may only be held while it encodes.

    So it is where a usual video needs more than the limit with all engines loaded, and less without
    the text encoder. Depends on nothing that changes while the service runs: the engine's process
    and the model info each ask for themselves.

    Args:
        engines: those on the CPU, by model.
        limit: bytes that they and the service may take.
    """
    if TEXT_ENCODER.name not in engines:
        return False
    loaded, unloaded = (
        engine_bytes(engines, [_USUAL_VIDEO], unloads_text_encoder=unloads)
        for unloads in (False, True)
    )
    return unloaded < loaded and loaded + service_bytes(1, [_USUAL_PIXELS]) > limit
