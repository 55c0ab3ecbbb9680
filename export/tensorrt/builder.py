"""Build a plan from an ONNX file."""

import resource
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from export.errors import ExportError
from export.progress import step
from export.tensorrt import timing_cache
from export.tensorrt.build_log import activation_bytes
from export.tensorrt.layer_types import set_layer_types
from export.tensorrt.network import parse
from export.tensorrt.plan_writer import build_into
from ltx_triton.contract import ModelContract
from ltx_triton.engines.tensorrt.errors import TensorRtError
from ltx_triton.engines.tensorrt.library import TensorRt, load_tensorrt, open_plan
from ltx_triton.engines.tensorrt.logger import make_logger
from ltx_triton.engines.tensorrt.plan import PlanInfo, Profile
from ltx_triton.repository.layout import PLAN_FILE


@dataclass(frozen=True)
class BuiltPlan:
    """Cost of building and of running a plan."""

    seconds: float
    activation_bytes: int  # GPU memory beside weights and tensors, for the largest profile
    host_peak_bytes: int  # of the process that built it


@dataclass(frozen=True)
class Builder:
    """Builds plans that share a cache of timings. Can be sent to another process."""

    timing_cache: Path | None  # None: the library has no use for one
    log_folder: Path
    workspace_bytes: int | None = None  # None: all of the GPU

    def log_file(self, contract: ModelContract) -> Path:
        return self.log_folder / f"{contract.name}.log"

    def build(
        self, onnx_file: Path, contract: ModelContract, info: PlanInfo, folder: Path
    ) -> BuiltPlan:
        """Write `model.plan` and `model.plan.json` into `folder`.

        Check that the plan opens, unless it was built without its GPU.

        Everything that TensorRT says goes into a log file, one for each model.

        Raises:
            ExportError: TensorRT does not take the graph or cannot build it, or the plan cannot be
                written; names the log.
        """
        started = time.monotonic()
        library = load_tensorrt(info.library)
        log_file = self.log_file(contract)
        with log_file.open("w", encoding="utf-8", errors="replace") as log:
            logger = make_logger(library, log.write)
            try:
                with step(f"{contract.name}: building the TensorRT plan"):
                    self._build(library, logger, onnx_file, contract, info, folder / PLAN_FILE)
                info.save(folder)
                if library.portable:
                    log.flush()
                    activations = activation_bytes(log_file.read_text(encoding="utf-8"))
                else:
                    activations = _try(library, logger, folder / PLAN_FILE, info)
            except (TensorRtError, OSError, ValueError) as error:
                raise ExportError(f"{contract.name}: {error}\nThe whole log: {log_file}") from error
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        return BuiltPlan(time.monotonic() - started, activations, peak)

    def _build(
        self,
        library: TensorRt,
        logger: Any,
        onnx_file: Path,
        contract: ModelContract,
        info: PlanInfo,
        plan: Path,
    ) -> None:
        trt = library.trt
        try:
            builder = trt.Builder(logger)
        except TypeError as error:  # raised by the bindings when the builder cannot be created
            raise TensorRtError(f"no builder: {logger.take_errors()}") from error
        config = builder.create_builder_config()
        config.builder_optimization_level = info.optimization_level
        # Keep full FP32: TF32 has a mantissa of only 10 bits.
        config.clear_flag(trt.BuilderFlag.TF32)
        # List the layers in the log.
        config.profiling_verbosity = trt.ProfilingVerbosity.DETAILED
        library.configure(
            config,
            weight_streaming=info.weight_streaming,
            compute_capabilities=info.compute_capabilities,
        )
        parsed = parse(library, logger, builder, onnx_file, contract)
        network = parsed.network
        if not library.strongly_typed:
            set_layer_types(library, config, network, info.precision)
        if self.workspace_bytes is not None:
            config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, self.workspace_bytes)
        for profile in info.profiles:
            _add_profile(builder, config, profile)
        cache = self.timing_cache and timing_cache.attach(config, self.timing_cache)
        if not _write(library, builder, network, config, plan):
            raise TensorRtError(f"no plan could be built: {logger.take_errors()}")
        if self.timing_cache is not None:
            timing_cache.save(cache, self.timing_cache)


def _write(library: TensorRt, builder: Any, network: Any, config: Any, file: Path) -> bool:
    """Build the plan into a file; return whether TensorRT could."""
    if library.strongly_typed:
        return build_into(library, builder, network, config, file)
    plan = builder.build_serialized_network(network, config)
    if plan is not None:
        file.write_bytes(plan)
    return plan is not None


def _try(library: TensorRt, logger: Any, plan: Path, info: PlanInfo) -> int:
    """Open the plan as serving will; return the memory that activations take."""
    runtime = library.trt.Runtime(logger)
    engine = open_plan(runtime, plan)
    if engine is None:
        raise TensorRtError(f"the plan cannot be opened: {logger.take_errors()}")
    if info.weight_streaming:
        library.stream_weights(engine)
    return max(library.activation_bytes(engine, index) for index in range(len(info.profiles)))


def _add_profile(builder: Any, config: Any, wanted: Profile) -> None:
    profile = builder.create_optimization_profile()
    for name, shapes in wanted.inputs.items():
        profile.set_shape(name, shapes.minimum, shapes.optimum, shapes.maximum)
    if config.add_optimization_profile(profile) < 0:
        raise TensorRtError(f"the profile {wanted.name} is not possible: {wanted.inputs}")
