"""QuantizeLinear and DequantizeLinear where TensorRT turns them into FP8 products.

What decides their form, as read from TensorRT's ONNX parser and NVIDIA's own FP8 exports:

- Both inputs of the product come straight from a DequantizeLinear, with nothing in between, and
  what is left of a linear, adding the bias, comes after the product in BF16. So the weight's
  transposition lies before its DequantizeLinear, from where `write_weights` folds it away.
- A strongly typed network gives a DequantizeLinear's result the type of its scale, and a
  QuantizeLinear's scale has the type of its input. Hence BF16 scales in a BF16 graph.
- One scale for a whole weight, not one for each output channel: only with scalar scales on both
  sides does TensorRT take FP8 products; otherwise it dequantises and computes in BF16.
- Weights are stored as FP8 and have no QuantizeLinear.
- Linears that read the same values share one pair, so these are quantised once.
"""

from collections.abc import Mapping

import ml_dtypes
import numpy as np
import onnx_ir
from onnx_ir import DataType

from export.errors import ExportError
from export.fp8.record import Scales

_TYPE = DataType.FLOAT8E4M3FN


def insert_qdq(model: onnx_ir.Model, layers: Mapping[str, Scales]) -> None:
    """Quantise the named linears of a traced transformer in place.

    Their weights, still without values, become FP8.

    Args:
        model: the BF16 graph of `trace`; weights are named `model.LAYER.weight`.
        layers: linear -> its scales.

    Raises:
        ExportError: the graph lacks one of the linears.
    """
    graph = model.graph
    zero = _constant(graph, "fp8_zero_point", np.zeros((), ml_dtypes.float8_e4m3fn))
    pairs: dict[tuple[onnx_ir.Value, float], onnx_ir.Value] = {}
    for name, scales in layers.items():
        weight = graph.initializers.get(f"model.{name}.weight")
        if weight is None:
            raise ExportError(f"the transformer's graph has no linear {name}, which FP8 is for")
        product, operand = _product(weight)
        values = product.inputs[0]
        assert values is not None  # noqa: S101 - for mypy: a product has inputs
        if (values, scales.input) not in pairs:
            scale = _constant(graph, f"model.{name}.input_scale", _bf16(scales.input))
            quantize = _node("QuantizeLinear", [values, scale, zero], values, _TYPE)
            dequantize = _node("DequantizeLinear", [quantize.outputs[0], scale], values)
            graph.insert_before(product, (quantize, dequantize))
            pairs[values, scales.input] = dequantize.outputs[0]
        scale = _constant(graph, f"model.{name}.weight_scale", _bf16(scales.weight))
        dequantize = _node("DequantizeLinear", [operand, scale], operand)
        graph.insert_before(product, dequantize)
        for value in {weight, operand}:
            value.dtype = _TYPE
        product.replace_input_with(0, pairs[values, scales.input])
        product.replace_input_with(1, dequantize.outputs[0])


def weight_scale(weight: onnx_ir.Value) -> float:
    """Scale of an FP8 weight, which its DequantizeLinear holds."""
    node = weight.uses()[0].node
    if node.op_type == "Transpose":
        node = node.outputs[0].uses()[0].node
    scale = node.inputs[1]
    if scale is None or scale.const_value is None:
        raise ValueError(f"FP8 weight {weight.name} has no scale")
    return float(scale.const_value.numpy())


def _product(weight: onnx_ir.Value) -> tuple[onnx_ir.Node, onnx_ir.Value]:
    """The product that reads `weight`, and its operand: the weight, or the weight transposed."""
    (use,) = weight.uses()
    if use.node.op_type != "Transpose":
        return use.node, weight
    operand = use.node.outputs[0]
    (use,) = operand.uses()
    return use.node, operand


def _node(
    operator: str,
    inputs: list[onnx_ir.Value],
    like: onnx_ir.Value,
    dtype: DataType | None = None,
) -> onnx_ir.Node:
    """A node whose result has the shape of `like`, and its type if no other is given."""
    node = onnx_ir.node(operator, inputs)
    node.outputs[0].shape = like.shape
    node.outputs[0].dtype = dtype or like.dtype
    return node


def _constant(graph: onnx_ir.Graph, name: str, value: np.ndarray) -> onnx_ir.Value:  # type: ignore[type-arg]
    tensor = onnx_ir.tensor(value, name=name)
    constant = onnx_ir.Value(
        name=name,
        shape=onnx_ir.Shape(()),
        type=onnx_ir.TensorType(tensor.dtype),
        const_value=tensor,
    )
    graph.register_initializer(constant)
    return constant


def _bf16(scale: float) -> np.ndarray:  # type: ignore[type-arg]
    return np.array(scale, ml_dtypes.bfloat16)
