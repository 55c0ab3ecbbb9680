"""`model.onnx` in ONNX Runtime on the CPU, in FP32. Implements `EngineSession`."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import psutil
from numpy.typing import NDArray

from ltx_triton.contract import ModelContract
from ltx_triton.engines.session import Arrays


class OnnxRuntimeSession:
    """Matches PyTorch in FP32 except for the last digits."""

    def __init__(self, path: Path, contract: ModelContract) -> None:
        options = onnxruntime.SessionOptions()
        # Each engine runs in its own process: spinning threads would steal the cores from the
        # engine that is running.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.intra_op_num_threads = len(os.sched_getaffinity(0))
        self._session = onnxruntime.InferenceSession(
            path, options, providers=["CPUExecutionProvider"]
        )
        self._outputs = [tensor.name for tensor in contract.outputs]

    def run(self, inputs: Arrays) -> dict[str, NDArray[Any]]:
        arrays = {name: np.ascontiguousarray(array) for name, array in inputs.items()}
        return dict(zip(self._outputs, self._session.run(self._outputs, arrays), strict=True))

    def memory_bytes(self) -> int:
        return psutil.Process().memory_info().rss
