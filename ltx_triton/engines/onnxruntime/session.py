"""A whole graph in ONNX Runtime. Implements `EngineSession`.

It computes from the mapped file of weights, which the kernel can drop and read again, where
OpenVINO holds a copy that it cannot drop. INT8 weights are held in both. Attention takes more than
in OpenVINO: all its scores at once.
"""

import os
from pathlib import Path
from typing import Any

import onnxruntime
from numpy.typing import NDArray

from ltx_triton.contract import TEXT_ENCODER, ModelContract
from ltx_triton.engines.parts import run_in_parts
from ltx_triton.engines.process_memory import held_bytes, trim
from ltx_triton.engines.session import NO_PARAMETERS, Arrays, Parameters


class OnnxRuntimeSession:
    def __init__(self, path: Path, contract: ModelContract) -> None:
        options = onnxruntime.SessionOptions()
        # Prepacking copies the weights; products with INT8 ones hold theirs anyway, and are several
        # times slower without.
        if not _has_int8(path):
            options.add_session_config_entry("session.disable_prepacking", "1")
        # By default these products round their inputs to INT8 too, which T5's outliers do not bear
        # (benchmarks/results/dynamic_quantization.json). 1: FP32.
        if contract == TEXT_ENCODER:
            options.add_session_config_entry("session.qdq_matmulnbits_accuracy_level", "1")
        options.enable_cpu_mem_arena = False  # keeps the activations of the largest run
        options.intra_op_num_threads = len(os.sched_getaffinity(0))
        # The engines' processes share the cores: a thread that waits must not keep one busy.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(
            path, options, providers=["CPUExecutionProvider"]
        )
        self._contract = contract
        self._outputs = [tensor.name for tensor in contract.outputs]

    def run(
        self,
        inputs: Arrays,
        parameters: Parameters = NO_PARAMETERS,  # noqa: ARG002  it has none
    ) -> dict[str, NDArray[Any]]:
        outputs = run_in_parts(self._infer, self._contract, inputs)
        trim()
        return outputs

    def _infer(self, inputs: Arrays) -> dict[str, NDArray[Any]]:
        return dict(zip(self._outputs, self._session.run(self._outputs, inputs), strict=True))

    def memory_bytes(self) -> int:
        return held_bytes()


def _has_int8(path: Path) -> bool:
    """Look for the operator's name, which stands in the file as it is."""
    return b"DequantizeLinear" in path.read_bytes()
