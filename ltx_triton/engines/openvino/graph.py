"""A compiled graph that can give its memory back."""

from typing import Any

import numpy as np
import openvino

from ltx_triton.engines.cpu_precision import CpuPrecision
from ltx_triton.engines.openvino.compile import compile_graph
from ltx_triton.engines.process_memory import trim
from ltx_triton.engines.session import Arrays


class Graph:
    """Has a single, reused inference request. Not thread-safe."""

    def __init__(
        self, model: openvino.Model, precision: CpuPrecision, *, dynamic_quantization: bool = True
    ) -> None:
        self.compiled = compile_graph(model, precision, dynamic_quantization=dynamic_quantization)
        self._request: openvino.InferRequest | None = None
        self._shapes: list[tuple[int, ...]] = []  # of the last run
        self._is_released = False

    def run(self, inputs: Arrays) -> Any:
        """Return the outputs by name or number, valid until the next run, even after a release."""
        shapes = [array.shape for array in inputs.values()]
        # The first run after `release_memory` writes into freed memory if its shapes are those of
        # the run before (OpenVINO 2026.4).
        if self._is_released and shapes == self._shapes:
            self._change_shapes()
        self._request = self._request or self.compiled.create_infer_request()
        self._shapes, self._is_released = shapes, False
        return self._request.infer(dict(inputs), share_inputs=True, share_outputs=True)

    def release(self) -> None:
        """Give the memory of activations and outputs back to the system."""
        if self._request:
            self._request = None
            self._is_released = True
            self.compiled.release_memory()
            trim()

    def _change_shapes(self) -> None:
        """Run with small shapes, if the graph takes any."""
        if any(port.get_partial_shape().is_dynamic for port in self.compiled.inputs):
            self._request = self._request or self.compiled.create_infer_request()
            smallest = [_small(port) for port in self.compiled.inputs]
            self._request.infer(smallest, share_inputs=True)


def _small(port: openvino.ConstOutput) -> Any:
    # Not 1: once it has begun with a single token, the transformer's outputs are wrong.
    sizes = [2 if size.is_dynamic else size.get_length() for size in port.get_partial_shape()]
    return np.zeros(sizes, port.get_element_type().to_dtype())
