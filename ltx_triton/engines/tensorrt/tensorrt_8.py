"""TensorRT 8.6: precision is set layer by layer; no BF16, FP8 or weight streaming."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ltx_triton.engines.tensorrt.errors import TensorRtError


class TensorRt8:
    """See `TensorRt`."""

    strongly_typed = False
    portable = False
    capturable = True

    def __init__(self, trt: Any) -> None:
        self.trt = trt

    def network_flags(self) -> int:
        trt = self.trt
        return 1 << int(trt.NetworkDefinitionCreationFlag.EXPLICIT_BATCH)

    def configure(
        self,
        config: Any,
        *,
        weight_streaming: bool,
        compute_capabilities: Sequence[str],  # noqa: ARG002  the GPU's own
    ) -> None:
        trt = self.trt
        if weight_streaming:
            raise TensorRtError(
                f"TensorRT {trt.__version__} cannot stream weights: needs TensorRT 10 or later"
            )
        # This version's wheel does not include cuBLAS and cuDNN.
        sources = (trt.TacticSource.EDGE_MASK_CONVOLUTIONS, trt.TacticSource.JIT_CONVOLUTIONS)
        config.set_tactic_sources(sum(1 << int(source) for source in sources))
        # Allow several contexts per profile, which is the default in later versions.
        config.set_preview_feature(trt.PreviewFeature.PROFILE_SHARING_0806, True)

    def require_valid(self, runtime: Any, plan: Path) -> None:
        """Do nothing: this version has no such check."""

    def contexts(self, engine: Any, folder: Path) -> "_Contexts":  # noqa: ARG002
        return _Contexts(engine)

    def activation_bytes(self, engine: Any, profile: int) -> int:  # noqa: ARG002  one size for all
        return int(engine.device_memory_size)

    def set_activations(self, context: Any, address: int, size: int) -> None:  # noqa: ARG002
        context.device_memory = address

    def stream_weights(self, engine: Any) -> int:  # noqa: ARG002
        raise TensorRtError("this plan streams its weights: needs TensorRT 10 or later")


class _Contexts:
    def __init__(self, engine: Any) -> None:
        self._engine = engine

    def create(self) -> Any:
        engine = self._engine
        return engine.create_execution_context_without_device_memory()

    def save_kernels(self) -> None:
        """Do nothing: the plan has them."""
