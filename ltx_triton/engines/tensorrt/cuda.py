"""The CUDA runtime through `cuda-python`: calls that raise, memory that is freed with its owner."""

import ctypes
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

try:
    from cuda.bindings import runtime as cudart
except ImportError:  # an optional dependency: the extra `gpu`
    cudart = None


class CudaError(RuntimeError):
    """A call of the CUDA runtime failed: what was attempted, and CUDA's own words."""


class NoGpuError(RuntimeError):
    """There is no GPU that this process can use; says why."""


@dataclass(frozen=True)
class Gpu:
    """The first GPU that CUDA shows this process."""

    name: str
    compute_capability: str  # "9.0"


def find_gpu() -> Gpu:
    """The GPU that engines run on.

    Raises:
        NoGpuError: there is none, or cuda-python is not installed.
    """
    if cudart is None:
        raise NoGpuError("cuda-python is not installed: pip install '.[gpu]'")
    try:
        if check(cudart.cudaGetDeviceCount(), "counting GPUs") == 0:
            raise NoGpuError("no GPU was found: CUDA shows none")
        properties = check(cudart.cudaGetDeviceProperties(0), "asking for the GPU's properties")
    except CudaError as error:
        raise NoGpuError(f"no GPU was found: {error}") from error
    return Gpu(
        name=properties.name.split(b"\0", 1)[0].decode(),
        compute_capability=f"{properties.major}.{properties.minor}",
    )


def check(result: tuple[Any, ...], attempt: str) -> Any:
    """The value of a CUDA call, which returns its error code first; None where it has no value.

    Raises:
        CudaError: the call failed. Exhausted memory reads "out of memory".
    """
    code, *values = result
    if code != cudart.cudaError_t.cudaSuccess:
        name = cudart.cudaGetErrorName(code)[1].decode()
        text = cudart.cudaGetErrorString(code)[1].decode()
        raise CudaError(f"{attempt}: {name}: {text}")
    return values[0] if values else None


class Stream:
    """A stream of its own, not ordered with the default stream."""

    def __init__(self) -> None:
        flags = cudart.cudaStreamNonBlocking
        self._stream = check(cudart.cudaStreamCreateWithFlags(flags), "creating a stream")

    @property
    def handle(self) -> int:
        """What TensorRT calls the stream."""
        return int(self._stream)

    def copy_to_device(self, device: "DeviceMemory", host: "PinnedMemory", count: int) -> None:
        """Begin to copy `count` bytes."""
        kind = cudart.cudaMemcpyKind.cudaMemcpyHostToDevice
        result = cudart.cudaMemcpyAsync(device.address, host.address, count, kind, self._stream)
        check(result, f"copying {count} bytes to the GPU")

    def copy_to_host(self, host: "PinnedMemory", device: "DeviceMemory", count: int) -> None:
        """Begin to copy `count` bytes."""
        kind = cudart.cudaMemcpyKind.cudaMemcpyDeviceToHost
        result = cudart.cudaMemcpyAsync(host.address, device.address, count, kind, self._stream)
        check(result, f"copying {count} bytes from the GPU")

    def synchronize(self) -> None:
        """Wait until everything begun has ended."""
        check(cudart.cudaStreamSynchronize(self._stream), "running on the GPU")

    def begin_capture(self) -> None:
        """Record what is begun from now on instead of running it."""
        mode = cudart.cudaStreamCaptureMode.cudaStreamCaptureModeThreadLocal
        check(cudart.cudaStreamBeginCapture(self._stream, mode), "beginning a CUDA graph")

    def end_capture(self) -> "Graph":
        """Return what has been recorded."""
        return Graph(check(cudart.cudaStreamEndCapture(self._stream), "ending a CUDA graph"))

    def launch(self, graph: "Graph") -> None:
        """Begin to run a recorded graph."""
        check(cudart.cudaGraphLaunch(graph.executable, self._stream), "launching a CUDA graph")


class Graph:
    """A recorded CUDA graph, ready to be launched. The addresses it uses must stay valid."""

    executable: Any = None

    def __init__(self, graph: Any) -> None:
        self._destroy = cudart.cudaGraphExecDestroy
        try:
            self.executable = check(cudart.cudaGraphInstantiate(graph, 0), "making a CUDA graph")
        finally:
            cudart.cudaGraphDestroy(graph)

    def __del__(self) -> None:
        if self.executable is not None:
            self._destroy(self.executable)


class DeviceMemory:
    """Memory of the GPU."""

    address = 0

    def __init__(self, size: int) -> None:
        self.size = size
        self._free = cudart.cudaFree
        attempt = f"allocating {size} bytes on the GPU"
        self.address = int(check(cudart.cudaMalloc(size), attempt)) if size else 0

    def __del__(self) -> None:
        if self.address:
            self._free(self.address)


class PinnedMemory:
    """Page-locked memory of the host, which the GPU copies from and to on its own."""

    address = 0

    def __init__(self, size: int) -> None:
        self.size = size
        self._free = cudart.cudaFreeHost
        attempt = f"allocating {size} bytes of pinned memory"
        self.address = int(check(cudart.cudaMallocHost(size), attempt)) if size else 0

    def array(self, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        """The first bytes as an array; valid as long as this memory."""
        count = int(np.prod(shape, dtype=np.int64))
        if count == 0:
            return np.empty(shape, dtype)
        size = count * np.dtype(dtype).itemsize
        content = memoryview((ctypes.c_uint8 * size).from_address(self.address))
        array: NDArray[Any] = np.frombuffer(content, dtype, count).reshape(shape)
        return array

    def __del__(self) -> None:
        if self.address:
            self._free(self.address)
