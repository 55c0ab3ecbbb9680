"""The precision of engines on the CPU."""

import os
import re
from enum import StrEnum
from pathlib import Path

from ltx_triton.engines.cpu_runtime import CpuRuntime, select_cpu_runtime

FP32_ALONE = "computes in FP32 alone, and CPU_PRECISION is bf16; allowed with it: auto, fp32"

_CPU_INFO = Path("/proc/cpuinfo")


class CpuPrecision(StrEnum):
    """The arithmetic of matrix products and activations."""

    FP32 = "fp32"
    BF16 = "bf16"


def select_cpu_precision(cpu_info: Path = _CPU_INFO) -> CpuPrecision:
    """Return the precision CPU_PRECISION asks for.

    `auto` means BF16 if the CPU and its runtime support it.

    Reads the environment instead of `Settings`, for the reason given in `select_device`.

    Raises:
        RuntimeError: the runtime that CPU_RUNTIME asks for has no such precision.
    """
    requested = os.environ.get("CPU_PRECISION") or "auto"
    if select_cpu_runtime() is CpuRuntime.ONNXRUNTIME:
        if requested == CpuPrecision.BF16:
            raise RuntimeError(f"CPU_RUNTIME=onnxruntime {FP32_ALONE}")
        return CpuPrecision.FP32
    if requested != "auto":
        return CpuPrecision(requested)
    return CpuPrecision.BF16 if _has_bf16(cpu_info) else CpuPrecision.FP32


def describe_cpu_precision(exported: str) -> str:
    """Say what engines exported in a precision compute with on this CPU."""
    arithmetic = select_cpu_precision()
    return f"int8 and {arithmetic}" if exported == "int8" else arithmetic


def _has_bf16(cpu_info: Path) -> bool:
    # Linux's names of the instruction sets: avx512_bf16, amx_bf16 on x86-64, bf16 on Arm.
    return bool(re.search(r"\b(avx512_|amx_)?bf16\b", cpu_info.read_text(encoding="utf-8")))
