"""One interface to TensorRT 8.6, 10 and 11 and TensorRT-RTX, whatever their differences.

The imports are lazy: neither an export to ONNX nor inference on a CPU needs TensorRT.
"""

import mmap
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

from ltx_triton.engines.tensorrt.errors import TensorRtError
from ltx_triton.engines.tensorrt.tensorrt_8 import TensorRt8
from ltx_triton.engines.tensorrt.tensorrt_10 import TensorRt10
from ltx_triton.engines.tensorrt.tensorrt_rtx import TensorRtRtx

LibraryName = Literal["tensorrt", "tensorrt-rtx"]
INSTALL_HINTS: dict[LibraryName, str] = {
    "tensorrt": "pip install tensorrt-cu13, or the NGC image of Triton",
    "tensorrt-rtx": "pip install 'ltx-triton[tensorrt-rtx]'",
}
SUPPORTED_VERSIONS = "8.6, or 10.13 and later"


class Contexts(Protocol):
    """Creates the execution contexts of one engine."""

    def create(self) -> Any:
        """Create a context without activation memory; None if TensorRT fails."""
        ...

    def save_kernels(self) -> None:
        """Keep the kernels that runs have compiled, if any, for the next start."""
        ...


class TensorRt(Protocol):
    """The operations that differ between versions."""

    trt: Any  # the module
    # Precision follows the types of the graph; otherwise the builder is told layer by layer.
    strongly_typed: bool
    # Plans are built on any machine, for several GPUs; otherwise for the one at hand.
    portable: bool
    # The session may capture runs into CUDA graphs.
    capturable: bool

    def network_flags(self) -> int:
        """Return the flags of a network to parse ONNX into."""
        ...

    def configure(
        self, config: Any, *, weight_streaming: bool, compute_capabilities: Sequence[str]
    ) -> None:
        """Set the version-specific parts of a builder configuration.

        Raises:
            TensorRtError: this version cannot stream weights.
        """
        ...

    def require_valid(self, runtime: Any, plan: Path) -> None:
        """Check by its header that a plan runs here, if this version can.

        Raises:
            TensorRtError: it does not.
        """
        ...

    def contexts(self, engine: Any, folder: Path) -> Contexts:
        """Prepare for the contexts of an engine whose plan is in `folder`."""
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


def load_tensorrt(name: LibraryName) -> TensorRt:
    """Import a library.

    Raises:
        TensorRtError: it is not installed, lacks a part, or is an unsupported version.
    """
    try:
        if name == "tensorrt-rtx":
            import tensorrt_rtx_bindings

            return TensorRtRtx(tensorrt_rtx_bindings)
        import tensorrt
    except ImportError as error:
        raise TensorRtError(
            f"{name} cannot be imported ({error}): {INSTALL_HINTS[name]}"
        ) from error
    version: str = tensorrt.__version__
    major, minor = (int(part) for part in re.findall(r"\d+", version)[:2])
    if (major, minor) == (8, 6):
        return TensorRt8(tensorrt)
    if (major, minor) >= (10, 13):
        return TensorRt10(tensorrt)
    raise TensorRtError(f"TensorRT {version} is not supported; allowed: {SUPPORTED_VERSIONS}")


def open_plan(runtime: Any, path: Path) -> Any:
    """Deserialise the engine; None on failure, whose reason the logger of `runtime` has received.

    Maps the file instead of reading it: it may be tens of gigabytes.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as plan:
        return runtime.deserialize_cuda_engine(plan)
