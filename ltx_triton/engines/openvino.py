"""`model.onnx` in OpenVINO on the CPU. Implements `EngineSession`."""

import os
from pathlib import Path
from typing import Any

import openvino
import psutil
from numpy.typing import NDArray
from openvino.properties import hint, inference_num_threads

from ltx_triton.contract import ModelContract
from ltx_triton.engines.cpu_precision import CpuPrecision
from ltx_triton.engines.session import Arrays

_DEVICE = "CPU"
_TYPES = {CpuPrecision.FP32: openvino.Type.f32, CpuPrecision.BF16: openvino.Type.bf16}


def compile_engine(path: Path, precision: CpuPrecision) -> openvino.CompiledModel:
    """Compile the engine with matrix products and activations in `precision`, sums in FP32."""
    core = openvino.Core()
    model = core.read_model(path)
    # Timesteps and positions, of which sine and cosine are taken, are far too large for BF16.
    # OpenVINO keeps FP32 where no matrix product follows, so expose sines and cosines as outputs.
    angles = [node for node in model.get_ops() if node.get_type_name() in ("Sin", "Cos")]
    model.add_outputs([node.output(0) for node in angles])
    return core.compile_model(
        model,
        _DEVICE,
        {
            hint.inference_precision: _TYPES[precision],
            hint.performance_mode: hint.PerformanceMode.LATENCY,
            inference_num_threads: len(os.sched_getaffinity(0)),
            # Each engine runs in its own process, and pinning would put them all on one core.
            hint.enable_cpu_pinning: False,
        },
    )


class OpenVinoSession:
    """A compiled engine with a single, reused inference request."""

    def __init__(self, path: Path, contract: ModelContract, precision: CpuPrecision) -> None:
        self._request = compile_engine(path, precision).create_infer_request()
        self._outputs = [tensor.name for tensor in contract.outputs]

    def run(self, inputs: Arrays) -> dict[str, NDArray[Any]]:
        results = self._request.infer(dict(inputs), share_inputs=True)
        return {name: results[name] for name in self._outputs}

    def memory_bytes(self) -> int:
        return psutil.Process().memory_info().rss
