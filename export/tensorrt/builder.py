"""Build a plan from an ONNX file."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from export.errors import ExportError
from export.progress import step
from export.tensorrt import timing_cache
from export.tensorrt.layer_types import set_layer_types
from export.tensorrt.network import parse
from export.tensorrt.progress import show_progress
from ltx_triton.contract import ModelContract
from ltx_triton.engines.tensorrt.library import TensorRt, TensorRtError, make_logger, open_plan
from ltx_triton.engines.tensorrt.plan import PlanInfo, Profile
from ltx_triton.repository.layout import PLAN_FILE


@dataclass(frozen=True)
class BuiltPlan:
    """Cost of building and of running a plan."""

    seconds: float
    activation_bytes: int  # GPU memory beside weights and tensors, for the largest profile


@dataclass(frozen=True)
class Builder:
    """Builds plans with one TensorRT on one GPU, sharing a cache of timings."""

    library: TensorRt
    timing_cache: Path
    log_folder: Path
    workspace_bytes: int | None = None  # None: all of the GPU

    def build(
        self, onnx_file: Path, contract: ModelContract, info: PlanInfo, folder: Path
    ) -> BuiltPlan:
        """Write `model.plan` and `model.plan.json` into `folder`, and check that the plan opens.

        Everything that TensorRT says goes into a log file, one for each model.

        Raises:
            ExportError: TensorRT does not take the graph or cannot build it; names the log.
        """
        started = time.monotonic()
        log_file = self.log_folder / f"{contract.name}.log"
        with log_file.open("w", encoding="utf-8", errors="replace") as log:
            logger = make_logger(self.library, log.write)
            try:
                with step(f"{contract.name}: building the TensorRT plan"):
                    plan = self._build(logger, onnx_file, contract, info)
                    (folder / PLAN_FILE).write_bytes(plan)
                    del plan
                info.save(folder)
                activations = self._try(logger, folder / PLAN_FILE, info)
            except TensorRtError as error:
                raise ExportError(f"{contract.name}: {error}\nThe whole log: {log_file}") from error
        return BuiltPlan(time.monotonic() - started, activations)

    def _build(self, logger: Any, onnx_file: Path, contract: ModelContract, info: PlanInfo) -> Any:
        trt = self.library.trt
        try:
            builder = trt.Builder(logger)
        except TypeError as error:  # raised by the bindings when the builder cannot be created
            raise TensorRtError(f"no builder: {logger.take_errors()}") from error
        config = builder.create_builder_config()
        config.builder_optimization_level = info.optimization_level
        # Keep full FP32: TF32 has a mantissa of only 10 bits.
        config.clear_flag(trt.BuilderFlag.TF32)
        self.library.configure(config, weight_streaming=info.weight_streaming)
        parsed = parse(self.library, logger, builder, onnx_file, contract)
        network = parsed.network
        if not self.library.strongly_typed:
            set_layer_types(self.library, config, network, info.precision)
        if self.workspace_bytes is not None:
            config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, self.workspace_bytes)
        for profile in info.profiles:
            _add_profile(builder, config, profile)
        cache = timing_cache.attach(config, self.timing_cache)
        plan = self._run(builder, network, config)
        if plan is None:
            raise TensorRtError(f"no plan could be built: {logger.take_errors()}")
        timing_cache.save(cache, self.timing_cache)
        return plan

    def _run(self, builder: Any, network: Any, config: Any) -> Any:
        if not self.library.strongly_typed:  # 8.6 reports no progress
            return builder.build_serialized_network(network, config)
        monitor = show_progress(self.library, config)
        plan = builder.build_serialized_network(network, config)
        if monitor.interrupted:
            raise KeyboardInterrupt
        return plan

    def _try(self, logger: Any, plan: Path, info: PlanInfo) -> int:
        """Open the plan as serving will; return the memory that activations take."""
        runtime = self.library.trt.Runtime(logger)
        engine = open_plan(runtime, plan)
        if engine is None:
            raise TensorRtError(f"the plan cannot be opened: {logger.take_errors()}")
        if info.weight_streaming:
            self.library.stream_weights(engine)
        return max(
            self.library.activation_bytes(engine, index) for index in range(len(info.profiles))
        )


def _add_profile(builder: Any, config: Any, wanted: Profile) -> None:
    profile = builder.create_optimization_profile()
    for name, shapes in wanted.inputs.items():
        profile.set_shape(name, shapes.minimum, shapes.optimum, shapes.maximum)
    if config.add_optimization_profile(profile) < 0:
        raise TensorRtError(f"the profile {wanted.name} is not possible: {wanted.inputs}")
