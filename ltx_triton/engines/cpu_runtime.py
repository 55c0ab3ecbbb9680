"""The runtime of engines on the CPU."""

import os
from enum import StrEnum
from importlib.util import find_spec

from ltx_triton.contract import VAE_DECODER


class CpuRuntime(StrEnum):
    OPENVINO = "openvino"
    ONNXRUNTIME = "onnxruntime"


class MissingRuntimeError(RuntimeError):
    """CPU_RUNTIME names a runtime that is not installed."""


def select_cpu_runtime() -> CpuRuntime:
    """Return the runtime CPU_RUNTIME asks for.

    Reads the environment instead of `Settings`, for the reason given in `select_device`.
    """
    return CpuRuntime(os.environ.get("CPU_RUNTIME") or CpuRuntime.OPENVINO)


def runtime_of(model: str) -> CpuRuntime:
    """Return the runtime of an engine: the decoder's pieces are OpenVINO's."""
    return CpuRuntime.OPENVINO if model == VAE_DECODER.name else select_cpu_runtime()


def require_runtime() -> None:
    """Raise MissingRuntimeError unless the runtime is installed."""
    if select_cpu_runtime() is CpuRuntime.ONNXRUNTIME and find_spec("onnxruntime") is None:
        raise MissingRuntimeError(
            "CPU_RUNTIME=onnxruntime, but onnxruntime is not installed: "
            "pip install 'ltx-triton[onnxruntime]'"
        )
