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
from export.onnx.dequantize import (
    constant,
    dequantize_weight,
    insert_node,
    product_of,
    scale_of,
)

_FP8, _BF16 = DataType.FLOAT8E4M3FN, onnx_ir.TensorType(DataType.BFLOAT16)


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
    linears = {}
    for name in layers:
        weight = graph.initializers.get(f"model.{name}.weight")
        if weight is None:
            raise ExportError(f"the transformer's graph has no linear {name}, which FP8 is for")
        linears[product_of(weight)[0]] = name, weight
    zero = constant(graph, "fp8_zero_point", np.zeros((), ml_dtypes.float8_e4m3fn))
    pairs: dict[tuple[onnx_ir.Value, float], onnx_ir.Value] = {}
    for product in [node for node in graph if node in linears]:
        name, weight = linears[product]
        scales = layers[name]
        values = _input(product, 0)
        if (values, scales.input) not in pairs:
            scale = constant(graph, f"model.{name}.input_scale", _bf16(scales.input))
            quantize = insert_node(
                graph, product, "QuantizeLinear", [values, scale, zero], zero.type
            )
            pair = [quantize.outputs[0], scale]
            dequantize = insert_node(graph, product, "DequantizeLinear", pair, _BF16)
            pairs[values, scales.input] = dequantize.outputs[0]
        scale = constant(graph, f"model.{name}.weight_scale", _bf16(scales.weight))
        dequantize_weight(graph, weight, _FP8, scale)
        product.replace_input_with(0, pairs[values, scales.input])


def remove_input_quantization(model: onnx_ir.Model) -> None:
    """Remove the quantisation of the linears' inputs; weights stay quantised."""
    for node in list(model.graph):
        quantize = node.inputs[0].producer() if node.inputs and node.inputs[0] else None
        if node.op_type == "DequantizeLinear" and quantize is not None:
            node.outputs[0].replace_all_uses_with(_input(quantize, 0))
            model.graph.remove((node, quantize), safe=True)
    for name, value in list(model.graph.initializers.items()):
        if not value.uses():
            del model.graph.initializers[name]


def weight_scale(weight: onnx_ir.Value) -> float:
    """Read the scale of an FP8 weight from its DequantizeLinear."""
    scale = scale_of(weight).const_value
    if scale is None:
        raise ValueError(f"FP8 weight {weight.name} has no scale")
    return float(scale.numpy())


def _input(node: onnx_ir.Node, number: int) -> onnx_ir.Value:
    value = node.inputs[number]
    if value is None:
        raise ValueError(f"node {node.name} has no input {number}")
    return value


def _bf16(scale: float) -> np.ndarray:  # type: ignore[type-arg]
    return np.array(scale, ml_dtypes.bfloat16)
