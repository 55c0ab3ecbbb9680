"""The library that builds plans, and the GPUs that they are built for."""

from dataclasses import dataclass

from export.errors import ExportError
from export.tensorrt.layer_types import require_precision
from ltx_triton.engines.tensorrt.cuda import Gpu, NoGpuError, find_gpu
from ltx_triton.engines.tensorrt.errors import TensorRtError
from ltx_triton.engines.tensorrt.library import LibraryName, TensorRt, load_tensorrt

# Precision -> compute capabilities of the cards that TensorRT-RTX supports in it: Ampere (not the
# A100), Ada, Blackwell. Turing, 7.5, is not among them: it has no BF16, T5 and the VAE do not work
# in FP16, and there TensorRT-RTX has no FP32. In FP32 it fuses no attention, so activations would
# take tens of times the memory.
_RTX_CAPABILITIES = {"bf16": ("8.6", "8.9", "12.0"), "fp8": ("8.9", "12.0")}
# Precision -> the least compute capability that has instructions for it.
_LEAST_CAPABILITY = {"bf16": 8.0, "fp8": 8.9}


@dataclass(frozen=True)
class Target:
    """A library and its GPUs."""

    name: LibraryName
    library: TensorRt
    gpu: Gpu | None  # None: built on any machine
    compute_capabilities: tuple[str, ...]

    @property
    def version(self) -> str:
        return str(self.library.trt.__version__)

    def __str__(self) -> str:
        gpus = self.gpu.name if self.gpu else "GeForce and RTX cards"
        return f"{self.name} {self.version} for {gpus} ({', '.join(self.compute_capabilities)})"


def find_target(name: LibraryName, precision: str) -> Target:
    """Find the library, and this machine's GPU unless plans are built for several.

    Raises:
        ExportError: one is missing, or the library has no such precision.
    """
    if name == "tensorrt-rtx":
        return _rtx(precision)
    try:
        gpu = find_gpu()
        library = load_tensorrt(name)
    except (NoGpuError, TensorRtError) as error:
        raise ExportError(
            f"{error}\nPlans are built on the machine that will run them: they are made for its "
            "GPU and its TensorRT."
        ) from error
    require_precision(library, precision)
    if not has_precision(gpu, precision):
        fitting = "bf16" if has_precision(gpu, "bf16") else "fp16"
        raise ExportError(
            f"{precision} needs a GPU of compute capability {_LEAST_CAPABILITY[precision]} or "
            f"later; {gpu.name} has {gpu.compute_capability}, which fits PRECISION={fitting}"
        )
    return Target(name, library, gpu, (gpu.compute_capability,))


def has_precision(gpu: Gpu, precision: str) -> bool:
    """Tell whether a GPU has instructions for a precision."""
    return float(gpu.compute_capability) >= _LEAST_CAPABILITY.get(precision, 0.0)


def _rtx(precision: str) -> Target:
    name: LibraryName = "tensorrt-rtx"
    if precision not in _RTX_CAPABILITIES:
        raise ExportError(
            f"{name} is not offered in {precision}; allowed: {', '.join(_RTX_CAPABILITIES)}"
        )
    try:
        library = load_tensorrt(name)
    except TensorRtError as error:
        raise ExportError(str(error)) from error
    return Target(name, library, None, _RTX_CAPABILITIES[precision])
