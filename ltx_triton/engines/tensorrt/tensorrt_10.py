"""TensorRT 10 and 11: networks are strongly typed (11 supports no others)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any


class TensorRt10:
    """See `TensorRt`."""

    strongly_typed = True
    portable = False
    capturable = True

    def __init__(self, trt: Any) -> None:
        self.trt = trt

    def network_flags(self) -> int:
        trt = self.trt
        return 1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED)

    def configure(
        self,
        config: Any,
        *,
        weight_streaming: bool,
        compute_capabilities: Sequence[str],  # noqa: ARG002  the GPU's own
    ) -> None:
        trt = self.trt
        if weight_streaming:
            config.set_flag(trt.BuilderFlag.WEIGHT_STREAMING)

    def require_valid(self, runtime: Any, plan: Path) -> None:
        """Do nothing: this version has no such check."""

    def contexts(self, engine: Any, folder: Path) -> "_Contexts":  # noqa: ARG002
        return _Contexts(self.trt, engine)

    def activation_bytes(self, engine: Any, profile: int) -> int:
        return int(engine.get_device_memory_size_for_profile_v2(profile))

    def set_activations(self, context: Any, address: int, size: int) -> None:
        context.set_device_memory(address, size)

    def stream_weights(self, engine: Any) -> int:
        budget = int(engine.get_weight_streaming_automatic_budget())
        engine.weight_streaming_budget_v2 = budget
        return budget


class _Contexts:
    def __init__(self, trt: Any, engine: Any) -> None:
        self._trt = trt
        self._engine = engine

    def create(self) -> Any:
        trt, engine = self._trt, self._engine
        return engine.create_execution_context(trt.ExecutionContextAllocationStrategy.USER_MANAGED)

    def save_kernels(self) -> None:
        """Do nothing: the plan has them."""
