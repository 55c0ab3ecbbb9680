"""In which precision engines run on a CPU."""

import os
from enum import StrEnum


class CpuPrecision(StrEnum):
    """A precision, and with it a runtime."""

    FP32 = "fp32"  # ONNX Runtime
    BF16 = "bf16"  # OpenVINO


def select_cpu_precision() -> CpuPrecision:
    """The precision that CPU_PRECISION asks for: by itself BF16, where the processor has it.

    Read from the environment here for the same reason as `select_device` does.
    """
    wanted = os.environ.get("CPU_PRECISION", "auto")
    if wanted != "auto":
        return CpuPrecision(wanted)
    from ltx_triton.engines.openvino import has_bf16

    return CpuPrecision.BF16 if has_bf16() else CpuPrecision.FP32
