"""Open an engine in the runtime that fits this machine and the settings."""

from pathlib import Path

from ltx_triton.contract import VAE_DECODER, ModelContract
from ltx_triton.engines.cpu_engine import CpuEngineInfo
from ltx_triton.engines.cpu_precision import select_cpu_precision
from ltx_triton.engines.cpu_runtime import CpuRuntime, require_runtime, runtime_of
from ltx_triton.engines.device import select_device
from ltx_triton.engines.session import EngineSession
from ltx_triton.repository.layout import DATA_FILE, ENGINE_FILE


def open_session(folder: Path, contract: ModelContract) -> EngineSession:
    """Open the engine in `folder`, the version folder of a model.

    Imports are lazy: each runtime costs startup time and memory.

    Raises:
        FileNotFoundError: no engine for this device has been exported into `folder`.
        RuntimeError: the engine exists but cannot run here; the message gives the reason.
    """
    if select_device(folder).kind == "cuda":
        from ltx_triton.engines.tensorrt.session import TensorRtSession

        plan = TensorRtSession(folder, contract)
        plan.warm_up()
        return plan
    path = folder / ENGINE_FILE
    for file in (path, folder / DATA_FILE):
        if not file.is_file():
            raise FileNotFoundError(f"{file} is missing: run `make export` first")
    if (folder / CpuEngineInfo.FILE).is_file():
        CpuEngineInfo.load(folder).require_processor(path)
    if contract == VAE_DECODER:
        from ltx_triton.engines.openvino.decoder import OpenVinoDecoder

        return OpenVinoDecoder(path, select_cpu_precision())
    if runtime_of(contract.name) is CpuRuntime.ONNXRUNTIME:
        require_runtime()
        from ltx_triton.engines.onnxruntime.session import OnnxRuntimeSession

        return OnnxRuntimeSession(path, contract)
    from ltx_triton.engines.openvino.session import OpenVinoSession

    return OpenVinoSession(path, contract, select_cpu_precision())
