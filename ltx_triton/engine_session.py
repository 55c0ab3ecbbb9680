"""An engine file opened for execution: arrays in, arrays out, whatever runtime runs it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from numpy.typing import NDArray

from ltx_triton.contract import ModelContract
from ltx_triton.cpu_precision import CpuPrecision, select_cpu_precision
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


def open_session(folder: Path, contract: ModelContract) -> EngineSession:
    """Open the engine in `folder`, a version folder of the model repository.

    Runtimes are imported where they are used: each takes its share of a start and of memory.

    Raises:
        FileNotFoundError: no engine for this device has been exported into `folder`.
        RuntimeError: the engine is there and cannot be used here; says why.
    """
    if select_device(folder).kind == "cuda":
        from ltx_triton.tensorrt_session import TensorRtSession

        return TensorRtSession(folder, contract)
    path = folder / ENGINE_FILE
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: run `make export` first")
    if select_cpu_precision() is CpuPrecision.BF16:
        from ltx_triton.openvino_session import OpenVinoSession

        return OpenVinoSession(path, contract)
    from ltx_triton.onnxruntime_session import OnnxRuntimeSession

    return OnnxRuntimeSession(path, contract)
