"""Measure the memory of an engine on this machine's CPU, in a process of its own."""

import os
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path

import numpy as np

from export.child_process import in_child
from export.verification.inputs import Inputs, random_inputs
from ltx_triton.contract import FIRST_FRAME, TEXT_ENCODER, VAE_DECODER, ModelContract
from ltx_triton.engines.cpu_runtime import CpuRuntime, runtime_of
from ltx_triton.engines.memory_use import CpuMemory, MemoryAt
from ltx_triton.engines.open import open_session
from ltx_triton.engines.session import Arrays, EngineSession
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.repository.layout import DATA_FILE

# 9, 57 and 257 frames of 512 x 512 with LTX-Video. Ascending.
_LATENT_FRAMES = (2, 8, 33)
# 9, 25 and 57 frames for an engine of the real size, where 257 take a quarter of an hour.
_FEWER_LATENT_FRAMES = (2, 4, 8)
_REAL_SIZE = 1e9  # bytes of weights
_LATENT_ROWS = _LATENT_COLUMNS = 16

_STATUS = Path("/proc/self/status")
_RESET = Path("/proc/self/clear_refs")
_RESET_PEAK = "5"  # proc(5)
_MAPPINGS = Path("/proc/self/smaps")


def measure_memory(
    contract: ModelContract,
    config: PipelineConfig,
    folder: Path,
    remedy: str = "SKIP_VERIFICATION=1 exports without measuring",
) -> CpuMemory:
    """Make one video and two at a time, of several sizes, in FP32: other precisions take less.

    A graph that is BF16 stays BF16. The runtime is that of CPU_RUNTIME.

    Opening the engine counts towards the text encoder's videos, which may wait for it each time.

    Neither libraries are counted, which the processes of the engines share, nor the mapped file of
    the weights, which the kernel can drop: OpenVINO has a copy of what it reads again.

    Args:
        contract: of the engine.
        config: the shapes of its tensors.
        folder: has `model.onnx`.
        remedy: what helps if memory runs out.

    Raises:
        ExportError: the engine's process was killed, as the kernel does when memory runs out.
    """
    crash_message = (
        f"{contract.name} ended while its memory was measured: this machine has too "
        f"little memory; {remedy}"
    )
    return in_child(crash_message, measure_here, contract, config, folder)


def measure_here(contract: ModelContract, config: PipelineConfig, folder: Path) -> CpuMemory:
    """Measure in this process, which then holds what the engine has left."""
    os.environ.update(MODEL_DEVICE="cpu", CPU_PRECISION="fp32")
    _RESET.write_text(_RESET_PEAK, encoding="ascii")
    session = open_session(folder, contract)
    opening = _status("VmHWM")
    one: list[int] = []  # peaks with one video, and with two
    two: list[int] = []
    outputs: list[int] = []
    latent_frames = _measured_frames(contract, folder)
    for frames in latent_frames:
        videos = [_inputs(contract, config, frames, seed) for seed in (0, 1)]
        for peaks, some in ((one, videos[:1]), (two, videos)):
            _RESET.write_text(_RESET_PEAK, encoding="ascii")
            largest = _run(session, contract, config, some)
            peaks.append(_status("VmHWM"))
        outputs.append(largest)
    resting = _status("VmRSS")
    least = max(resting, opening) if contract == TEXT_ENCODER else resting
    one = list(accumulate(one, max, initial=least))[1:]
    return CpuMemory(
        runtime=runtime_of(contract.name),
        resting_bytes=resting - _mapped_bytes(),
        area=_LATENT_ROWS * _LATENT_COLUMNS,
        sizes=tuple(
            MemoryAt(
                tokens=frames * _LATENT_ROWS * _LATENT_COLUMNS,
                first_bytes=first - resting,
                further_bytes=max(0, both - first),
                output_bytes=output,
            )
            for frames, first, both, output in zip(latent_frames, one, two, outputs, strict=True)
        ),
    )


def _measured_frames(contract: ModelContract, folder: Path) -> tuple[int, ...]:
    """Return fewer for a large engine whose memory grows in proportion: OpenVINO's."""
    is_large = (folder / DATA_FILE).stat().st_size > _REAL_SIZE
    in_openvino = runtime_of(contract.name) is CpuRuntime.OPENVINO
    return _FEWER_LATENT_FRAMES if is_large and in_openvino else _LATENT_FRAMES


def _inputs(contract: ModelContract, config: PipelineConfig, frames: int, seed: int) -> Inputs:
    sizes = {
        "batch": 1,
        "frames": frames,
        "latent_height": _LATENT_ROWS,
        "latent_width": _LATENT_COLUMNS,
        "tokens": config.text_length,
    }
    generator = np.random.default_rng(seed)
    return random_inputs(contract, config, 1, sizes, config.num_inference_steps, generator)


def _run(
    session: EngineSession,
    contract: ModelContract,
    config: PipelineConfig,
    videos: Sequence[Arrays],
) -> int:
    """Return the bytes of the largest answer to a request for one video."""
    if contract == VAE_DECODER:
        latent_frames = videos[0]["latents"].shape[1]
        frames = 1 + config.temporal_compression * (latent_frames - 1)
        return _decode_in_turns(session, videos, frames)
    outputs = session.run(
        {name: np.concatenate([each[name] for each in videos]) for name in videos[0]}
    )
    return sum(array.nbytes for array in outputs.values()) // len(videos)


def _decode_in_turns(session: EngineSession, videos: Sequence[Arrays], frames: int) -> int:
    """Decode the next piece of each video until all have so many frames."""
    made = largest = 0
    while made < frames:
        for video in videos:
            piece = session.run(video, {FIRST_FRAME: made})["frames"]
        made += piece.shape[1]
        largest = max(largest, piece.nbytes)
    return largest


def _status(field: str) -> int:
    lines = _STATUS.read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{field}:"))


def _mapped_bytes() -> int:
    """Return what this process has in memory of libraries and of weights in their file."""
    total, counts = 0, False
    for line in _MAPPINGS.read_text(encoding="utf-8").splitlines():
        name, *rest = line.split()
        if not name.endswith(":"):  # the first line of a mapping, with its file at the end
            file = Path(rest[-1])
            counts = ".so" in file.suffixes or file.name == DATA_FILE
        elif name == "Rss:" and counts:
            total += int(rest[0]) * 1024
    return total
