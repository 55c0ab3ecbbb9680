"""DequantizeLinear between a linear's weight and its product, for every type of weight."""

import numpy as np
import onnx_ir
from numpy.typing import NDArray


def product_of(weight: onnx_ir.Value) -> tuple[onnx_ir.Node, onnx_ir.Value]:
    """The product that reads `weight`, and its operand: the weight, or the weight transposed."""
    (use,) = weight.uses()
    if use.node.op_type != "Transpose":
        return use.node, weight
    operand = use.node.outputs[0]
    (use,) = operand.uses()
    return use.node, operand


def dequantize_weight(
    graph: onnx_ir.Graph,
    weight: onnx_ir.Value,
    dtype: onnx_ir.DataType,
    scale: onnx_ir.Value,
) -> None:
    """Store `weight` as `dtype`, and dequantise it just before its product.

    The result has the type of the scale. A transposition of the weight stays before it, from where
    `write_weights` folds it away.

    Args:
        graph: of the weight.
        weight: of a linear, [out, in], without values so far.
        dtype: that it gets.
        scale: [] for the whole weight, or [out].
    """
    product, operand = product_of(weight)
    attributes = {}
    if scale.shape is not None and scale.shape.rank():
        attributes["axis"] = 0 if operand is weight else 1
    inputs = [operand, scale]
    node = insert_node(graph, product, "DequantizeLinear", inputs, scale.type, attributes)
    weight.dtype = operand.dtype = dtype
    product.replace_input_with(product.inputs.index(operand), node.outputs[0])


def scale_of(weight: onnx_ir.Value) -> onnx_ir.Value:
    """The scale of a weight in FP8 or INT8, by its DequantizeLinear."""
    (use,) = weight.uses()
    scale = use.node.inputs[1]
    if use.node.op_type != "DequantizeLinear" or scale is None:
        raise ValueError(f"weight {weight.name} has no scale")
    return scale


def insert_node(
    graph: onnx_ir.Graph,
    before: onnx_ir.Node,
    operator: str,
    inputs: list[onnx_ir.Value],
    output_type: onnx_ir.TypeProtocol | None,
    attributes: dict[str, int] | None = None,
) -> onnx_ir.Node:
    """Insert a node with one output of the shape of its first input."""
    node = onnx_ir.node(operator, inputs, attributes)
    (output,) = node.outputs
    output.shape, output.type = inputs[0].shape, output_type
    graph.insert_before(before, node)
    return node


def constant(graph: onnx_ir.Graph, name: str, value: NDArray[np.generic]) -> onnx_ir.Value:
    """Add an initializer."""
    tensor = onnx_ir.tensor(value, name=name)
    added = unwritten(graph, name, onnx_ir.Shape(value.shape), tensor.dtype)
    added.const_value = tensor
    return added


def unwritten(
    graph: onnx_ir.Graph, name: str, shape: onnx_ir.Shape, dtype: onnx_ir.DataType
) -> onnx_ir.Value:
    """Add an initializer whose values come later, with the weights."""
    value = onnx_ir.Value(name=name, shape=shape, type=onnx_ir.TensorType(dtype))
    graph.initializers[name] = value
    return value
