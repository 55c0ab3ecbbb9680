"""TensorRT-RTX: plans for GeForce and RTX cards, which compiles their kernels at run time."""

import logging
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ltx_triton.engines.tensorrt.errors import TensorRtError
from ltx_triton.engines.tensorrt.tensorrt_10 import TensorRt10
from ltx_triton.repository.layout import PLAN_FILE

# Kernels that a plan's runs have compiled. Code, like the plan: whoever can write it decides what
# the GPU's process executes.
KERNEL_FILE = f"{PLAN_FILE}.kernels"

_log = logging.getLogger(__name__)


class TensorRtRtx(TensorRt10):
    """See `TensorRt`. The calls of TensorRT 10, but for targets and contexts."""

    portable = True
    # Needs plans that are built for it (REQUIRE_USER_ALLOCATION), which has not been tried.
    capturable = False

    def configure(
        self, config: Any, *, weight_streaming: bool, compute_capabilities: Sequence[str]
    ) -> None:
        super().configure(
            config, weight_streaming=weight_streaming, compute_capabilities=compute_capabilities
        )
        trt = self.trt
        config.num_compute_capabilities = len(compute_capabilities)
        for index, version in enumerate(compute_capabilities):
            capability = getattr(trt.ComputeCapability, f"SM{version.replace('.', '')}")
            config.set_compute_capability(capability, index)

    def require_valid(self, runtime: Any, plan: Path) -> None:
        trt = self.trt
        with plan.open("rb") as file:
            header = file.read(runtime.engine_header_size)
        validity, reasons = runtime.get_engine_validity(header)
        if validity == trt.EngineValidity.INVALID:
            known = trt.EngineInvalidityDiagnostics.__members__
            found = [name for name, flag in known.items() if reasons & int(flag)]
            raise TensorRtError(
                f"TensorRT-RTX {trt.__version__} cannot run {plan}: "
                f"{', '.join(found) or 'it gave no reason'}"
            )

    def contexts(self, engine: Any, folder: Path) -> "_Contexts":  # type: ignore[override]
        return _Contexts(self.trt, engine, folder / KERNEL_FILE)


class _Contexts:
    """Creates contexts that share compiled kernels, kept in a file: compiling takes up to a minute.

    NVIDIA's notebook for FLUX (12B, FP8) waits 30 to 40 s for them, and 1.7 s with the file.
    """

    def __init__(self, trt: Any, engine: Any, file: Path) -> None:
        self._engine = engine
        self._file = file
        self._saved_bytes = 0
        runtime_config = engine.create_runtime_config()
        runtime_config.set_execution_context_allocation_strategy(
            trt.ExecutionContextAllocationStrategy.USER_MANAGED
        )
        # Compile for the shapes at hand before they run: the kernels for any shape are many times
        # slower, and would serve the first steps.
        runtime_config.dynamic_shapes_kernel_specialization_strategy = (
            trt.DynamicShapesKernelSpecializationStrategy.EAGER
        )
        cache = runtime_config.create_runtime_cache()
        if file.is_file():
            if cache.deserialize(file.read_bytes()):
                self._saved_bytes = file.stat().st_size
            else:
                _log.warning("%s is of another machine or version: compiling again", file)
        runtime_config.set_runtime_cache(cache)
        self._runtime_config, self._cache = runtime_config, cache

    def create(self) -> Any:
        engine = self._engine
        return engine.create_execution_context(self._runtime_config)

    def save_kernels(self) -> None:
        content = memoryview(self._cache.serialize())
        if content.nbytes == self._saved_bytes:
            return
        new = self._file.with_name(f"{self._file.name}.{os.getpid()}")
        try:
            new.write_bytes(content)
            new.replace(self._file)
        except OSError as error:
            _log.warning("the next start compiles kernels again: %s", error)
            with suppress(OSError):
                new.unlink()
        self._saved_bytes = content.nbytes
