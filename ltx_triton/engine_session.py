"""An engine file opened for execution: arrays in, arrays out, whatever runtime runs it."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import onnxruntime
import psutil
from numpy.typing import NDArray

from ltx_triton.contract import ModelContract
from ltx_triton.device import select_device
from ltx_triton.pipeline_config import ENGINE_FILE

Arrays = Mapping[str, NDArray[Any]]


class EngineSession(Protocol):
    """One loaded engine."""

    def run(self, inputs: Arrays) -> dict[str, NDArray[Any]]:
        """Execute one batch; names, types and shapes are those of the engine's contract."""
        ...

    def memory_bytes(self) -> int:
        """Memory of the device that the engine takes."""
        ...


class OnnxRuntimeSession:
    """`model.onnx` in ONNX Runtime on the CPU."""

    def __init__(self, path: Path, contract: ModelContract) -> None:
        options = onnxruntime.SessionOptions()
        # Each engine is a process of its own: threads that spin would take the cores from the
        # engine whose turn it is.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.intra_op_num_threads = len(os.sched_getaffinity(0))
        self._session = onnxruntime.InferenceSession(
            path, options, providers=["CPUExecutionProvider"]
        )
        self._outputs = [tensor.name for tensor in contract.outputs]

    def run(self, inputs: Arrays) -> dict[str, NDArray[Any]]:
        """Execute one batch."""
        arrays = {name: np.ascontiguousarray(array) for name, array in inputs.items()}
        return dict(zip(self._outputs, self._session.run(self._outputs, arrays), strict=True))

    def memory_bytes(self) -> int:
        """Memory of this process."""
        return psutil.Process().memory_info().rss


def open_session(folder: Path, contract: ModelContract) -> EngineSession:
    """Open the engine in `folder`, a version folder of the model repository.

    Raises:
        FileNotFoundError: no engine for this device has been exported into `folder`.
        RuntimeError: the engine is there and cannot be used here; says why.
    """
    if select_device(folder).kind == "cuda":
        from ltx_triton.tensorrt_session import TensorRtSession  # which needs this module

        return TensorRtSession(folder, contract)
    path = folder / ENGINE_FILE
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: run `make export` first")
    return OnnxRuntimeSession(path, contract)
