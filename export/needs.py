"""Needs of an export, by the configs of a checkpoint alone."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor

from export.fp8.calibrate import MEMORY_SHARE, copy_hint
from export.graphs.engine import Engine
from export.memory.need import measuring_need
from export.precision import Precision
from export.room import Disk, Memory, Need
from ltx_triton.engines.cpu_runtime import CpuRuntime, runtime_of

# What `benchmarks.export_memory` has measured, rounded up.
BASE_BYTES = 0.85e9  # torch, diffusers and a graph
WEIGHT_SHARE = 2  # of the largest weight in FP32: what else is in memory
SECONDS_PER_GB = 13  # of engines, on two cores
VERIFICATION_SECONDS_PER_GB = 28
INT8_VERIFICATION = 1.5  # times as long: PyTorch runs with and without rounded weights


def engine_needs(
    engines: Sequence[Engine], precision: Precision, folder: Path, *, measured: bool
) -> list[Need]:
    """Return the needs of writing ONNX engines and comparing them with PyTorch.

    Args:
        engines: of the checkpoint.
        precision: of the engines.
        folder: where they will be.
        measured: whether their memory is measured, too.
    """
    largest = max(weight.numel() for engine in engines for _, weight in _weights(engine))
    needs: list[Need] = [
        Disk(
            f"ONNX engines in {precision}",
            sum(engine_weight_bytes(engine, precision) for engine in engines),
            folder,
        ),
        Memory(
            "work on one engine at a time",
            BASE_BYTES + WEIGHT_SHARE * largest * torch.float32.itemsize,
        ),
    ]
    if measured:
        needs.append(
            measuring_need(
                "what videos cost in memory",
                max(_held_bytes(engine, precision) for engine in engines),
                "SKIP_VERIFICATION=1 leaves it and the comparison with PyTorch out",
            )
        )
    return needs


def calibration_need(engines: Sequence[Engine], folder: Path) -> Memory:
    """Return what the FP8 calibration needs, in BF16 if FP32 does not fit.

    Args:
        engines: of the checkpoint.
        folder: where the result is looked for.
    """
    return Memory(
        "calibrate FP8",
        MEMORY_SHARE * max(map(_fp32_bytes, engines)) / 2,
        copy_hint(folder),
    )


def duration(engines: Sequence[Engine], precision: Precision, *, verification: bool) -> str:
    """Say how long writing engines takes, and comparing them."""
    what, seconds = "write", float(SECONDS_PER_GB)
    comparing = VERIFICATION_SECONDS_PER_GB * (INT8_VERIFICATION if _has_int8(engines) else 1)
    if verification:
        what, seconds = "write and compare", seconds + comparing
    size = sum(_worked_bytes(engine, precision) for engine in engines)
    minutes = max(1, round(size / 1e9 * seconds / 60))
    return f"{minutes} {'minute' if minutes == 1 else 'minutes'} to {what} engines on two cores"


def engine_weight_bytes(engine: Engine, precision: Precision) -> int:
    """Return the size of an engine's weights, in FP8 as if all linears of the blocks took it."""
    total = _int8_bytes(engine)
    for name, weight in _weights(engine):
        if name in engine.int8:
            continue
        linear = name.startswith("model.transformer_blocks.") and weight.dim() == 2
        fp8 = precision is Precision.FP8 and linear and name.endswith(".weight")
        total += weight.numel() * (1 if fp8 else weight.itemsize)
    return total


def _held_bytes(engine: Engine, precision: Precision) -> int:
    """Return the weights that the engine's runtime copies: ONNX Runtime maps all but INT8."""
    if runtime_of(engine.contract.name) is CpuRuntime.OPENVINO:
        return engine_weight_bytes(engine, precision)
    return _int8_bytes(engine)


def _int8_bytes(engine: Engine) -> int:
    """Return the size of the weights in INT8 and their scales."""
    return sum(
        weight.numel() + weight.shape[0] * torch.float32.itemsize
        for name, weight in _weights(engine)
        if name in engine.int8
    )


def _worked_bytes(engine: Engine, precision: Precision) -> int:
    """Return the bytes that take the measured time: of INT8, those it would have in BF16."""
    if not engine.int8:
        return engine_weight_bytes(engine, precision)
    return sum(weight.numel() for _, weight in _weights(engine)) * torch.bfloat16.itemsize


def _has_int8(engines: Sequence[Engine]) -> bool:
    return any(engine.int8 for engine in engines)


def _fp32_bytes(engine: Engine) -> int:
    return sum(weight.numel() for _, weight in _weights(engine)) * torch.float32.itemsize


def _weights(engine: Engine) -> Iterator[tuple[str, Tensor]]:
    yield from engine.module.named_parameters()
    yield from engine.module.named_buffers()
