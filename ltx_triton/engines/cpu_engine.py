"""The JSON beside an engine that an export has put on the CPU while the others have plans."""

from typing import Literal

from ltx_triton.engines.cpu_precision import CpuPrecision
from ltx_triton.json_file import JsonFile
from ltx_triton.repository.layout import ENGINE_FILE


class CpuEngineInfo(JsonFile):
    """What `model.onnx` was made from. MODEL_DEVICE=cuda takes no other engine without a plan."""

    FILE = f"{ENGINE_FILE}.json"
    REMEDY = "run `make export TARGET=tensorrt TEXT_ENCODER=cpu` again"

    version: Literal[1] = 1
    onnx_sha256: str  # of the exported graph; its weights are the checkpoint's
    checkpoint_sha256: str
    precision: CpuPrecision  # of the weights in memory
