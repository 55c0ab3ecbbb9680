"""TensorRT, whatever its version. The only file that tells 8.6, 10 and 11 apart.

TensorRT is imported when it is needed: neither the exporter to ONNX nor a CPU needs it.
"""

import logging
import mmap
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

_log = logging.getLogger(__name__)

INSTALL = "pip install tensorrt-cu13, or the NGC image of Triton"
OLDEST = "8.6, or 10.1 and later"


class TensorRtError(RuntimeError):
    """TensorRT is missing, too old, or failed; the message holds its own words."""


class TensorRt(Protocol):
    """What differs between the versions."""

    trt: Any  # the module
    strongly_typed: (
        bool  # precision is what the graph says; else the builder is told layer by layer
    )

    def network_flags(self) -> int:
        """Flags of a network to parse ONNX into."""
        ...

    def configure(self, config: Any, *, weight_streaming: bool) -> None:
        """Set what a builder's configuration needs in this version.

        Raises:
            TensorRtError: this version cannot stream weights.
        """
        ...

    def create_context(self, engine: Any) -> Any:
        """An execution context without memory for activations; None when it cannot be made."""
        ...

    def activation_bytes(self, engine: Any, profile: int) -> int:
        """How much memory for activations a context needs for any shape of a profile."""
        ...

    def set_activations(self, context: Any, address: int, size: int) -> None:
        """Give a context its memory for activations."""
        ...

    def stream_weights(self, engine: Any) -> int:
        """Keep in GPU memory what TensorRT thinks fits; returns bytes. Before any context."""
        ...


class _TensorRt8:
    """8.6: precision is asked for layer by layer; no BF16, no FP8, no weight streaming."""

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
        # cuBLAS and cuDNN do not come with this version's wheel.
        own = (trt.TacticSource.EDGE_MASK_CONVOLUTIONS, trt.TacticSource.JIT_CONVOLUTIONS)
        config.set_tactic_sources(sum(1 << int(source) for source in own))
        # Several contexts of one profile, as later versions have them anyway.
        config.set_preview_feature(trt.PreviewFeature.PROFILE_SHARING_0806, True)

    def create_context(self, engine: Any) -> Any:
        return engine.create_execution_context_without_device_memory()

    def activation_bytes(self, engine: Any, profile: int) -> int:  # noqa: ARG002  of all profiles
        return int(engine.device_memory_size)

    def set_activations(self, context: Any, address: int, size: int) -> None:  # noqa: ARG002
        context.device_memory = address

    def stream_weights(self, engine: Any) -> int:  # noqa: ARG002
        raise TensorRtError("this plan streams its weights: needs TensorRT 10 or later")


class _TensorRt10:
    """10 and 11: networks are strongly typed (11 knows no others)."""

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
        TensorRtError: it is not installed, its libraries are not found, or it is too old.
    """
    try:
        import tensorrt as trt
    except ImportError as error:
        raise TensorRtError(f"TensorRT cannot be imported ({error}): {INSTALL}") from error
    version: str = trt.__version__
    major, minor = (int(part) for part in re.findall(r"\d+", version)[:2])
    if (major, minor) == (8, 6):
        return _TensorRt8(trt)
    if (major, minor) >= (10, 1):
        return _TensorRt10(trt)
    raise TensorRtError(f"TensorRT {version} is not supported; allowed: {OLDEST}")


def open_plan(runtime: Any, path: Path) -> Any:
    """The engine in `path`, or None when it cannot be opened: the logger of `runtime` knows why.

    The file, which may be tens of gigabytes, is not copied into memory first.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as plan:
        return runtime.deserialize_cuda_engine(plan)


def make_logger(library: TensorRt, write: Callable[[str], object] | None = None) -> Any:
    """A TensorRT logger that keeps errors for the exception to come.

    Args:
        library: from `load_tensorrt`.
        write: takes every message, also the verbose ones, a line each.

    Returns:
        An `ILogger` whose `take_errors()` returns the errors since the last call, as one text.
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
            # TensorRT has several ways to say it; callers look for this one.
            if re.search(r"OutOfMemory|could not be allocated", text):
                text = f"out of memory: {text}"
            return text

    return Logger()
