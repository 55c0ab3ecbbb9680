"""`model.plan` in TensorRT. Implements `EngineSession`."""

import logging
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ltx_triton.contract import DataType, ModelContract
from ltx_triton.engines.session import NO_PARAMETERS, Arrays, Parameters
from ltx_triton.engines.tensorrt.buffers import TensorBuffers
from ltx_triton.engines.tensorrt.cuda import CudaError, Graph, Stream, find_gpu
from ltx_triton.engines.tensorrt.errors import TensorRtError
from ltx_triton.engines.tensorrt.library import load_tensorrt, open_plan
from ltx_triton.engines.tensorrt.logger import make_logger
from ltx_triton.engines.tensorrt.plan import PlanInfo, PlanMismatchError, Shape
from ltx_triton.repository.layout import PLAN_FILE

# Execution contexts and CUDA graphs are cached for so many shapes; least recently used goes first.
# Each context takes host memory. These are the four text buckets of two sizes of video.
MAX_CACHED_SHAPES = 8

_NUMPY_TYPES: dict[DataType, type[np.generic]] = {
    "FP32": np.float32,
    "INT32": np.int32,
    "UINT8": np.uint8,
}

_log = logging.getLogger(__name__)


@dataclass
class _Execution:
    """The context of one set of input shapes; TensorRT advises one per CUDA graph."""

    context: Any
    output_shapes: dict[str, Shape]
    capturable: bool
    runs: int = 0
    graph: Graph | None = None


class TensorRtSession:
    """A plan on the GPU. Not thread-safe."""

    def __init__(self, folder: Path, contract: ModelContract) -> None:
        """Open `model.plan` in `folder`.

        Raises:
            NoGpuError: there is no GPU.
            TensorRtError: TensorRT is missing or cannot open the plan.
            PlanMismatchError: the plan was built for another machine or contract.
        """
        path = folder / PLAN_FILE
        self._info = PlanInfo.load(folder)
        # Check this first: without a GPU, a TensorRT runtime (8.6, 11.4) crashes the process.
        gpu = find_gpu()
        self._library = load_tensorrt(self._info.library)
        trt = self._library.trt
        self._info.require_machine(path, trt.__version__, gpu)
        self._contract = contract
        self._logger = make_logger(self._library)
        self._runtime = trt.Runtime(self._logger)
        self._library.require_valid(self._runtime, path)
        engine = open_plan(self._runtime, path)
        if engine is None:
            raise TensorRtError(
                f"{path} cannot be opened: {self._logger.take_errors()}. {self._info.remedy}"
            )
        self._engine = engine
        self._require_contract(path)
        self._weight_bytes = path.stat().st_size
        if self._info.weight_streaming:
            budget = self._library.stream_weights(engine)
            self._weight_bytes = min(self._weight_bytes, budget)
        self._stream = Stream()  # first: reading compiled kernels needs a CUDA context
        self._contexts = self._library.contexts(engine, folder)
        self._buffers = TensorBuffers()
        self._executions: OrderedDict[tuple[Shape, ...], _Execution] = OrderedDict()

    def warm_up(self) -> None:
        """Run a video of the first profile's optimum: CUDA loads and RTX compiles kernels late.

        Raises:
            CudaError, TensorRtError: see `run`.
        """
        optimum = self._info.profiles[0].inputs
        self.run(
            {
                tensor.name: np.zeros(optimum[tensor.name].optimum, _NUMPY_TYPES[tensor.datatype])
                for tensor in self._contract.inputs
            }
        )

    def run(
        self,
        inputs: Arrays,
        parameters: Parameters = NO_PARAMETERS,  # noqa: ARG002  it has none
    ) -> dict[str, NDArray[Any]]:
        """Execute one batch, in parts if the profiles of its shapes take less.

        Raises:
            ValueError: no profile of the plan takes the shapes.
            CudaError: CUDA failed; the message contains "out of memory" if memory ran out.
            TensorRtError: TensorRT failed; likewise.
        """
        shapes = {tensor.name: inputs[tensor.name].shape for tensor in self._contract.inputs}
        batch = len(inputs[self._contract.inputs[0].name])
        most = self._info.largest_batch(shapes)
        parts = [
            self._run_part({name: array[first : first + most] for name, array in inputs.items()})
            for first in range(0, batch, most)
        ]
        if len(parts) == 1:
            return parts[0]
        return {
            tensor.name: np.concatenate([part[tensor.name] for part in parts])
            for tensor in self._contract.outputs
        }

    def _run_part(self, inputs: Arrays) -> dict[str, NDArray[Any]]:
        shapes = {tensor.name: inputs[tensor.name].shape for tensor in self._contract.inputs}
        execution = self._execution(shapes)
        for tensor in self._contract.inputs:
            pinned, device = self._buffers.pinned[tensor.name], self._buffers.device[tensor.name]
            array = pinned.array(shapes[tensor.name], _NUMPY_TYPES[tensor.datatype])
            np.copyto(array, inputs[tensor.name], casting="no")
            self._stream.copy_to_device(device, pinned, array.nbytes)
        self._launch(execution)
        arrays = {}
        for tensor in self._contract.outputs:
            pinned, device = self._buffers.pinned[tensor.name], self._buffers.device[tensor.name]
            shape = execution.output_shapes[tensor.name]
            arrays[tensor.name] = pinned.array(shape, _NUMPY_TYPES[tensor.datatype])
            self._stream.copy_to_host(pinned, device, arrays[tensor.name].nbytes)
        self._stream.synchronize()
        if execution.runs == 1:
            self._contexts.save_kernels()
        return {name: array.copy() for name, array in arrays.items()}

    def memory_bytes(self) -> int:
        """Return the GPU memory of weights, activations and tensors, excluding CUDA's own."""
        return self._weight_bytes + self._buffers.device_bytes()

    def _require_contract(self, path: Path) -> None:
        """Raise PlanMismatchError unless the plan's tensors have the contract's names and types."""
        trt, engine = self._library.trt, self._engine
        types = {trt.float32: "FP32", trt.int32: "INT32", trt.uint8: "UINT8"}
        names = [engine.get_tensor_name(index) for index in range(engine.num_io_tensors)]
        found = {name: types.get(engine.get_tensor_dtype(name)) for name in names}
        tensors = (*self._contract.inputs, *self._contract.outputs)
        expected = {tensor.name: tensor.datatype for tensor in tensors}
        if found != expected:
            raise PlanMismatchError(
                f"{path} has the tensors {found}, not {expected}. {self._info.remedy}"
            )

    def _execution(self, shapes: dict[str, Shape]) -> _Execution:
        key = tuple(shapes.values())
        if key in self._executions:
            self._executions.move_to_end(key)
            return self._executions[key]
        profile = self._info.profile_for(shapes)
        context = self._contexts.create()
        if context is None:
            raise TensorRtError(f"no execution context: {self._logger.take_errors()}")
        self._require(context.set_optimization_profile_async(profile, self._stream.handle))
        for name, shape in shapes.items():
            self._require(context.set_input_shape(name, shape))
        outputs = {
            tensor.name: tuple(context.get_tensor_shape(tensor.name))
            for tensor in self._contract.outputs
        }
        self._require(all(size >= 0 for shape in outputs.values() for size in shape))
        self._ensure_buffers(shapes | outputs, profile)
        for name, memory in self._buffers.device.items():
            self._require(context.set_tensor_address(name, memory.address))
        activations = self._buffers.activations
        self._library.set_activations(context, activations.address, activations.size)
        if len(self._executions) == MAX_CACHED_SHAPES:
            self._executions.popitem(last=False)
        # TensorRT synchronises while weights stream, which a capture does not survive.
        capturable = self._library.capturable and not self._info.weight_streaming
        self._executions[key] = _Execution(context, outputs, capturable)
        return self._executions[key]

    def _ensure_buffers(self, shapes: dict[str, Shape], profile: int) -> None:
        """Grow the buffers if needed, and drop all executions, which hold the old addresses."""
        sizes = {
            tensor.name: int(np.prod(shapes[tensor.name], dtype=np.int64))
            * np.dtype(_NUMPY_TYPES[tensor.datatype]).itemsize
            for tensor in (*self._contract.inputs, *self._contract.outputs)
        }
        activations = self._library.activation_bytes(self._engine, profile)
        if not self._buffers.has_room_for(sizes, activations):
            self._executions.clear()
            self._buffers.grow(sizes, activations)

    def _launch(self, execution: _Execution) -> None:
        """Run; capture a CUDA graph when a shape occurs for the second time."""
        execution.runs += 1
        if execution.runs > 1 and execution.graph is None and execution.capturable:
            execution.graph = self._capture(execution)
            execution.capturable = execution.graph is not None
        if execution.graph is not None:
            self._stream.launch(execution.graph)
        else:
            self._require(execution.context.execute_async_v3(self._stream.handle))

    def _capture(self, execution: _Execution) -> Graph | None:
        """Capture a CUDA graph; None if TensorRT runs an operation that cannot be captured."""
        self._stream.begin_capture()
        enqueued = execution.context.execute_async_v3(self._stream.handle)
        try:
            graph = self._stream.end_capture()
        except CudaError as error:
            _log.warning("%s: no CUDA graph: %s", self._contract.name, error)
            return None
        if not enqueued:
            _log.warning("%s: no CUDA graph: %s", self._contract.name, self._logger.take_errors())
            return None
        return graph

    def _require(self, succeeded: bool) -> None:
        if not succeeded:
            raise TensorRtError(self._logger.take_errors())
