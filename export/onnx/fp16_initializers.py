"""Weights that a checkpoint stores in FP16 stay so in an FP32 engine, which is half as large then.

Runtimes widen them once, when they load the graph.
"""

from collections.abc import Iterable

import onnx_ir
from onnx_ir import DataType


def store_in_half(graph: onnx_ir.Model, names: Iterable[str]) -> None:
    """Make the named FP32 initializers FP16, with a cast before whatever uses them."""
    for name in names:
        value = graph.graph.initializers[name]
        uses = tuple(value.uses())
        value.dtype = DataType.FLOAT16
        cast = onnx_ir.Node(
            "", "Cast", [value], [onnx_ir.AttrInt64("to", DataType.FLOAT)], name=f"{name}/widen"
        )
        widened = cast.outputs[0]
        widened.name = f"{name}/widened"
        widened.dtype = DataType.FLOAT
        widened.shape = value.shape
        for node, position in uses:
            node.replace_input_with(position, widened)
        graph.graph.insert_before(graph.graph[0], cast)
