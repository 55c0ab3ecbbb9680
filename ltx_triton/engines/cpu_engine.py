"""The JSON beside an engine that an export has put on the CPU while the others have plans."""

from pathlib import Path
from typing import Literal

from ltx_triton.engines.cpu_precision import CpuPrecision, select_cpu_precision
from ltx_triton.engines.remedies import PUT_ON_CPU
from ltx_triton.json_file import JsonFile
from ltx_triton.repository.layout import ENGINE_FILE


class CpuEngineInfo(JsonFile):
    """What `model.onnx` was made from. MODEL_DEVICE=cuda takes no other engine without a plan."""

    FILE = f"{ENGINE_FILE}.json"
    REMEDY = PUT_ON_CPU

    version: Literal[1] = 1
    onnx_sha256: str  # of the exported graph; its weights are the checkpoint's
    checkpoint_sha256: str
    precision: CpuPrecision  # of the graph's weights

    def require_processor(self, path: Path) -> None:
        """Refuse weights in BF16 where they would be converted in memory and kept twice.

        Raises:
            RuntimeError: the engine takes more memory here than was measured.
        """
        if self.precision is CpuPrecision.BF16 and select_cpu_precision() is CpuPrecision.FP32:
            raise RuntimeError(
                f"{path} was made for a processor with BF16 instructions; here it would run in "
                "FP32 (CPU_PRECISION=fp32, CPU_RUNTIME=onnxruntime, or this processor has none) "
                f"and take more memory than was measured: {self.REMEDY}"
            )
