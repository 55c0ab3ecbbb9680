"""A whole graph in OpenVINO. Implements `EngineSession`."""

from pathlib import Path
from typing import Any

import openvino
import psutil
from numpy.typing import NDArray

from ltx_triton.contract import ModelContract
from ltx_triton.engines.cpu_precision import CpuPrecision
from ltx_triton.engines.openvino.compile import compile_graph
from ltx_triton.engines.session import NO_PARAMETERS, Arrays, Parameters


class OpenVinoSession:
    """A compiled engine with a single, reused inference request."""

    def __init__(self, path: Path, contract: ModelContract, precision: CpuPrecision) -> None:
        self.compiled = compile_graph(openvino.Core().read_model(path), precision)
        self._request = self.compiled.create_infer_request()
        self._outputs = [tensor.name for tensor in contract.outputs]

    def run(
        self,
        inputs: Arrays,
        parameters: Parameters = NO_PARAMETERS,  # noqa: ARG002  it has none
    ) -> dict[str, NDArray[Any]]:
        results = self._request.infer(dict(inputs), share_inputs=True)
        return {name: results[name] for name in self._outputs}

    def memory_bytes(self) -> int:
        return psutil.Process().memory_info().rss
