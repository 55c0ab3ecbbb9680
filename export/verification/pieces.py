"""Run a graph in onnxruntime piece by piece, with the weights of one piece in memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
import onnx_ir
import onnxruntime
from numpy.typing import NDArray
from onnx_ir import DataType
from onnxruntime import OrtValue

from export.verification.inputs import Inputs

# The size in FP32 of the 13B transformer's largest weight; a larger one is a piece of its own.
PIECE_BYTES = 1 << 28
# Smaller initializers, such as the shapes of a Reshape, stay in the graph.
_WEIGHT_BYTES = 4096


@dataclass
class _Piece:
    nodes: list[onnx_ir.Node] = field(default_factory=list)
    weights: dict[str, onnx_ir.TensorProtocol] = field(default_factory=dict)
    outputs: list[str] = field(default_factory=list)  # read by later pieces, or the graph's

    @property
    def bytes(self) -> int:
        return sum(weight.nbytes for weight in self.weights.values())


def run_in_pieces(model: onnx_ir.Model, batches: Sequence[Inputs]) -> list[NDArray[Any]]:
    """Return the only output of a graph, of types that onnxruntime has, for each batch."""
    known = [dict(batch) for batch in batches]
    for piece in _cut(model.graph):
        _run(piece, model, known)
        for weight in piece.weights.values():
            if isinstance(weight, onnx_ir.ExternalTensor):
                weight.release()
    return [tensors[str(model.graph.outputs[0].name)] for tensors in known]


def _run(piece: _Piece, model: onnx_ir.Model, known: list[Inputs]) -> None:
    """Add the piece's outputs to what is known of each batch."""
    options = onnxruntime.SessionOptions()
    options.enable_cpu_mem_arena = False
    # As inputs they are not copied.
    weights = {name: _feed(weight) for name, weight in piece.weights.items()}
    session = onnxruntime.InferenceSession(
        _serialize(piece, model, known[0]), options, providers=["CPUExecutionProvider"]
    )
    wanted = {tensor.name for tensor in session.get_inputs()} - weights.keys()
    for tensors in known:
        feeds = {name: OrtValue.ortvalue_from_numpy(tensors[name]) for name in wanted}
        outputs = session.run_with_ort_values(piece.outputs, feeds | weights)
        tensors |= zip(piece.outputs, (output.numpy() for output in outputs), strict=True)


def _cut(graph: onnx_ir.Graph) -> list[_Piece]:
    pieces = [_Piece()]
    for node in _ordered(graph):
        weights = {
            str(value.name): value.const_value
            for value in node.inputs
            if value is not None
            and value.is_initializer()
            and value.const_value is not None
            and value.const_value.nbytes >= _WEIGHT_BYTES
        }
        new = weights.keys() - pieces[-1].weights.keys()
        added = sum(weights[name].nbytes for name in new)
        if added and pieces[-1].bytes + added > PIECE_BYTES and pieces[-1].nodes:
            pieces.append(_Piece())
        pieces[-1].nodes.append(node)
        pieces[-1].weights |= weights
    read_later = {value.name for value in graph.outputs}
    for piece in reversed(pieces):
        made = [str(output.name) for node in piece.nodes for output in node.outputs]
        piece.outputs = [name for name in made if name in read_later]
        read_later |= {value.name for node in piece.nodes for value in node.inputs if value}
    return pieces


def _ordered(graph: onnx_ir.Graph) -> Iterator[onnx_ir.Node]:
    """Yield the nodes in order, but what needs no input only before its first reader.

    So the casts of all FP16 weights, with which a graph begins, spread over the pieces.
    """
    waiting: dict[onnx_ir.Node, None] = {}

    def release(node: onnx_ir.Node) -> Iterator[onnx_ir.Node]:
        for producer in _producers(node):
            if producer in waiting:
                del waiting[producer]
                yield from release(producer)
        yield node

    for node in graph:
        constant = all(
            value is None or value.is_initializer() or value.producer() in waiting
            for value in node.inputs
        )
        if constant:
            waiting[node] = None
        else:
            yield from release(node)


def _producers(node: onnx_ir.Node) -> list[onnx_ir.Node]:
    found = (value.producer() for value in node.inputs if value is not None)
    return [producer for producer in found if producer is not None]


def _serialize(piece: _Piece, model: onnx_ir.Model, known: Inputs) -> bytes:
    made = {str(output.name) for node in piece.nodes for output in node.outputs}
    read = {
        str(value.name): value for node in piece.nodes for value in node.inputs if value is not None
    }
    constants = [
        # A copy, since some are stored in the file of the weights.
        onnx_ir.to_proto(onnx_ir.tensor(value.const_value.numpy(), name=name))
        for name, value in read.items()
        if value.is_initializer() and value.const_value is not None and name not in piece.weights
    ]
    types = {name: weight.dtype.value for name, weight in piece.weights.items()}
    types |= {
        name: onnx.helper.np_dtype_to_tensor_dtype(known[name].dtype)
        for name, value in read.items()
        if name not in made and not value.is_initializer()
    }
    graph = onnx.helper.make_graph(
        [onnx_ir.to_proto(node) for node in piece.nodes],
        "piece",
        [onnx.helper.make_tensor_value_info(name, type_, None) for name, type_ in types.items()],
        [onnx.helper.make_empty_tensor_value_info(name) for name in piece.outputs],
        constants,
    )
    opsets = [onnx.helper.make_opsetid(*opset) for opset in model.opset_imports.items()]
    proto = onnx.helper.make_model(graph, opset_imports=opsets, ir_version=model.ir_version)
    return bytes(proto.SerializeToString())


def _feed(weight: onnx_ir.TensorProtocol) -> OrtValue:
    array = weight.numpy()
    if weight.dtype is DataType.FLOAT8E4M3FN:  # numpy has no such type
        return OrtValue.ortvalue_from_numpy_with_onnx_type(array.view(np.uint8), weight.dtype.value)
    return OrtValue.ortvalue_from_numpy(array)
