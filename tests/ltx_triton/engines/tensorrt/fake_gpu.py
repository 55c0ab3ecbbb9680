"""A fake GPU: CUDA's calls on host memory, and a TensorRT engine that uses those addresses.

Tests run without a GPU. The fake tests the session's own bookkeeping: buffers are large enough,
captured graphs find their memory in place, the right profile is chosen. Freed memory is
overwritten, so that a use after free shows.
"""

import ctypes
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ltx_triton.engines.tensorrt.plan import PlanInfo, Shape

POISON = 0xA5


class Error(IntEnum):
    cudaSuccess = 0  # noqa: N815
    cudaErrorMemoryAllocation = 2  # noqa: N815
    cudaErrorStreamCaptureInvalidated = 901  # noqa: N815


@dataclass
class FakeCuda:
    """The used part of `cuda.bindings.runtime`, on the host."""

    device_bytes: int = 2**30
    allocated: dict[int, ctypes.Array[Any]] = field(default_factory=dict)
    on_device: set[int] = field(default_factory=set)
    captured: list[Callable[[], None]] | None = None
    launches: int = 0
    captures: int = 0
    fails_to_capture: bool = False
    last_error: Error = Error.cudaSuccess

    cudaError_t = Error  # noqa: N815
    cudaStreamNonBlocking = 1  # noqa: N815
    cudaMemcpyKind = SimpleNamespace(cudaMemcpyHostToDevice=1, cudaMemcpyDeviceToHost=2)  # noqa: N815
    cudaStreamCaptureMode = SimpleNamespace(cudaStreamCaptureModeThreadLocal=1)  # noqa: N815

    def cudaGetErrorName(self, code: Error) -> tuple[Error, bytes]:  # noqa: N802
        return Error.cudaSuccess, code.name.encode()

    def cudaGetErrorString(self, code: Error) -> tuple[Error, bytes]:  # noqa: N802
        return Error.cudaSuccess, {2: b"out of memory"}.get(code, b"broken")

    def cudaGetDeviceCount(self) -> tuple[Error, int]:  # noqa: N802
        return Error.cudaSuccess, 1

    def cudaGetDeviceProperties(self, _: int) -> tuple[Error, Any]:  # noqa: N802
        name = b"NVIDIA Stand-in" + b"\0" * 8
        return Error.cudaSuccess, SimpleNamespace(
            name=name, major=9, totalGlobalMem=24 * 2**30, minor=0
        )

    def cudaMalloc(self, size: int) -> tuple[Error, int | None]:  # noqa: N802
        used = sum(len(self.allocated[address]) for address in self.on_device)
        if used + size > self.device_bytes:
            return Error.cudaErrorMemoryAllocation, None
        address = self._allocate(size)
        self.on_device.add(address)
        return Error.cudaSuccess, address

    def cudaMallocHost(self, size: int) -> tuple[Error, int]:  # noqa: N802
        return Error.cudaSuccess, self._allocate(size)

    def _allocate(self, size: int) -> int:
        memory = (ctypes.c_uint8 * size)()
        address = ctypes.addressof(memory)
        self.allocated[address] = memory
        return address

    def cudaFree(self, address: int) -> tuple[Error]:  # noqa: N802
        self.on_device.discard(address)
        # Overwrite the memory, and keep it so that its address is not reused.
        ctypes.memset(address, POISON, len(self.allocated[address]))
        return (Error.cudaSuccess,)

    cudaFreeHost = cudaFree  # noqa: N815

    def cudaStreamCreateWithFlags(self, _: int) -> tuple[Error, int]:  # noqa: N802
        return Error.cudaSuccess, 77

    def cudaStreamSynchronize(self, _: int) -> tuple[Error]:  # noqa: N802
        return (Error.cudaSuccess,)

    def cudaMemcpyAsync(self, to: int, source: int, count: int, *_: int) -> tuple[Error]:  # noqa: N802
        assert self.captured is None
        ctypes.memmove(to, source, count)
        return (Error.cudaSuccess,)

    def cudaStreamBeginCapture(self, *_: int) -> tuple[Error]:  # noqa: N802
        self.captured = []
        return (Error.cudaSuccess,)

    def cudaStreamEndCapture(self, _: int) -> tuple[Error, Any]:  # noqa: N802
        operations, self.captured = self.captured, None
        if self.fails_to_capture:
            self.last_error = Error.cudaErrorStreamCaptureInvalidated
            return self.last_error, None
        self.captures += 1
        return Error.cudaSuccess, operations

    def cudaGetLastError(self) -> tuple[Error]:  # noqa: N802
        last, self.last_error = self.last_error, Error.cudaSuccess
        return (last,)

    def cudaGraphInstantiate(self, graph: Any, _: int) -> tuple[Error, Any]:  # noqa: N802
        return Error.cudaSuccess, graph

    def cudaGraphLaunch(self, graph: Any, _: int) -> tuple[Error]:  # noqa: N802
        self.launches += 1
        for operation in graph:
            operation()
        return (Error.cudaSuccess,)

    def cudaGraphDestroy(self, _: Any) -> tuple[Error]:  # noqa: N802
        return (Error.cudaSuccess,)

    cudaGraphExecDestroy = cudaGraphDestroy  # noqa: N815

    def enqueue(self, operation: Callable[[], None]) -> None:
        if self.captured is None:
            operation()
        else:
            self.captured.append(operation)


def at(address: int, shape: Shape, dtype: Any) -> NDArray[Any]:
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    content = (ctypes.c_uint8 * size).from_address(address)
    return np.frombuffer(memoryview(content), dtype).reshape(shape)


@dataclass
class FakeEngine:
    """A decoder without compression that computes frames = latents + noise, for any shape."""

    cuda: FakeCuda
    info: PlanInfo
    contexts: int = 0
    profiles_used: list[int] = field(default_factory=list)
    weight_streaming_budget_v2: int = 0
    num_io_tensors = 3
    types = (("latents", "float32"), ("noise", "float32"), ("frames", "uint8"))

    def get_tensor_name(self, index: int) -> str:
        return self.types[index][0]

    def get_tensor_dtype(self, name: str) -> str:
        return dict(self.types)[name]

    def create_execution_context(self, how: object) -> "FakeContext":
        self.contexts += 1
        if isinstance(how, FakeRuntimeConfig):
            how.cache.kernels += b"kernel,"
        return FakeContext(self)

    def create_runtime_config(self) -> "FakeRuntimeConfig":
        return FakeRuntimeConfig()

    def get_weight_streaming_automatic_budget(self) -> int:
        return 1

    def get_device_memory_size_for_profile_v2(self, profile: int) -> int:
        return 1000 * (profile + 1)


@dataclass
class FakeContext:
    engine: FakeEngine
    profile: int = 0
    shapes: dict[str, Shape] = field(default_factory=dict)
    addresses: dict[str, int] = field(default_factory=dict)
    activations: tuple[int, int] = (0, 0)

    def set_optimization_profile_async(self, profile: int, stream: int) -> bool:
        assert stream == 77
        self.profile = profile
        self.engine.profiles_used.append(profile)
        return True

    def set_input_shape(self, name: str, shape: Shape) -> bool:
        self.shapes[name] = shape
        return self.engine.info.profiles[self.profile].inputs[name].holds(shape)

    def get_tensor_shape(self, name: str) -> Shape:
        return (*self.shapes["latents"][:-1], 3) if name == "frames" else self.shapes[name]

    def set_tensor_address(self, name: str, address: int) -> bool:
        self.addresses[name] = address
        return True

    def set_device_memory(self, address: int, size: int) -> None:
        self.activations = (address, size)

    def execute_async_v3(self, _: int) -> bool:
        if self.engine.cuda.last_error is not Error.cudaSuccess:
            return False
        needed = self.engine.get_device_memory_size_for_profile_v2(self.profile)
        assert self.activations[1] >= needed
        addresses, activations = dict(self.addresses), self.activations[0]

        def run() -> None:
            for address in (*addresses.values(), activations):
                assert address in self.engine.cuda.on_device, "use after free"
            latents = at(addresses["latents"], self.shapes["latents"], np.float32)
            noise = at(addresses["noise"], self.shapes["noise"], np.float32)
            frames = at(addresses["frames"], self.get_tensor_shape("frames"), np.uint8)
            frames[:] = (latents + noise)[..., :3].astype(np.uint8)

        self.engine.cuda.enqueue(run)
        return True


@dataclass
class FakeRuntimeCache:
    """Of TensorRT-RTX: each context compiles a kernel."""

    kernels: bytes = b""

    def deserialize(self, content: bytes) -> bool:
        if content.startswith(b"kernel"):
            self.kernels = content
        return content.startswith(b"kernel")

    def serialize(self) -> bytes:
        return self.kernels


@dataclass
class FakeRuntimeConfig:
    cache: FakeRuntimeCache = field(default_factory=FakeRuntimeCache)
    dynamic_shapes_kernel_specialization_strategy: str = "LAZY"

    def set_execution_context_allocation_strategy(self, strategy: object) -> None:
        assert strategy == FakeStrategy.USER_MANAGED

    def create_runtime_cache(self) -> FakeRuntimeCache:
        return FakeRuntimeCache()

    def set_runtime_cache(self, cache: FakeRuntimeCache) -> None:
        self.cache = cache


class FakeStrategy(IntEnum):
    USER_MANAGED = 3


class FakeValidity(IntEnum):
    VALID = 0
    INVALID = 2


class FakeDiagnostics(IntEnum):
    VERSION_MISMATCH = 1
    UNSUPPORTED_CC = 2
    OLD_CUDA_DRIVER = 4


class FakeILogger:
    INTERNAL_ERROR, ERROR, WARNING, INFO, VERBOSE = range(5)


def fake_tensorrt(engine: FakeEngine | None, version: str, invalid: int = 0) -> Any:
    """The module `tensorrt`, or that of TensorRT-RTX, whose runtime opens every plan as `engine`.

    `invalid`: reasons why no plan is valid, of `FakeDiagnostics`.
    """

    def runtime(logger: Any) -> Any:
        def deserialize(plan: Any) -> FakeEngine | None:
            if engine is None:
                logger.log(FakeILogger.ERROR, "the plan is garbage")
            return engine

        validity = (FakeValidity.INVALID if invalid else FakeValidity.VALID, invalid)
        return SimpleNamespace(
            deserialize_cuda_engine=deserialize,
            engine_header_size=4,
            get_engine_validity=lambda header: validity if len(header) == 4 else None,
        )

    return SimpleNamespace(
        __version__=version,
        ILogger=FakeILogger,
        Runtime=runtime,
        ExecutionContextAllocationStrategy=FakeStrategy,
        DynamicShapesKernelSpecializationStrategy=SimpleNamespace(EAGER="EAGER"),
        EngineValidity=FakeValidity,
        EngineInvalidityDiagnostics=FakeDiagnostics,
        float32="float32",
        int32="int32",
        uint8="uint8",
    )
