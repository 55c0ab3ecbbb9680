"""A whole graph in OpenVINO. Implements `EngineSession`."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import openvino
from numpy.typing import NDArray

from ltx_triton.contract import TEXT_ENCODER, ModelContract
from ltx_triton.engines.cpu_precision import CpuPrecision
from ltx_triton.engines.openvino.graph import Graph
from ltx_triton.engines.openvino.memory import ProcessMemory, resident_bytes
from ltx_triton.engines.session import NO_PARAMETERS, Arrays, Parameters

# Computed at once. More of them use the processor no better, and memory in proportion.
_MOST_TOKENS = 8192
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
        self._first_input = contract.inputs[0].name
        self._outputs = [tensor.name for tensor in contract.outputs]

    def run(
        self,
        inputs: Arrays,
        parameters: Parameters = NO_PARAMETERS,  # noqa: ARG002  it has none
    ) -> dict[str, NDArray[Any]]:
        runs = [self._infer(part) for part in self._divide(inputs)]
        if len(runs) == 1:
            return runs[0]
        return {name: np.concatenate([run[name] for run in runs]) for name in self._outputs}

    def _divide(self, inputs: Arrays) -> Iterator[Arrays]:
        """Yield the batch in parts that take no more memory than a single large video."""
        batch = inputs[self._first_input]
        tokens = math.prod(batch.shape[1:4])  # of text [B, T], or latents [B, F, H, W, L]
        size = max(1, _MOST_TOKENS // tokens)
        for first in range(0, len(batch), size):
            yield {name: array[first : first + size] for name, array in inputs.items()}

    def _infer(self, inputs: Arrays) -> dict[str, NDArray[Any]]:
        results = self._graph.run(inputs)
        outputs = {name: results[name].copy() for name in self._outputs}
        if self._memory.exceeds(_KEPT_BYTES):
            del results
            self._graph.release()
        return outputs

    def memory_bytes(self) -> int:
        return resident_bytes()
