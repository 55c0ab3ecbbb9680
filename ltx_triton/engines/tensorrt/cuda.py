"""The CUDA runtime through `cuda-python`, with exceptions and automatically freed memory."""

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
    """A CUDA call failed; the message holds the attempted operation and CUDA's own error."""


class NoGpuError(RuntimeError):
    """This process can use no GPU; the message gives the reason."""


@dataclass(frozen=True)
class Gpu:
    """The first GPU visible to this process."""

    name: str
    compute_capability: str  # "9.0"
    memory_bytes: int


def find_gpu() -> Gpu:
    """Find the GPU to run engines on.

    Raises:
        NoGpuError: there is no GPU, or cuda-python is not installed.
    """
    if cudart is None:
        raise NoGpuError("cuda-python is not installed: pip install 'ltx-triton[gpu]'")
    try:
        if check(cudart.cudaGetDeviceCount(), "counting GPUs") == 0:
            raise NoGpuError("no GPU was found: CUDA shows none")
        properties = check(cudart.cudaGetDeviceProperties(0), "asking for the GPU's properties")
    except CudaError as error:
        raise NoGpuError(f"no GPU was found: {error}") from error
    return Gpu(
        name=properties.name.split(b"\0", 1)[0].decode(),
        compute_capability=f"{properties.major}.{properties.minor}",
        memory_bytes=properties.totalGlobalMem,
    )


def check(result: tuple[Any, ...], attempt: str) -> Any:
    """Return the value of a CUDA call, whose result starts with an error code; None without one.

    Raises:
        CudaError: the call failed. The message contains "out of memory" if memory ran out.
    """
    code, *values = result
    if code != cudart.cudaError_t.cudaSuccess:
        name = cudart.cudaGetErrorName(code)[1].decode()
        text = cudart.cudaGetErrorString(code)[1].decode()
        raise CudaError(f"{attempt}: {name}: {text}")
    return values[0] if values else None


class Stream:
    """A non-blocking stream, not synchronised with the default stream."""

    def __init__(self) -> None:
        flags = cudart.cudaStreamNonBlocking
        self._stream = check(cudart.cudaStreamCreateWithFlags(flags), "creating a stream")

    @property
    def handle(self) -> int:
        """The `cudaStream_t` as TensorRT takes it."""
        return int(self._stream)

    def copy_to_device(self, device: "DeviceMemory", host: "PinnedMemory", count: int) -> None:
        """Enqueue a copy of `count` bytes."""
        kind = cudart.cudaMemcpyKind.cudaMemcpyHostToDevice
        result = cudart.cudaMemcpyAsync(device.address, host.address, count, kind, self._stream)
        check(result, f"copying {count} bytes to the GPU")

    def copy_to_host(self, host: "PinnedMemory", device: "DeviceMemory", count: int) -> None:
        """Enqueue a copy of `count` bytes."""
        kind = cudart.cudaMemcpyKind.cudaMemcpyDeviceToHost
        result = cudart.cudaMemcpyAsync(host.address, device.address, count, kind, self._stream)
        check(result, f"copying {count} bytes from the GPU")

    def synchronize(self) -> None:
        check(cudart.cudaStreamSynchronize(self._stream), "running on the GPU")

    def begin_capture(self) -> None:
        """Record further work into a CUDA graph instead of running it."""
        mode = cudart.cudaStreamCaptureMode.cudaStreamCaptureModeThreadLocal
        check(cudart.cudaStreamBeginCapture(self._stream, mode), "beginning a CUDA graph")

    def end_capture(self) -> "Graph":
        try:
            graph = check(cudart.cudaStreamEndCapture(self._stream), "ending a CUDA graph")
        except CudaError:
            cudart.cudaGetLastError()  # or a later call would report this failure again
            raise
        return Graph(graph)

    def launch(self, graph: "Graph") -> None:
        check(cudart.cudaGraphLaunch(graph.executable, self._stream), "launching a CUDA graph")


class Graph:
    """An instantiated CUDA graph. The addresses captured in it must stay valid."""

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
    """GPU memory, freed with this object."""

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
    """Page-locked host memory, as asynchronous copies need it; freed with this object."""

    address = 0

    def __init__(self, size: int) -> None:
        self.size = size
        self._free = cudart.cudaFreeHost
        attempt = f"allocating {size} bytes of pinned memory"
        self.address = int(check(cudart.cudaMallocHost(size), attempt)) if size else 0

    def array(self, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        """View the first bytes as an array, which must not outlive this object."""
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
