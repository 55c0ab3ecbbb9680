"""Count floating-point operations and measure the peak rate of this machine.

A multiply-add counts as two operations.
"""

import time
from collections.abc import Sequence
from statistics import median
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.baselines.inputs import Arrays
from export.checkpoint.checkpoint import Checkpoint
from export.graphs import text_encoder, transformer, vae_decoder
from export.precision import Precision

_SIZE = {"cuda": 8192, "cpu": 2048}  # rows and columns of the matrices that measure the peak
_WARM_UP = 5  # products, until the clocks have risen
_REPEATS = 20
_TYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}


def component_flops(checkpoint: Checkpoint, inputs: dict[str, Arrays]) -> dict[str, dict[str, int]]:
    """Count the operations of each component on its inputs.

    Returns:
        Component -> "linear" (matrix products with weights; FP8 speeds them up) and "other".
    """
    engines = (
        text_encoder.build(checkpoint, Precision.FP32),
        transformer.build(checkpoint, Precision.FP32),
        vae_decoder.build(checkpoint, Precision.FP32, 0.0, 0.0),
    )
    counts = {}
    for engine in engines:
        name = engine.contract.name
        arguments = [torch.from_numpy(array) for array in inputs[name].values()]
        everything = operations(engine.module, arguments)["Global"]
        linear = sum(
            everything.get(operator, 0) for operator in (torch.ops.aten.mm, torch.ops.aten.addmm)
        )
        counts[name] = {"linear": linear, "other": sum(everything.values()) - linear}
    return counts


def operations(module: nn.Module, arguments: Sequence[Tensor]) -> dict[str, dict[Any, int]]:
    """Count by submodule, or "Global" for all of them, and by operator. Computes no values."""
    module = module.to("meta")
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        module(*(argument.to("meta") for argument in arguments))
    counts: dict[str, dict[Any, int]] = counter.get_flop_counts()
    return counts


def peak_flops(device: torch.device, kind: str) -> float:
    """Measure the FLOP/s of large matrix products in "fp32", "fp16", "bf16" or "fp8"."""
    size = _SIZE[device.type]
    left, right = (torch.randn(size, size, device=device) for _ in range(2))
    if kind == "fp8":
        scale = torch.ones((), device=device)
        quantized = left.to(torch.float8_e4m3fn), right.to(torch.float8_e4m3fn).t()

        def multiply() -> None:
            torch._scaled_mm(*quantized, scale, scale, out_dtype=torch.bfloat16)
    else:
        narrow = left.to(_TYPES[kind]), right.to(_TYPES[kind])

        def multiply() -> None:
            torch.matmul(*narrow)

    seconds = []
    for _ in range(_WARM_UP + _REPEATS):
        started = time.perf_counter()
        multiply()
        if device.type == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - started)
    return 2 * size**3 / median(seconds[_WARM_UP:])
