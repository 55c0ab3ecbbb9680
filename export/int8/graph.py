"""DequantizeLinear before the products, as OpenVINO and ONNX Runtime read INT8 weights."""

from collections.abc import Collection

import onnx_ir
from onnx_ir import DataType

from export.onnx.dequantize import dequantize_weight, unwritten


def insert_dequantize(model: onnx_ir.Model, names: Collection[str]) -> None:
    """Make the named weights of a traced FP32 graph INT8, in place.

    Weights and scales get their values from `write_weights`.
    """
    graph = model.graph
    for name in sorted(names):
        weight = graph.initializers[name]
        if weight.shape is None:
            raise ValueError(f"weight {name} has no shape")
        scale = unwritten(graph, f"{name}_scale", onnx_ir.Shape(weight.shape[:1]), DataType.FLOAT)
        dequantize_weight(graph, weight, DataType.INT8, scale)
