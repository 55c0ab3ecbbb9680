"""A whole graph in OpenVINO. Implements `EngineSession`."""

from pathlib import Path
from typing import Any

import openvino
from numpy.typing import NDArray

from ltx_triton.contract import TEXT_ENCODER, ModelContract
from ltx_triton.engines.cpu_precision import CpuPrecision
from ltx_triton.engines.openvino.graph import Graph
from ltx_triton.engines.parts import run_in_parts
from ltx_triton.engines.process_memory import ProcessMemory, held_bytes
from ltx_triton.engines.session import NO_PARAMETERS, Arrays, Parameters

_KEPT_BYTES = 128 * 2**20  # besides the engine, between runs


class OpenVinoSession:
    def __init__(self, path: Path, contract: ModelContract, precision: CpuPrecision) -> None:
        # T5 has outliers, which take the precision of the values beside them: with weights in INT8
        # the error more than doubles (benchmarks/results/dynamic_quantization.json).
        self._graph = Graph(
            openvino.Core().read_model(path),
            precision,
            dynamic_quantization=contract != TEXT_ENCODER,
        )
        self._memory = ProcessMemory()
        self._contract = contract

    def run(
        self,
        inputs: Arrays,
        parameters: Parameters = NO_PARAMETERS,  # noqa: ARG002  it has none
    ) -> dict[str, NDArray[Any]]:
        return run_in_parts(self._infer, self._contract, inputs)

    def _infer(self, inputs: Arrays) -> dict[str, NDArray[Any]]:
        results = self._graph.run(inputs)
        outputs = {tensor.name: results[tensor.name].copy() for tensor in self._contract.outputs}
        if self._memory.exceeds(_KEPT_BYTES):
            del results
            self._graph.release()
        return outputs

    def memory_bytes(self) -> int:
        return held_bytes()
