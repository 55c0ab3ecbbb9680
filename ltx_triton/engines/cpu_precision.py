"""The precision of engines on a CPU."""

import os
import re
from enum import StrEnum
from pathlib import Path

_CPU_INFO = Path("/proc/cpuinfo")


class CpuPrecision(StrEnum):
    """A precision, and with it a runtime."""

    FP32 = "fp32"  # ONNX Runtime
    BF16 = "bf16"  # OpenVINO


def select_cpu_precision(cpu_info: Path = _CPU_INFO) -> CpuPrecision:
    """Return the precision that CPU_PRECISION asks for; `auto` takes BF16 if the CPU has it.

    Read from the environment, not through `Settings`, for the same reason as in `select_device`.
    """
    wanted = os.environ.get("CPU_PRECISION", "auto")
    if wanted != "auto":
        return CpuPrecision(wanted)
    return CpuPrecision.BF16 if _multiplies_bf16(cpu_info) else CpuPrecision.FP32


def _multiplies_bf16(cpu_info: Path) -> bool:
    # Linux names the instructions: avx512_bf16, amx_bf16 on x86-64, bf16 on Arm.
    return bool(re.search(r"\b(avx512_|amx_)?bf16\b", cpu_info.read_text(encoding="utf-8")))
