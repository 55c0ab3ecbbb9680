"""Put an exported engine on the CPU, beside the plans of the others."""

import hashlib
import os
import shutil
from pathlib import Path

from export.errors import ExportError
from export.memory.measure import measure_memory
from export.progress import step
from ltx_triton.contract import ModelContract
from ltx_triton.engines.cpu_engine import CpuEngineInfo
from ltx_triton.engines.cpu_precision import CpuPrecision, select_cpu_precision
from ltx_triton.engines.cpu_runtime import runtime_of
from ltx_triton.engines.memory_use import CpuMemory
from ltx_triton.json_file import JsonFileError
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.repository.layout import DATA_FILE, ENGINE_FILE

FILES = (ENGINE_FILE, DATA_FILE, CpuMemory.FILE)  # besides `CpuEngineInfo.FILE`
IN_BF16 = ("bf16", "fp8")  # exports whose engines on the CPU have weights in BF16


def stage_cpu_engine(
    contract: ModelContract, config: PipelineConfig, source: Path, current: Path, staged: Path
) -> None:
    """Write `model.onnx` with its weights and what it takes in memory, unless they are current.

    Args:
        contract: of the engine.
        config: of the export.
        source: version folder of the engine in the ONNX export.
        current: version folder of the engine in the model repository.
        staged: where the files go.

    Raises:
        ExportError: this machine has too little memory to run the engine, or lacks onnx-ir.
    """
    if is_current(config, source, current):
        print(f"{contract.name}: {current / ENGINE_FILE} is current")
        return
    info = _info(config, source)
    with step(f"{contract.name}: preparing it for the CPU, in {info.precision}"):
        if is_upcast(config.precision):
            _upcast(source / ENGINE_FILE, staged)
        else:
            for name in (ENGINE_FILE, DATA_FILE):
                _link(source / name, staged / name)
    with step(f"{contract.name}: measuring its memory"):
        remedy = "--text-encoder-device gpu builds a plan of it"
        memory = measure_memory(contract, config, staged, remedy)
    memory.save(staged)
    info.save(staged)


def is_current(config: PipelineConfig, source: Path, current: Path) -> bool:
    """Tell whether `current` holds what `stage_cpu_engine` would write."""
    try:
        complete = all((current / name).is_file() for name in FILES)
        measured_in = CpuMemory.load(current).runtime
        return (
            complete
            and measured_in == runtime_of(current.parent.name)
            and CpuEngineInfo.load(current) == _info(config, source)
        )
    except (FileNotFoundError, JsonFileError):
        return False


def is_upcast(precision: str) -> bool:
    """Tell whether the weights of an export are written as FP32 for this machine's CPU."""
    return precision in IN_BF16 and select_cpu_precision() is CpuPrecision.FP32


def _info(config: PipelineConfig, source: Path) -> CpuEngineInfo:
    return CpuEngineInfo(
        onnx_sha256=hashlib.sha256((source / ENGINE_FILE).read_bytes()).hexdigest(),
        checkpoint_sha256=config.checkpoint_sha256,
        precision=select_cpu_precision() if config.precision in IN_BF16 else CpuPrecision.FP32,
    )


def _upcast(graph: Path, folder: Path) -> None:
    """Write a BF16 graph as FP32: without BF16 instructions, OpenVINO does it in memory, twice."""
    try:
        import onnx_ir  # building plans does without it

        from export.onnx.upcast import upcast
    except ImportError as error:
        raise ExportError(
            f"a text encoder in FP32 needs onnx-ir, which cannot be imported ({error}): "
            "pip install onnx-ir"
        ) from error

    model = onnx_ir.load(graph)
    upcast(model)
    onnx_ir.save(model, folder / ENGINE_FILE, external_data=DATA_FILE)


def _link(source: Path, target: Path) -> None:
    """Make a hard link, or a copy on another file system."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
