"""One interface to TensorRT 8.6, 10 and 11: no other file tells the versions apart.

The import is lazy: neither an export to ONNX nor inference on a CPU needs TensorRT.
"""

import logging
import mmap
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

_log = logging.getLogger(__name__)

INSTALL_HINT = "pip install tensorrt-cu13, or the NGC image of Triton"
SUPPORTED_VERSIONS = "8.6, or 10.13 and later"


class TensorRtError(RuntimeError):
    """TensorRT is missing, unsupported or failed; the message quotes its own error."""


class TensorRt(Protocol):
    """The operations that differ between versions."""

    trt: Any  # the module
    # Precision follows the types of the graph; otherwise the builder is told layer by layer.
    strongly_typed: bool

    def network_flags(self) -> int:
        """Return the flags of a network to parse ONNX into."""
        ...

    def configure(self, config: Any, *, weight_streaming: bool) -> None:
        """Set the version-specific parts of a builder configuration.

        Raises:
            TensorRtError: this version cannot stream weights.
        """
        ...

    def create_context(self, engine: Any) -> Any:
        """Create an execution context without activation memory; None if TensorRT fails."""
        ...

    def activation_bytes(self, engine: Any, profile: int) -> int:
        """Return the activation memory in bytes that suffices for all shapes of a profile."""
        ...

    def set_activations(self, context: Any, address: int, size: int) -> None:
        """Give a context its activation memory."""
        ...

    def stream_weights(self, engine: Any) -> int:
        """Let TensorRT choose the bytes of weights to keep on the GPU, and return their number.

        Call it before creating a context.
        """
        ...


class _TensorRt8:
    """8.6: precision is set layer by layer; no BF16, FP8 or weight streaming."""

    strongly_typed = False

    def __init__(self, trt: Any) -> None:
        self.trt = trt

    def network_flags(self) -> int:
        trt = self.trt
        return 1 << int(trt.NetworkDefinitionCreationFlag.EXPLICIT_BATCH)

    def configure(self, config: Any, *, weight_streaming: bool) -> None:
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

    def create_context(self, engine: Any) -> Any:
        return engine.create_execution_context_without_device_memory()

    def activation_bytes(self, engine: Any, profile: int) -> int:  # noqa: ARG002  one size for all
        return int(engine.device_memory_size)

    def set_activations(self, context: Any, address: int, size: int) -> None:  # noqa: ARG002
        context.device_memory = address

    def stream_weights(self, engine: Any) -> int:  # noqa: ARG002
        raise TensorRtError("this plan streams its weights: needs TensorRT 10 or later")


class _TensorRt10:
    """10 and 11: networks are strongly typed (11 supports no others)."""

    strongly_typed = True

    def __init__(self, trt: Any) -> None:
        self.trt = trt

    def network_flags(self) -> int:
        trt = self.trt
        return 1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED)

    def configure(self, config: Any, *, weight_streaming: bool) -> None:
        trt = self.trt
        if weight_streaming:
            config.set_flag(trt.BuilderFlag.WEIGHT_STREAMING)

    def create_context(self, engine: Any) -> Any:
        trt = self.trt
        return engine.create_execution_context(trt.ExecutionContextAllocationStrategy.USER_MANAGED)

    def activation_bytes(self, engine: Any, profile: int) -> int:
        return int(engine.get_device_memory_size_for_profile_v2(profile))

    def set_activations(self, context: Any, address: int, size: int) -> None:
        context.set_device_memory(address, size)

    def stream_weights(self, engine: Any) -> int:
        budget = int(engine.get_weight_streaming_automatic_budget())
        engine.weight_streaming_budget_v2 = budget
        return budget


def load_tensorrt() -> TensorRt:
    """Import TensorRT.

    Raises:
        TensorRtError: TensorRT is not installed, lacks its libraries, or is an unsupported version.
    """
    try:
        import tensorrt as trt
    except ImportError as error:
        raise TensorRtError(f"TensorRT cannot be imported ({error}): {INSTALL_HINT}") from error
    version: str = trt.__version__
    major, minor = (int(part) for part in re.findall(r"\d+", version)[:2])
    if (major, minor) == (8, 6):
        return _TensorRt8(trt)
    if (major, minor) >= (10, 13):
        return _TensorRt10(trt)
    raise TensorRtError(f"TensorRT {version} is not supported; allowed: {SUPPORTED_VERSIONS}")


def open_plan(runtime: Any, path: Path) -> Any:
    """Deserialise the engine; None on failure, whose reason the logger of `runtime` has received.

    Maps the file instead of reading it: it may be tens of gigabytes.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as plan:
        return runtime.deserialize_cuda_engine(plan)


def make_logger(library: TensorRt, write: Callable[[str], object] | None = None) -> Any:
    """Make a TensorRT logger that collects errors for the exception to raise.

    Args:
        library: from `load_tensorrt`.
        write: called with every message, verbose ones included, one line each.

    Returns:
        An `ILogger` whose `take_errors()` returns the errors since the last call, joined.
    """
    trt = library.trt
    levels = {
        trt.ILogger.INTERNAL_ERROR: logging.ERROR,
        trt.ILogger.ERROR: logging.ERROR,
        trt.ILogger.WARNING: logging.WARNING,
        trt.ILogger.INFO: logging.DEBUG,
        trt.ILogger.VERBOSE: logging.DEBUG,
    }

    class Logger(trt.ILogger):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            trt.ILogger.__init__(self)
            self._errors: list[str] = []

        def log(self, severity: Any, msg: str) -> None:
            level = levels[severity]
            if level == logging.ERROR:
                self._errors.append(msg)
            if write is not None:
                write(f"{logging.getLevelName(level)} {msg}\n")
            elif level >= logging.WARNING:
                _log.log(level, "TensorRT: %s", msg)

        def take_errors(self) -> str:
            text = "\n".join(self._errors) or "TensorRT gave no reason"
            self._errors.clear()
            # TensorRT words it in several ways; callers look for this one.
            if re.search(r"OutOfMemory|could not be allocated", text):
                text = f"out of memory: {text}"
            return text

    return Logger()
